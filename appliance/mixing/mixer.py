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


class Mixer:
    """Mixes `slots` mono voices to stereo.

    Level (with on/off) and pan move to a new setting in a straight line over 20 ms. Pan is
    constant power: the squares of the left and right gains sum to the squared level, at the
    centre each is 3 dB down. Auto-pan adds random straight moves, `/mix/autopan_rate` new
    positions a second, to the pan, and stops at the edges. A voice's broken samples (NaN,
    infinity) are silenced here, so that one faulty decoder does not mute the rest.
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
        self._autopan = Drift(
            slots,
            frequency=float(self._frequency[0]),
            rate=rate,
            max_block=max_block,
            seed=1,
        )
        self._ramp = Ramp(self._settings(), length=fade_samples(rate), max_block=max_block)
        self._clock = 0
        self._position = np.zeros((slots, max_block))
        self._angle = np.zeros((2, slots, max_block))
        self._gain = np.zeros((2, slots, max_block), np.float32)
        self._products = np.zeros((2, slots, max_block), np.float32)
        self._still = np.zeros((2, slots, 1), np.float32)
        self._still_known = False

    def _settings(self) -> NDArray[np.float64]:
        level = np.where(self._on > 0, linear_gain(self._level_db), 0.0)
        return np.concatenate((level, self._pan, self._depth))

    def reset(self) -> None:
        """Forget the past, start at sample 0 and take the present settings at once."""
        self._watch.changed()
        self._ramp.jump(self._settings())
        self._autopan.reset(float(self._frequency[0]))
        self._spread.reset()
        self._clock = 0
        self._still_known = False

    @property
    def audible(self) -> NDArray[np.bool_]:
        """Slots that are on, or off and still fading, bool (slots,); others may be frozen."""
        return (self._on > 0) | (self._ramp.current[: self._slots, 0] != 0)

    def silent(self, slot: int) -> bool:
        """Return True if `slot` (from 0) is off and its fade-out has ended."""
        return not self.audible[slot]

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
            self._ramp.move(self._settings())
            self._autopan.change(float(self._frequency[0]), at=self._clock)
            self._still_known = False
        moving = self._ramp.active
        panning = moving or bool(self._ramp.target[2 * self._slots :].any())
        if not panning:
            if not self._still_known:
                self._law(self._ramp.block(1), self._position[:, :1], self._still)
                self._still_known = True
            return self._still
        position = self._position[:, :samples]
        self._autopan.fill(position, at=self._clock)
        gain = self._gain[:, :, :samples]
        self._law(self._ramp.block(samples), position, gain)
        return gain

    def _law(
        self,
        settings: NDArray[np.float64],
        position: NDArray[np.float64],
        gain: NDArray[np.float32],
    ) -> None:
        """Write the pan law's gains; `position` holds the auto-pan and is overwritten."""
        level, pan, depth = settings.reshape(3, self._slots, -1)
        np.multiply(position, depth, out=position)
        np.add(position, pan, out=position)
        np.clip(position, -1, 1, out=position)
        # Packed, because a function may round differently on strided memory.
        shape = (2, *position.shape)
        angle = self._angle.reshape(-1)[: 2 * position.size].reshape(shape)
        np.subtract(1, position, out=angle[0])
        np.add(1, position, out=angle[1])
        angle *= np.pi / 4
        # Two sines rather than sine and cosine: exactly 0 at both edges.
        np.sin(angle, out=angle)
        np.multiply(angle, level, out=gain, casting="same_kind")
