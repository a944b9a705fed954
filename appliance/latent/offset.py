"""Real-time: the offset module, eight constants."""

import numpy as np
from numpy.typing import NDArray

from appliance.parameters import Values


class Offset:
    """Eight constant latents: ``value * expression``."""

    name = "offset"

    def __init__(self, values: Values, rate: float) -> None:
        """Read the rows below /offset of `values`; a constant does not depend on `rate`."""
        del rate
        self._value = values.view("/offset/{channel}/value")[:, None]
        self._expression = values.view("/offset/expression")

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n)."""
        del start
        np.multiply(self._value, self._expression, out=out)

    def reset(self, start: int = 0) -> None:
        """Begin anew at instant `start`: nothing to forget."""
