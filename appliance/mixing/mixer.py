"""Real-time: mixes the decoders' voices to stereo with level, pan, auto-pan and spread."""

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.drift import Drift
from appliance.mixing.level import fade_samples, linear_gain
from appliance.mixing.ramp import Ramp
from appliance.mixing.repair import Repair
from appliance.mixing.spread import Spread
from appliance.parameters import Values
from appliance.parameters.watch import Watch

_GRID = 32  # samples from one working out of moving gains to the next
_STRETCH = 512  # samples for which they are worked out at once


class Mixer:
    """Mixes `slots` mono voices to stereo.

    Level (with on/off) and pan move to a new setting over 20 ms. While they do, the gains are
    worked out every 32 samples and joined by cubics without corners. Pan is constant power: the
    squares of the left and right gains sum to the squared level, at the centre each is 3 dB down.
    Auto-pan adds random straight moves, `/mix/autopan_rate` new positions a second, to the pan,
    and stops at the edges. A voice's broken samples (NaN, infinity) are silenced here, so that one
    faulty decoder does not mute the rest.
    """

    def __init__(self, values: Values, slots: int, rate: float, max_block: int) -> None:
        """Prepare for `slots` voices at `rate` Hz in blocks of up to `max_block` samples."""
        self._slots = slots
        self._on = values.view("/decoder/{slot}/on")
        self._level_db = values.view("/decoder/{slot}/level_db")
        self._pan = values.view("/decoder/{slot}/pan")
        self._depth = values.view("/decoder/{slot}/autopan")
        self._frequency = values.view("/mix/autopan_rate")
        self._watch = Watch(
            values,
            "/decoder/{slot}/on",
            "/decoder/{slot}/level_db",
            "/decoder/{slot}/pan",
            "/decoder/{slot}/autopan",
            "/mix/autopan_rate",
        )
        self._repair = Repair(slots, max_block)
        self._spread = Spread(values, slots, rate, max_block)
        longest = -(-max(_STRETCH, max_block) // _GRID) * _GRID + 3 * _GRID
        self._autopan = Drift(
            slots,
            frequency=float(self._frequency[0]),
            rate=rate,
            max_block=longest // _GRID + 1,
            seed=1,
        )
        self.fade = fade_samples(rate) + 2 * _GRID
        """Samples after which a voice that was switched off is silent, at the most."""
        self._ramp = Ramp(self._settings(), length=fade_samples(rate), max_block=longest)
        self._clock = self._ramp_clock = 0
        self._products = np.zeros((2, slots, max_block), np.float32)
        self._still = np.zeros((2, slots, 1), np.float32)
        segments = longest // _GRID
        self._share = np.arange(1, _GRID + 1, dtype=np.float32) / np.float32(_GRID)
        self._ways = np.zeros((3 * slots, segments + 1))
        self._position = np.zeros((slots, segments + 1))
        self._angle = np.zeros((2, slots, segments + 1))
        # Moving gains ahead of the clock, at the instants and at the samples that follow them.
        self._points = np.zeros((2, slots, segments + 1), np.float32)
        self._slopes = np.zeros_like(self._points)  # at the instants, from each to the next
        self._lines = np.zeros((2, slots, segments, _GRID), np.float32)
        self._gain = self._lines.reshape(2, slots, -1)
        self._rest()

    def _settings(self) -> NDArray[np.float64]:
        level = np.where(self._on > 0, linear_gain(self._level_db), 0.0)
        return np.concatenate((level, self._pan, self._depth))

    def reset(self) -> None:
        """Forget the past, start at sample 0 and take the present settings at once."""
        self._watch.changed()
        self._ramp.jump(self._settings())
        self._autopan.reset(float(self._frequency[0]))
        self._spread.reset()
        self._clock = self._ramp_clock = 0
        self._rest()

    @property
    def repaired(self) -> NDArray[np.int64]:
        """Broken samples silenced so far, int64 (slots,)."""
        return self._repair.count

    def process(self, voices: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Mix `voices`, float32 (slots, n), into `out`, float32 (2, n), overwriting it."""
        samples = voices.shape[1]
        if samples == 0:
            return
        room = self._spread.room(samples)
        room[:] = voices
        self._repair.process(room)
        spread = self._spread.process(samples, at=self._clock)
        gain = self._gains(samples)
        products = np.multiply(spread, gain, out=self._products[:, :, :samples])
        # One sum after the other: a reduction may group them differently for other block sizes.
        if self._slots == 1:
            out[:] = products[:, 0]
        else:
            np.add(products[:, 0], products[:, 1], out=out)
        for slot in range(2, self._slots):
            np.add(out, products[:, slot], out=out)
        self._clock += samples

    def _gains(self, samples: int) -> NDArray[np.float32]:
        """Return left and right gains, float32 (2, slots, samples), or (2, slots, 1) if still."""
        if self._watch.changed():
            self._catch_up()
            self._ramp.move(self._settings())
            self._autopan.change(float(self._frequency[0]), at=self._clock)
            self._look_ahead(samples)
        elif self._moving and self._clock + samples > self._end:
            self._catch_up()
            if self._ramp.active or self._panning or not self._flat:
                self._look_ahead(samples)
            else:
                self._rest()
        if not self._moving:
            return self._still
        start = self._clock - self._first
        return self._gain[:, :, start : start + samples]

    @property
    def _panning(self) -> bool:
        return bool(self._ramp.target[2 * self._slots :].any())

    @property
    def _flat(self) -> bool:
        """Whether the gains rest where the clock is, and at the end of the stretch it is in."""
        place = (self._clock - self._first) // _GRID
        ends = slice(place, place + (2 if self._clock % _GRID else 1))
        points = self._points[:, :, ends]
        return not self._slopes[:, :, ends].any() and bool((points == points[:, :, :1]).all())

    def _catch_up(self) -> None:
        """Bring the ramp to the clock."""
        self._ramp.advance(self._clock - self._ramp_clock)
        self._ramp_clock = self._clock

    def _rest(self) -> None:
        """Stay with the gains of the ramp's targets, or move on from them."""
        self._law(0, self._still)
        self._first = self._end = self._clock - self._clock % _GRID
        self._points[:, :, :2] = self._still
        self._slopes[:, :, :2] = 0
        self._moving = self._panning

    def _look_ahead(self, samples: int) -> None:
        """Work gains out for the next `samples` and some more."""
        start = self._clock % _GRID
        segments = -(-(start + max(samples, _STRETCH)) // _GRID)
        # A stretch that has begun keeps its end, whatever was changed meanwhile.
        known = 2 if start else 1
        place = (self._clock - self._first) // _GRID if self._moving else 0
        for row in (self._points, self._slopes):
            row[:, :, :known] = row[:, :, place : place + known].copy()
        points, slopes = (row[:, :, : segments + 1] for row in (self._points, self._slopes))
        self._law(known * _GRID - start, self._points[:, :, known : segments + 2])
        slopes[:, :, known:] = self._points[:, :, known + 1 : segments + 2]
        slopes[:, :, known:] -= points[:, :, known - 1 : -1]
        slopes[:, :, known:] *= np.float32(0.5)
        way = points[:, :, 1:] - points[:, :, :-1]
        turn = 3 * way - 2 * slopes[:, :, :-1] - slopes[:, :, 1:]
        lines = self._lines[:, :, :segments]
        np.multiply((way - slopes[:, :, :-1] - turn)[..., np.newaxis], self._share, out=lines)
        for part in (turn, slopes[:, :, :-1]):
            np.add(lines, part[..., np.newaxis], out=lines)
            np.multiply(lines, self._share, out=lines)
        np.add(lines, points[:, :, :-1, np.newaxis], out=lines)
        self._first = self._clock - start
        self._end = self._first + segments * _GRID
        self._moving = True

    def _law(self, ahead: int, gain: NDArray[np.float32]) -> None:
        """Write the gains from `ahead` samples after the clock on, float32 (2, slots, n)."""
        count = gain.shape[2]
        settings = self._ways[:, :count]
        self._ramp.points(ahead, _GRID, settings)
        level, pan, depth = settings.reshape(3, self._slots, -1)
        position = self._position[:, :count]
        if self._panning or depth.any():
            self._autopan.fill(position, at=self._clock + ahead, step=_GRID)
            np.multiply(position, depth, out=position)
            np.add(position, pan, out=position)
            np.clip(position, -1, 1, out=position)
        else:
            np.copyto(position, pan)
        # Packed, because a function may round differently on strided memory.
        angle = self._angle.reshape(-1)[: 2 * position.size].reshape(2, *position.shape)
        np.subtract(1, position, out=angle[0])
        np.add(1, position, out=angle[1])
        angle *= np.pi / 4
        # Two sines rather than sine and cosine: exactly 0 at both edges.
        np.sin(angle, out=angle)
        np.multiply(angle, level, out=gain, casting="same_kind")
