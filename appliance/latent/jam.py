"""Real-time: the jam module, eight slots that each play eight latents from a clip.

A slot's cursor moves by ``rate * speed / stretch`` points a second between start and end; with a
sync, what lies between them lasts so many beats at speed 1. Between two points the latents follow
a cubic through the four nearest (Catmull and Rom's), or stay at the one before. In a loop the
points before the start are those before the end, so the seam is as smooth as the rest.
"""

import threading

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.clip import Clip
from appliance.latent.clock import FACTORS, Clock
from appliance.latent.grid import CONTROL_PERIOD
from appliance.latent.matrix import Matrix
from appliance.latent.recording import Recording
from appliance.parameters import Values
from appliance.parameters.table import JAMS
from appliance.parameters.watch import Watch

_SHIFT = 32
_ONE = 1 << _SHIFT  # a cursor counts in this part of a point, so that sums are exact
_MASK = np.int64(_ONE - 1)
_ROWS = (
    *("play", "mute", "loop", "start", "end", "rate"),
    *("speed", "stretch", "width", "interpolation", "sync"),
)
_TAPS = np.arange(-1, 3)
_CYCLE = 2.0**64  # of the clock's phase, in whole numbers
_ROUTE = "/jam/{jam}/route/{source}/{channel}"


class Jam:
    """Eight slots, summed through their 8 x 8 gains. Clips are swapped by reference.

    A slot begins at its start, or at its end if it runs backwards, when it is switched on; with a
    sync it begins where the clock is. One that does not loop gives 0 past its end.
    """

    name = "jam"

    def __init__(
        self, values: Values, rate: float, *, clock: Clock | None = None, max_instants: int = 64
    ) -> None:
        """Read the rows below /jam of `values`; `rate` is in samples a second."""
        self._row = {name: values.view(f"/jam/{{jam}}/{name}") for name in _ROWS}
        self._expression = values.view("/jam/expression")
        self._route = values.view(_ROUTE)
        names = [f"/jam/{{jam}}/{name}" for name in _ROWS]
        self._watch = Watch(values, "/jam/expression", *names, _ROUTE)
        self._clock = clock
        self._per_instant = CONTROL_PERIOD / rate
        self._clips: tuple[Clip | None, ...] = (None,) * JAMS
        self._wishes: tuple[list[float] | None, ...] = (None,) * JAMS  # cursors asked for
        self._swapping = threading.Lock()  # between writers only
        self.recording: Recording | None = None
        """What is recorded into now; see `record`."""
        self._prepare(max_instants)
        self.reset()

    def put(self, slot: int, clip: Clip | None) -> None:
        """Let `slot`, from 0, play `clip` from now on; from any thread.

        A cursor goes on where it is if the clip is as long as the one before, else at the start.
        """
        with self._swapping:
            clips = list(self._clips)
            clips[slot] = clip
            self._clips = tuple(clips)

    def jump(self, slot: int, share: float) -> None:
        """Let the cursor of `slot` go to `share`, 0 to 1, of what it plays; from any thread."""
        with self._swapping:
            wishes = list(self._wishes)
            wishes[slot] = [share]  # a new object each time, to be told from the last
            self._wishes = tuple(wishes)

    @property
    def clips(self) -> tuple[Clip | None, ...]:
        """What the slots play."""
        return self._clips

    def cursor(self, slot: int) -> float | None:
        """Return where in its clip `slot` is, 0 to 1, None if it does not play."""
        clip = self._clips[slot]
        if clip is None or not self._running[slot] or self._ended[slot]:
            return None
        return min(1.0, max(0.0, int(self._last[slot]) / (_ONE * len(clip))))

    def reset(self, start: int = 0) -> None:
        """Begin anew: slots that play are at their start at instant `start`."""
        del start
        self._running.fill(False)
        self._ended.fill(False)
        self._phase: int | None = None  # of the clock, at the instant before
        self._known_clips = ()
        self._stale = True

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n)."""
        n = out.shape[1]
        del start
        self._stale |= self._watch.changed() or self._clips is not self._known_clips
        # What nobody plays may change as it likes: a morph changes all of it, again and again.
        if self._stale and (self._any or self._plays()):
            self._rearrange()
        passed = self._passed(n)
        if not self._any:
            self._known_wishes = self._wishes
            out.fill(0.0)
            return
        position = self._advance(n, passed)
        self._matrix.apply(self._read(position, n), out)

    def record(self, outputs: NDArray[np.float64]) -> None:
        """Take down what the modules gave at the instants of the last call, (modules, 8, n)."""
        recording = self.recording
        if recording is not None:
            recording.take(outputs, self._index[recording.slot, : outputs.shape[2]])

    def _prepare(self, n: int) -> None:
        self._known_clips: tuple[Clip | None, ...] = ()
        self._known_wishes = self._wishes
        self._any = self._any_once = self._any_sync = self._any_fresh = False
        self._sounding: list[tuple[int, NDArray[np.float32]]] = []
        self._running, self._ended, self._once = np.zeros((3, JAMS), np.bool_)
        self._synced, self._fresh = np.zeros((2, JAMS), np.bool_)
        self._last, self._step, self._from, self._length = np.zeros((4, JAMS), np.int64)
        self._first_phase = 0
        self._factor = np.zeros(JAMS, np.uint64)  # cycles in one of the clock
        self._speed = np.zeros(JAMS)
        self._between = np.zeros((JAMS, 1))  # 0 for stepped slots
        self._matrix = Matrix(LATENT_CHANNELS, JAMS * LATENT_CHANNELS)
        self._index = np.zeros((JAMS, n), np.int64)
        self._count = np.arange(1, n + 1)
        self._points = np.zeros((JAMS, 4 * n, LATENT_CHANNELS), np.float32)

    def _plays(self) -> bool:
        return any(
            clip is not None and play > 0
            for clip, play in zip(self._clips, self._row["play"], strict=True)
        )

    def _passed(self, n: int) -> NDArray[np.uint64] | None:
        """Return what the clock's phase grew by before each of n instants, uint64 (n,)."""
        if self._clock is None or not self._any_sync:
            self._phase = None
            return None
        phases = self._clock.phases(n)[:n]
        before = phases[0] if self._phase is None else np.uint64(self._phase)
        self._phase = int(phases[-1])
        self._first_phase = int(phases[0])
        return np.diff(phases, prepend=before)

    def _advance(self, n: int, passed: NDArray[np.uint64] | None) -> NDArray[np.int64]:
        """Move the cursors; return them at n instants, (8, n), counted from the region's start."""
        steps = self._step[:, None] * self._count[:n]
        if passed is not None:
            cycles = passed * self._factor[:, None] / _CYCLE
            moved = np.rint(cycles * (self._speed * self._length)[:, None]).astype(np.int64)
            np.copyto(steps, np.cumsum(moved, axis=1), where=self._synced[:, None])
        if self._any_fresh or self._wishes is not self._known_wishes:
            self._place(steps[:, 0])
        position = steps
        position += (self._last - self._from)[:, None]
        length = self._length[:, None]
        wrapped = np.mod(position, length)
        if self._any_once:
            np.clip(position, -1, length, out=position)
            self._over = self._once[:, None] & ((position < 0) | (position == length))
            np.copyto(wrapped, position, where=self._once[:, None])
            self._ended[:] = self._over[:, -1]
        self._last[:] = wrapped[:, -1] + self._from
        return wrapped

    def _place(self, first_steps: NDArray[np.int64]) -> None:
        """Set the cursors that begin or were asked to go somewhere, before their first step."""
        wishes = self._wishes
        for slot, playing in enumerate(self._fresh):
            if playing:
                begin = 0 if self._step[slot] >= 0 else int(self._length[slot]) - 1
                if self._synced[slot]:
                    cycle = self._first_phase * int(self._factor[slot]) / _CYCLE % 1.0
                    begin = int(cycle * self._speed[slot] % 1.0 * int(self._length[slot]))
                self._last[slot] = self._from[slot] + begin - first_steps[slot]
        for slot, wish in enumerate(wishes):
            if wish is not None and wish is not self._known_wishes[slot]:
                begin = round(wish[0] * (int(self._length[slot]) - 1))
                self._last[slot] = self._from[slot] + begin - first_steps[slot]
        self._known_wishes = wishes
        self._fresh.fill(False)
        self._any_fresh = False

    def _read(self, position: NDArray[np.int64], n: int) -> NDArray[np.float64]:
        """Return the latents at `position`, float64 (8 slots, 8, n)."""
        t = (position & _MASK) * (self._between / _ONE)
        index = position >> _SHIFT
        count = (self._length >> _SHIFT)[:, None, None]
        start = (self._from >> _SHIFT)[:, None, None]
        taps = index[:, :, None] + _TAPS
        wrapped = np.mod(taps, count)
        if self._any_once:
            np.clip(taps, 0, count - 1, out=taps)
            np.copyto(wrapped, taps, where=self._once[:, None, None])
        wrapped += start
        np.add(index, start[:, :, 0], out=self._index[:, :n])
        for slot, points in self._sounding:
            points.take(wrapped[slot].ravel(), 0, self._points[slot, : 4 * n], "clip")
        t2 = t * t
        t3 = t2 * t
        weights = (t2 - 0.5 * (t + t3), 1 - 2.5 * t2 + 1.5 * t3)
        weights += (0.5 * t + 2 * t2 - 1.5 * t3, 0.5 * (t3 - t2))
        points = self._points[:, : 4 * n].reshape(JAMS, n, 4, LATENT_CHANNELS)
        latents = weights[0][:, :, None] * points[:, :, 0]
        for tap in range(1, 4):
            latents += weights[tap][:, :, None] * points[:, :, tap]
        if self._any_once:
            np.copyto(latents, 0.0, where=self._over[:, :, None])
        return latents.transpose(0, 2, 1)

    def _rearrange(self) -> None:
        """Take over new parameters and clips."""
        row, clips, before = self._row, self._clips, self._known_clips
        self._known_clips = clips
        self._stale = False
        sizes = np.array([len(clip) if clip else 0 for clip in clips])
        playing = (row["play"] > 0) & (sizes > 0)
        begins = playing & ~self._running
        for slot, clip in enumerate(clips):
            if before and clip is not before[slot] and playing[slot]:
                old = before[slot]
                begins[slot] |= old is None or len(old) != sizes[slot]
        self._fresh[:] = begins
        self._any_fresh = bool(begins.any())
        self._running[:] = playing
        self._ended &= playing & ~begins
        ends = np.sort(np.rint(np.stack((row["start"], row["end"])) * sizes), axis=0)
        start = np.minimum(ends[0], np.maximum(sizes - 1, 0)).astype(np.int64)
        length = np.maximum(ends[1].astype(np.int64) - start, 1)
        self._from[:] = start << _SHIFT
        self._length[:] = length << _SHIFT
        pace = row["speed"] / row["stretch"]
        self._step[:] = np.rint(row["rate"] * pace * (self._per_instant * _ONE))
        self._factor[:] = FACTORS[row["sync"].astype(np.int64)]
        self._synced[:] = (self._factor > 0) & (self._clock is not None)
        self._speed[:] = row["speed"]
        self._once[:] = row["loop"] == 0
        self._between[:, 0] = row["interpolation"] == 0
        self._any = bool(playing.any())
        self._any_once = bool((self._once & playing).any())
        self._any_sync = bool((self._synced & playing).any())
        heard = playing & (row["mute"] == 0)
        self._sounding = [
            (slot, clip.points)
            for slot, clip in enumerate(clips)
            if clip is not None and heard[slot]
        ]
        gain = np.where(heard, row["width"] * self._expression, 0.0)
        weighted = self._route * gain[:, None, None]
        self._matrix.weights[:] = weighted.reshape(-1, LATENT_CHANNELS).T
