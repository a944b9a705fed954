"""Real-time: an output that nobody hears, for tests, benchmarks and a box without a card."""

import numpy as np
from numpy.typing import NDArray

from appliance.audio.output import Output
from appliance.audio.pace import Pace


class NullOutput(Output):
    """Take every block and drop it: at once, or paced by the monotonic clock as a card would."""

    def __init__(
        self, *, rate: int = 44100, period: int = 256, periods: int = 3, paced: bool = False
    ) -> None:
        """Accept blocks at `rate` Hz; `paced` makes `write` last as long as the block does."""
        super().__init__(name="null", rate=rate, period=period, periods=periods, real_time=paced)
        self._pace = Pace(rate=rate, slack=period * periods)

    def write(self, block: NDArray[np.float32]) -> None:
        """Drop `block`, float32 (2, n); when paced, return once its time is over."""
        if self.real_time and self._pace.wait(block.shape[1]):
            self.xruns += 1

    def close(self) -> None:
        """Do nothing: there is no device."""
