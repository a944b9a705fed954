"""Real-time: stereo-linked feed-forward compressor with soft knee, makeup and saturation."""

import math

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.envelope import UNIT, PeakEnvelope, fall_per_sample
from appliance.mixing.level import DB_PER_OCTAVE, fade_samples
from appliance.mixing.ramp import Ramp
from appliance.mixing.recursive import linear
from appliance.mixing.saturation import LARGEST_DRIVE, Saturation
from appliance.parameters import Values
from appliance.parameters.watch import Watch

Setting = NDArray[np.float64] | float
"""A setting of each sample, float64 (n,), or of all."""

_FLOOR = np.float32(2.0**-20)  # -120 dBFS: anything quieter is taken for this
_FLOOR_LEVEL = -20 * int(UNIT)


class Compressor:
    """Turns the louder passages down.

    1. The larger of |left| and |right| feeds a peak envelope that rises at once and falls as an
       exponential: by a factor of e (8.69 dB) in `release_ms`.
    2. The static curve gives the gain, in dB: 0 below the knee, slope 1/ratio above it, a
       parabola in between.
    3. A one-pole with time constant `attack_ms` (63 % of the way in dB) smooths that gain. It
       works both ways, so that recovery follows the slower of release and attack.
    4. Makeup gain, then saturation.

    Every setting moves in a straight line over 20 ms; switching off takes gain and drive to 0 dB
    and 0 likewise, after which the signal passes bit by bit.
    """

    def __init__(self, values: Values, rate: float, max_block: int) -> None:
        """Prepare for float32 (2, up to `max_block`) at `rate` Hz."""
        self._views = {
            name: values.view(f"/master/compressor/{name}")
            for name in (
                "on",
                "threshold_db",
                "ratio",
                "knee_db",
                "attack_ms",
                "release_ms",
                "makeup_db",
                "saturation",
            )
        }
        self._watch = Watch(values, *(f"/master/compressor/{name}" for name in self._views))
        self._rate = rate
        self._ramp = Ramp(self._settings(), length=fade_samples(rate), max_block=max_block)
        self._envelope = PeakEnvelope(_FLOOR_LEVEL, max_block)
        self._saturation = Saturation(max_block)
        self._size = np.zeros((2, max_block), np.float32)
        self._peak = np.zeros(max_block, np.float32)
        self._steps = np.zeros(max_block, np.int64)
        self._level = np.zeros(max_block)
        self._bend = np.zeros(max_block)
        self._gain = np.zeros(max_block, np.float32)
        self._attack = 0.0
        self._reduction = 0.0
        self._time_constants()
        self._forget()

    def _value(self, name: str) -> float:
        return float(self._views[name][0])

    def _settings(self) -> list[float]:
        """Return threshold, slope, knee, makeup (all log2), drive and on, as the ramp's targets."""
        return [
            self._value("threshold_db") / DB_PER_OCTAVE,
            1 / self._value("ratio") - 1,
            self._value("knee_db") / DB_PER_OCTAVE,
            self._value("makeup_db") / DB_PER_OCTAVE,
            self._value("saturation") * LARGEST_DRIVE,
            float(self._value("on") > 0),
        ]

    def _time_constants(self) -> None:
        self._fall = fall_per_sample(self._value("release_ms"), self._rate)
        attack = math.exp(-1 / (self._value("attack_ms") * 1e-3 * self._rate))
        if attack != self._attack:
            self._attack = attack
            self._numerator = np.array([1 - attack])
            self._denominator = np.array([1.0, -attack])
            # The last smoothed gain stays; only the way on from it is new.
            self._state = np.array([attack * (1 + self._reduction)])

    def _forget(self) -> None:
        self._envelope.reset()
        self._reduction = 0.0
        self._state = np.array([self._attack])

    def reset(self) -> None:
        """Forget the past and take the present settings at once."""
        self._watch.changed()
        self._ramp.jump(self._settings())
        self._time_constants()
        self._forget()

    @property
    def gain_reduction_db(self) -> float:
        """Gain reduction at the end of the last block, in dB, 0 or more."""
        on = (self._ramp.current if self._ramp.active else self._ramp.target)[5, 0]
        return max(0.0, -self._reduction * DB_PER_OCTAVE * float(on))

    def process(self, stereo: NDArray[np.float32]) -> None:
        """Compress `stereo`, float32 (2, n) of finite numbers, in place."""
        samples = stereo.shape[1]
        if samples == 0:
            return
        if self._watch.changed():
            self._change()
        if not self._ramp.active and self._ramp.target[5, 0] == 0:
            return
        moving = self._ramp.active
        settings = self._ramp.block(samples)
        # Numbers are quicker than arrays of one number, and give the same.
        threshold, slope, knee, makeup, drive, on = settings if moving else settings[:, 0].tolist()
        span = np.maximum(2 * knee, 1e-9) if moving else max(2 * knee, 1e-9)
        wanted = self._curve(self._levels(stereo), threshold - knee / 2, slope, knee, span)
        gain = self._smooth(wanted)
        if moving or makeup:
            gain += makeup
        if moving or on != 1:
            gain *= on
        factor = self._gain[:samples]
        np.copyto(factor, gain, casting="same_kind")
        np.exp2(factor, out=factor)
        np.multiply(stereo, factor, out=stereo)
        if moving or drive:
            self._saturation.process(stereo, settings[4] * settings[5])

    def _change(self) -> None:
        settings = self._settings()
        # While off nothing is measured, so that it starts afresh, at whatever sample that is.
        if settings[5] > 0 and self._ramp.current[5, 0] == 0:
            self._forget()
        self._ramp.move(settings)
        self._time_constants()

    def _levels(self, stereo: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the envelope in octaves (log2 of magnitude), float64 (n,)."""
        samples = stereo.shape[1]
        size, peak = self._size[:, :samples], self._peak[:samples]
        steps, level = self._steps[:samples], self._level[:samples]
        np.abs(stereo, out=size)
        np.maximum(size[0], size[1], out=peak)
        np.maximum(peak, _FLOOR, out=peak)
        np.log2(peak, out=peak)
        np.multiply(peak, UNIT, out=level, dtype=np.float64)
        np.copyto(steps, level, casting="unsafe")
        self._envelope.process(steps, self._fall)
        return np.multiply(steps, 1 / UNIT, out=level)

    def _curve(
        self,
        level: NDArray[np.float64],
        lower: Setting,
        slope: Setting,
        knee: Setting,
        span: Setting,
    ) -> NDArray[np.float64]:
        """Return the wanted gain in octaves, float64 (n,), 0 or less, in the memory of `level`.

        `lower` is the knee's lower end, `span` twice its width, but above 0.
        """
        bend = self._bend[: len(level)]
        np.subtract(level, lower, out=level)
        np.minimum(level, knee, out=bend)
        np.maximum(bend, 0, out=bend)
        np.subtract(level, knee, out=level)
        np.maximum(level, 0, out=level)
        np.multiply(bend, bend, out=bend)
        np.divide(bend, span, out=bend)
        np.add(level, bend, out=level)
        return np.multiply(level, slope, out=level)

    def _smooth(self, wanted: NDArray[np.float64]) -> NDArray[np.float64]:
        # Around 1 instead of 0, so that a fading state never gets slow denormal numbers.
        wanted += 1
        gain, self._state = linear(self._numerator, self._denominator, wanted, self._state)
        gain -= 1
        self._reduction = float(gain[-1])
        return gain
