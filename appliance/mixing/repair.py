"""Real-time: replaces samples that are not usable numbers by silence, and counts them."""

import numpy as np
from numpy.typing import NDArray

LARGEST = np.float32(2.0**20)
"""Sample magnitude (+120 dB) from which on a sample is taken for a fault, like NaN and infinity."""


class Repair:
    """Silences broken samples in `rows` rows of audio so that no filter state is poisoned."""

    def __init__(self, rows: int, max_block: int) -> None:
        """Prepare for float32 (rows, up to `max_block`)."""
        self._size = np.zeros((rows, max_block), np.float32)
        self.count: NDArray[np.int64] = np.zeros(rows, np.int64)
        """Samples replaced so far, per row."""

    def process(self, audio: NDArray[np.float32]) -> None:
        """Set NaN, infinities and magnitudes from 2**20 in `audio` (rows, n) to 0, in place."""
        samples = audio.shape[1]
        size = np.abs(audio, out=self._size[:, :samples])
        # Not a number makes the comparison false.
        if samples and not np.maximum.reduce(size, axis=None) < LARGEST:
            good = size < LARGEST
            self.count += samples - np.count_nonzero(good, axis=1)
            np.copyto(audio, 0, where=~good)
