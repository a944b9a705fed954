"""Real-time: the jam module, eight slots that each play eight latents from a clip.

A slot's cursor moves by ``rate * speed / stretch`` points a second between start and end; with a
sync, what lies between them lasts so many beats at speed 1. Between two points the latents follow
a cubic through the four nearest (Catmull and Rom's), or stay at the one before. In a loop the
points before the start are those before the end, so the seam is as smooth as the rest.
"""

import threading
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.clip import Clip
from appliance.latent.grid import CONTROL_PERIOD
from appliance.latent.recording import Recording
from appliance.parameters import Values
from appliance.parameters.table import BEATS, JAMS

_SHIFT = 32
_ONE = 1 << _SHIFT  # a cursor counts in this part of a point, so that sums are exact
_MASK = np.int64(_ONE - 1)
_ROWS = (
    *("play", "mute", "loop", "start", "end", "rate"),
    *("speed", "stretch", "width", "interpolation", "sync"),
)
_TAPS = np.arange(-1, 3)
_BEATS = np.array(list(BEATS.values()))


class Beats(Protocol):
    """A clock that tells where in the music an instant lies."""

    def beats(self, start: int, n: int) -> NDArray[np.float64]:
        """Return the beats passed at instants start .. start + n - 1, float64 (n,)."""
        ...


class Jam:
    """Eight slots, summed through their 8 x 8 gains. Clips are swapped by reference.

    A slot begins at its start, or at its end if it runs backwards, when it is switched on; with a
    sync it begins where the clock is. One that does not loop gives 0 past its end.
    """

    name = "jam"

    def __init__(
        self, values: Values, rate: float, *, clock: Beats | None = None, max_instants: int = 64
    ) -> None:
        """Read the rows below /jam of `values`; `rate` is in samples a second."""
        rows = values.table.rows
        route = rows["/jam/{jam}/route/{source}/{channel}"]
        first, last = rows["/jam/expression"].start, route.start + int(np.prod(route.shape))
        self._rows = values.array[first:last]
        self._row = {name: values.view(f"/jam/{{jam}}/{name}") for name in _ROWS}
        self._expression = values.view("/jam/expression")
        self._route = values.view("/jam/{jam}/route/{source}/{channel}")
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
        self._beat: float | None = None  # at the instant before
        self._seen = b""

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n)."""
        n = out.shape[1]
        if self._clips is not self._known_clips or self._rows.tobytes() != self._seen:
            self._rearrange()
        beats = self._beats(start, n)
        if not self._any:
            self._known_wishes = self._wishes
            out.fill(0.0)
            return
        position = self._advance(n, beats)
        latents = self._read(position, n)
        for instant in range(n):
            np.dot(self._gain, latents[instant], out=self._column)
            out[:, instant] = self._column

    def record(self, live: NDArray[np.float64]) -> None:
        """Take down `live`, float64 (8, n): what the instants of the last `evaluate` gave."""
        recording = self.recording
        if recording is not None:
            recording.take(live, self._index[recording.slot, : live.shape[1]])

    def _prepare(self, n: int) -> None:
        self._known_clips: tuple[Clip | None, ...] = ()
        self._known_wishes = self._wishes
        self._seen = b""
        self._any = self._any_once = self._any_sync = self._any_fresh = False
        self._sounding: list[tuple[int, NDArray[np.float32]]] = []
        self._running, self._ended, self._once = np.zeros((3, JAMS), np.bool_)
        self._synced, self._fresh = np.zeros((2, JAMS), np.bool_)
        self._last, self._step, self._from, self._length = np.zeros((4, JAMS), np.int64)
        self._cycles = np.zeros(JAMS)  # a beat; negative backwards
        self._first_place = np.zeros(JAMS, np.int64)
        self._between = np.zeros((JAMS, 1))  # 0 for stepped slots
        self._gain = np.zeros((LATENT_CHANNELS, JAMS * LATENT_CHANNELS))
        self._column = np.zeros(LATENT_CHANNELS)
        self._index = np.zeros((JAMS, n), np.int64)
        self._count = np.arange(1, n + 1)
        self._points = np.zeros((JAMS, 4 * n, LATENT_CHANNELS), np.float32)
        self._latents = np.zeros((n, JAMS, LATENT_CHANNELS))

    def _beats(self, start: int, n: int) -> NDArray[np.float64] | None:
        """Return the beats passed at the instant before and at n instants, (n + 1,)."""
        if self._clock is None or not self._any_sync:
            self._beat = None
            return None
        now = self._clock.beats(start, n)
        before = now[0] if self._beat is None else self._beat
        self._beat = float(now[-1])
        return np.concatenate(((before,), now))

    def _follow(self, beats: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the steps of synchronised cursors, (8, n): their places are the clock's."""
        cycles = np.fmod(beats * self._cycles[:, None], 1.0)
        places = np.rint(cycles * self._length[:, None]).astype(np.int64)
        steps = np.diff(places, axis=1)
        length = self._length[:, None]
        steps += length * ((steps < 0) & (self._cycles[:, None] > 0))
        steps -= length * ((steps > 0) & (self._cycles[:, None] < 0))
        self._first_place[:] = np.mod(places[:, 1], self._length)
        return np.cumsum(steps, axis=1)

    def _advance(self, n: int, beats: NDArray[np.float64] | None) -> NDArray[np.int64]:
        """Move the cursors; return them at n instants, (8, n), counted from the region's start."""
        steps = self._step[:, None] * self._count[:n]
        if beats is not None:
            np.copyto(steps, self._follow(beats), where=self._synced[:, None])
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
                    begin = int(self._first_place[slot])
                self._last[slot] = self._from[slot] + begin - first_steps[slot]
        for slot, wish in enumerate(wishes):
            if wish is not None and wish is not self._known_wishes[slot]:
                begin = round(wish[0] * (int(self._length[slot]) - 1))
                self._last[slot] = self._from[slot] + begin - first_steps[slot]
        self._known_wishes = wishes
        self._fresh.fill(False)
        self._any_fresh = False

    def _read(self, position: NDArray[np.int64], n: int) -> NDArray[np.float64]:
        """Return the latents at `position`, (n, 64), slot by slot."""
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
        self._latents[:n] = latents.transpose(1, 0, 2)
        return self._latents[:n].reshape(n, -1)

    def _rearrange(self) -> None:
        """Take over new parameters and clips."""
        row, clips, before = self._row, self._clips, self._known_clips
        self._seen = self._rows.tobytes()
        self._known_clips = clips
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
        beats = _BEATS[row["sync"].astype(np.int64)]
        self._synced[:] = (beats > 0) & (self._clock is not None)
        self._cycles[:] = row["speed"] / np.maximum(beats, 1e-9)
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
        self._gain[:] = weighted.reshape(-1, LATENT_CHANNELS).T
