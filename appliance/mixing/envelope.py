"""Real-time: a peak envelope in fixed point, exact however the signal is cut."""

import math

import numpy as np
from numpy.typing import NDArray

UNIT = 2.0**32
"""Fixed-point steps in one octave of level (a factor of two, 6.02 dB)."""


def fall_per_sample(release_ms: float, rate: float) -> int:
    """Return the fall in steps per sample of an amplitude that shrinks by e in `release_ms`."""
    return max(1, round(UNIT * math.log2(math.e) / (release_ms * 1e-3 * rate)))


class PeakEnvelope:
    """Follows the log2 level upwards at once and lets it fall in a straight line.

    A straight line in log2 level is an exponential in amplitude. The recursion
    ``e[n] = max(level[n], e[n-1] - fall)`` is a running maximum of ``level[n] + fall * n``, which
    integers give exactly, without a loop.
    """

    def __init__(self, floor: int, max_block: int) -> None:
        """Start at `floor` steps; blocks may hold up to `max_block` samples."""
        self._floor = floor
        self._last = floor
        self._count = np.arange(1, max_block + 1, dtype=np.int64)
        self._slope = np.zeros(max_block, np.int64)
        self._fall = 0

    def reset(self) -> None:
        """Start again at the floor."""
        self._last = self._floor

    def process(self, level: NDArray[np.int64], fall: int) -> None:
        """Turn `level`, int64 (n,), into its envelope, in place; `fall` in steps per sample."""
        if fall != self._fall:
            np.multiply(self._count, fall, out=self._slope)
            self._fall = fall
        slope = self._slope[: len(level)]
        np.add(level, slope, out=level)
        level[0] = max(int(level[0]), self._last)
        np.maximum.accumulate(level, out=level)
        np.subtract(level, slope, out=level)
        self._last = int(level[-1])
