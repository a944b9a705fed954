"""Real-time: look-ahead peak limiter whose output never exceeds its ceiling."""

import math

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.envelope import UNIT, PeakEnvelope, fall_per_sample
from appliance.mixing.level import fade_samples
from appliance.mixing.ramp import Ramp
from appliance.mixing.repair import Repair
from appliance.parameters import Values
from appliance.parameters.watch import Watch

LOOK_AHEAD_SECONDS = 0.002
_DEEPEST = np.float32(1024.0)  # louder than ceiling + 60 dB is a fault and is clipped
_GAIN_UNIT = 2.0**30  # fixed-point steps of gain 1


class Limiter:
    """Holds |left| and |right| at or below the ceiling, both with one gain.

    The attenuation a sample needs is known `latency` samples before it leaves. The largest one
    in that window is held; after a peak it lets go as an exponential, by 8.69 dB in `release_ms`;
    its gain is averaged over the window, so that it arrives in a straight line just in time.
    Attenuation and gain are integers, so sums and maxima are exact; what the last rounding to
    float32 could add is cut off. Below the ceiling the signal is only delayed, bit by bit.

    A new ceiling is approached in a straight line over 20 ms: meanwhile the output stays under
    the higher of the two, afterwards (20 ms + `latency`) under the new one. Switched off, it
    only clips at full scale, with the same latency. Switching takes 40 ms: going off, the ceiling
    first rises to full scale, then the limiter's gain gives way to clipping; going on, the same
    backwards.
    """

    def __init__(self, values: Values, rate: float, max_block: int) -> None:
        """Prepare for float32 (2, up to `max_block`) at `rate` Hz."""
        self._on = values.view("/master/limiter/on")
        self._ceiling_db = values.view("/master/limiter/ceiling_db")
        self._release_ms = values.view("/master/limiter/release_ms")
        self._watch = Watch(
            values, "/master/limiter/on", "/master/limiter/ceiling_db", "/master/limiter/release_ms"
        )
        self._rate = rate
        self._delay = delay = max(1, round(LOOK_AHEAD_SECONDS * rate))
        self._window = delay + 1
        fade = fade_samples(rate)
        self._ceiling = Ramp([self._rounded_ceiling()], length=fade, max_block=max_block)
        self._switch = Ramp([self._on[0]], length=2 * fade, max_block=max_block)
        self._envelope = PeakEnvelope(0, max_block)
        self._repair = Repair(2, max_block)
        # Rows: left, right, the ceiling that held when they came in, and how much of the limiter's
        # gain was in use then. The past lies in front.
        self._line = np.zeros((4, delay + max_block), np.float32)
        self._attenuation = np.zeros(delay + max_block, np.int64)
        self._held = np.zeros((2, delay + max_block), np.int64)
        self._gain = np.zeros(self._window + max_block, np.int64)
        self._size = np.zeros((2, max_block), np.float32)
        self._peak = np.zeros(max_block, np.float32)
        self._wide = np.zeros(max_block)
        self._sum = np.zeros(max_block, np.int64)
        self._factor = np.zeros(max_block, np.float32)
        self.reset()

    def _rounded_ceiling(self) -> float:
        """Return the ceiling, rounded down to a float32."""
        exact = float(10.0 ** (self._ceiling_db[0] / 20))
        ceiling = np.float32(exact)
        if float(ceiling) > exact:
            ceiling = np.nextafter(ceiling, np.float32(0))
        return float(ceiling)

    def reset(self) -> None:
        """Forget the past and take the present settings at once."""
        self._watch.changed()
        self._ceiling.jump([self._rounded_ceiling()])
        self._switch.jump(self._on)
        self._fall = fall_per_sample(float(self._release_ms[0]), self._rate)
        self._envelope.reset()
        self._line[:2] = 0
        self._line[2] = self.ceiling
        self._line[3] = self._on[0]
        self._attenuation[:] = 0
        self._gain[:] = int(_GAIN_UNIT)
        self._total = self._window * int(_GAIN_UNIT)
        self._lowest = 1.0
        # Samples for which no attenuation was needed, and for which the bounds have stood still.
        self._clear = 2 * self._window
        self._even = self._delay

    @property
    def latency(self) -> int:
        """Delay from input to output, in samples, whether on or off."""
        return self._delay

    @property
    def ceiling(self) -> float:
        """The largest magnitude the output may have once ramps are over, 1.0 if off."""
        return float(self._ceiling.target[0, 0]) if self._switch.target[0, 0] > 0 else 1.0

    @property
    def gain_reduction_db(self) -> float:
        """The largest gain reduction in the last block, in dB, 0 or more."""
        return -20 * math.log10(max(self._lowest, 1e-6))

    @property
    def repaired(self) -> int:
        """Broken samples (NaN, infinity, magnitudes from 2**20) silenced so far."""
        return int(self._repair.count.sum())

    def process(self, stereo: NDArray[np.float32]) -> None:
        """Limit `stereo`, float32 (2, n), in place; what comes out is `latency` samples old."""
        samples = stereo.shape[1]
        if samples == 0:
            return
        if self._watch.changed():
            self._ceiling.move([self._rounded_ceiling()])
            self._switch.move(self._on)
            self._fall = fall_per_sample(float(self._release_ms[0]), self._rate)
        self._repair.process(stereo)
        delay, line = self._delay, self._line
        new = line[:, delay : delay + samples]
        new[:2] = stereo
        if self._passes(stereo):
            self._clear += samples
            self._lowest = 1.0
            stereo[:] = line[:2, :samples]
            line[:2, :delay] = line[:2, samples : samples + delay]
            return
        self._even = 0 if self._ceiling.active or self._switch.active else self._even + samples
        new[2], new[3] = self._bounds(samples)
        self._attenuate(new)
        factor = self._average(samples)
        bound, share = line[2:, :samples]
        spare = self._peak[:samples]
        factor *= share
        factor += np.subtract(1, share, out=spare)
        self._lowest = float(factor.min())
        np.multiply(line[:2, :samples], factor, out=stereo)
        np.minimum(stereo, bound, out=stereo)
        np.maximum(stereo, np.negative(bound, out=spare), out=stereo)
        line[:, :delay] = line[:, samples : samples + delay]

    def _passes(self, stereo: NDArray[np.float32]) -> bool:
        """Return whether nothing in reach of `stereo`, nor itself, has to be turned down.

        The gains and bounds kept from before are then the ones that would be worked out again.
        """
        if self._clear < 2 * self._window or self._even < self._delay:
            return False
        if self._ceiling.active or self._switch.active:
            return False
        ceiling = self._line[2, 0]
        size = np.abs(stereo, out=self._size[:, : stereo.shape[1]])
        return bool(np.maximum.reduce(size, axis=None) <= ceiling)

    def _bounds(self, samples: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the ceiling and the share of the gain in use, each float64 (n,) or (1,)."""
        switch = 2 * self._switch.block(samples)[0]
        ceiling = self._ceiling.block(samples)[0]
        # Exact at both ends: a float32 minus 1, plus 1, loses nothing in float64.
        return 1 + (ceiling - 1) * np.maximum(switch - 1, 0), np.minimum(switch, 1)

    def _attenuate(self, block: NDArray[np.float32]) -> None:
        """Append the attenuation of `block`, with release, in fixed-point octaves."""
        delay, samples = self._delay, block.shape[1]
        size, peak, wide = self._size[:, :samples], self._peak[:samples], self._wide[:samples]
        new = self._attenuation[delay : delay + samples]
        ceiling = block[2]
        np.abs(block[:2], out=size)
        np.maximum(size[0], size[1], out=peak)
        # A peak at or below the ceiling gives exactly 1, so exactly no attenuation.
        np.maximum(peak, ceiling, out=peak)
        np.divide(peak, ceiling, out=peak)
        np.minimum(peak, _DEEPEST, out=peak)
        np.log2(peak, out=peak)
        np.multiply(peak, UNIT, out=wide, dtype=np.float64)
        np.ceil(wide, out=wide)
        np.copyto(new, wide, casting="unsafe")
        self._envelope.process(new, self._fall)
        self._clear = 0 if np.maximum.reduce(new) else self._clear + samples

    def _hold(self, samples: int) -> NDArray[np.int64]:
        """Return the largest attenuation of each window, int64 (n,), by doubling windows."""
        length = self._delay + samples
        held, other = self._attenuation[:length], self._held[0]
        spare = self._held[1]
        width = 1
        while width < self._window:
            step = min(width, self._window - width)
            length -= step
            held = np.maximum(held[:length], held[step : step + length], out=other[:length])
            other, spare = spare, other
            width += step
        return held

    def _average(self, samples: int) -> NDArray[np.float32]:
        """Return the gain averaged over the window, float32 (n,), and shift the histories."""
        window, delay = self._window, self._delay
        wide, total = self._wide[:samples], self._sum[:samples]
        new = self._gain[window : window + samples]
        np.multiply(self._hold(samples), -1 / UNIT, out=wide)
        np.exp2(wide, out=wide)
        np.multiply(wide, _GAIN_UNIT, out=wide)
        np.copyto(new, wide, casting="unsafe")  # rounds down
        np.subtract(new, self._gain[:samples], out=total)
        total[0] += self._total
        np.add.accumulate(total, out=total)
        self._total = int(total[-1])
        self._attenuation[:delay] = self._attenuation[samples : samples + delay]
        self._gain[:window] = self._gain[samples : samples + window]
        factor = self._factor[:samples]
        return np.multiply(total, 1 / (window * _GAIN_UNIT), out=factor, casting="same_kind")
