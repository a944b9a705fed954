"""Real-time: soft overdrive that keeps the level of a signal around -12 dBFS."""

import numpy as np
from numpy.typing import NDArray

LARGEST_DRIVE = 8.0
"""Drive at saturation 1: a peak of -12 dBFS meets the tanh at 2."""

REFERENCE = 0.25
"""Magnitude that passes unchanged at any drive (-12 dBFS)."""


class Saturation:
    """Bends the signal with ``r * tanh(k * x) / tanh(k * r)``, r = 0.25, drive k = 0..8.

    Peaks at the reference keep their level, quieter signals rise by up to 6 dB, louder ones are
    rounded off. At drive 0 a sample passes bit by bit.
    """

    def __init__(self, max_block: int) -> None:
        """Prepare for float32 (2, up to `max_block`)."""
        self._wet = np.zeros(2 * max_block, np.float32)
        self._factor = np.zeros(max_block, np.float32)

    def process(self, stereo: NDArray[np.float32], drive: NDArray[np.float64]) -> None:
        """Bend `stereo` (2, n) in place; `drive` is float64 (n,) or (1,), 0 to 8."""
        driven = drive > 0
        if not driven.any():
            return
        # Packed, because a function may round differently on strided memory.
        wet = self._wet[: stereo.size].reshape(stereo.shape)
        factor = self._factor[: drive.size]
        bounded = np.maximum(drive, 1e-6)
        np.copyto(factor, bounded, casting="same_kind")
        np.multiply(stereo, factor, out=wet)
        np.tanh(wet, out=wet)
        np.divide(REFERENCE, np.tanh(bounded * REFERENCE), out=factor, casting="same_kind")
        np.multiply(wet, factor, out=wet)
        np.copyto(stereo, wet, where=driven)
