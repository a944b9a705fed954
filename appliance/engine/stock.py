"""Real-time: sound that was mixed together with what came before it and is not due yet."""

import numpy as np
from numpy.typing import NDArray


class Stock:
    """Room for a stretch of stereo sound, filled at once and taken piece by piece."""

    def __init__(self, room: int) -> None:
        """Be empty, with room for `room` samples."""
        self._sound: NDArray[np.float32] = np.zeros((2, room), np.float32)
        self._taken = 0
        self.left = 0
        """Samples that wait."""

    def fill(self, samples: int) -> NDArray[np.float32]:
        """Return where to write, float32 (2, samples), what then waits; nothing may wait before."""
        self._taken, self.left = 0, samples
        return self._sound[:, :samples]

    def take(self, out: NDArray[np.float32]) -> int:
        """Fill the front of `out`, float32 (2, n), with what waits; return how many samples."""
        count = min(self.left, out.shape[1])
        out[:, :count] = self._sound[:, self._taken : self._taken + count]
        self._taken += count
        self.left -= count
        return count
