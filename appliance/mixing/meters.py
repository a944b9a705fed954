"""Real-time: what the output meters show."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reading:
    """Levels since the reading before: `peak` and `rms` (left, right) as magnitudes, 1 is full.

    `compression_db` and `limiting_db` are the largest gain reductions, in dB, 0 or more.
    """

    peak: tuple[float, float]
    rms: tuple[float, float]
    compression_db: float
    limiting_db: float


class Meters:
    """Collects levels block by block until they are read, by the thread that processes."""

    def __init__(self, max_block: int) -> None:
        """Start at silence; blocks may hold up to `max_block` samples."""
        self._size = np.zeros((2, max_block), np.float32)
        self.reset()

    def reset(self) -> None:
        """Drop what has been collected."""
        self._peak = [0.0, 0.0]
        self._power = [0.0, 0.0]
        self._samples = 0
        self._compression_db = 0.0
        self._limiting_db = 0.0

    def update(
        self, stereo: NDArray[np.float32], *, compression_db: float, limiting_db: float
    ) -> None:
        """Take in a block, float32 (2, n), and the block's gain reductions in dB."""
        samples = stereo.shape[1]
        size = np.abs(stereo, out=self._size[:, :samples])
        peaks: list[float] = np.maximum.reduce(size, axis=1, initial=0).tolist()
        for channel, signal in enumerate(size):
            self._peak[channel] = max(self._peak[channel], peaks[channel])
            self._power[channel] += float(np.dot(signal, signal))
        self._samples += samples
        self._compression_db = max(self._compression_db, compression_db)
        self._limiting_db = max(self._limiting_db, limiting_db)

    def read(self) -> Reading:
        """Return what came in since the last call, and start afresh."""
        samples = max(1, self._samples)
        left, right = (math.sqrt(power / samples) for power in self._power)
        reading = Reading(
            (self._peak[0], self._peak[1]), (left, right), self._compression_db, self._limiting_db
        )
        self.reset()
        return reading
