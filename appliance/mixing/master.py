"""Real-time: the master chain from the mix to the sound card."""

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.compressor import Compressor
from appliance.mixing.equalizer import Equalizer
from appliance.mixing.level import fade_samples, linear_gain
from appliance.mixing.limiter import Limiter
from appliance.mixing.meters import Meters
from appliance.mixing.ramp import Ramp
from appliance.mixing.repair import Repair
from appliance.parameters import Values
from appliance.parameters.watch import Watch


class Master:
    """Compressor, equalizer, level, limiter, in this order.

    The instrument this one follows has its equalizer after the limiter. There a boosted band can
    exceed the ceiling; here the limiter is last, after everything that can raise the level, so
    that its ceiling holds at the output. No NaN and no infinity ever leaves: broken samples are
    silenced before the first filter, and again in the limiter.
    """

    def __init__(self, values: Values, rate: float, max_block: int) -> None:
        """Prepare for float32 (2, up to `max_block`) at `rate` Hz."""
        self._level_db = values.view("/master/level_db")
        self._watch = Watch(values, "/master/level_db")
        self._repair = Repair(2, max_block)
        self.compressor = Compressor(values, rate, max_block)
        self.equalizer = Equalizer(values, rate, max_block)
        self._level = Ramp(
            linear_gain(self._level_db), length=fade_samples(rate), max_block=max_block
        )
        self._gain = np.zeros(max_block, np.float32)
        self.limiter = Limiter(values, rate, max_block)
        self.meters = Meters(max_block)

    def reset(self) -> None:
        """Forget the past and take the present settings at once."""
        self._watch.changed()
        self._level.jump(linear_gain(self._level_db))
        self.compressor.reset()
        self.equalizer.reset()
        self.limiter.reset()
        self.meters.reset()

    @property
    def latency(self) -> int:
        """Delay from input to output, in samples, the same for all settings."""
        return self.limiter.latency

    @property
    def repaired(self) -> int:
        """Broken samples (NaN, infinity, magnitudes from 2**20) silenced so far."""
        return int(self._repair.count.sum()) + self.limiter.repaired

    def process(self, stereo: NDArray[np.float32]) -> None:
        """Run `stereo`, float32 (2, n), through the chain, in place."""
        self._repair.process(stereo)
        self.compressor.process(stereo)
        self.equalizer.process(stereo)
        if self._watch.changed():
            self._level.move(linear_gain(self._level_db))
        if self._level.active or self._level.target[0, 0] != 1:
            level = self._level.block(stereo.shape[1])[0]
            gain = self._gain[: len(level)]
            np.copyto(gain, level, casting="same_kind")
            np.multiply(stereo, gain, out=stereo)
        self.limiter.process(stereo)
        self.meters.update(
            stereo,
            compression_db=self.compressor.gain_reduction_db,
            limiting_db=self.limiter.gain_reduction_db,
        )
