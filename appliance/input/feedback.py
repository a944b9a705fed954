"""Real-time: the decoders' voices on their way back to the encoder."""

import numpy as np
from numpy.typing import NDArray

_LARGEST = np.float32(1e15)  # its square still is a float32


class Feedback:
    """Gives the voices back `delay` samples late, summed and held within ±1.

    A sum x becomes ``x / sqrt(1 + x * x)``: quiet sound passes as it is and no gain whatever makes
    the loop grow beyond full scale. The delay is of samples and not of blocks, so the sound does
    not depend on the block size; a block may be as long as the delay at most.
    """

    def __init__(self, slots: int, delay: int, max_block: int) -> None:
        """Start with silence in the loop."""
        self.delay = delay
        size = 1 << (delay + max_block).bit_length()
        self._ring: NDArray[np.float32] = np.zeros((slots, size), np.float32)
        self._mask = size - 1
        self._written = 0
        self.ahead = 0
        """Samples by which the voices were written before their time."""
        self._voice = np.zeros(max_block, np.float32)
        self._sum = np.zeros(max_block, np.float32)

    def reset(self) -> None:
        """Begin anew at sample 0 with silence."""
        self._ring.fill(0.0)
        self._written = 0

    def write(self, voices: NDArray[np.float32]) -> None:
        """Take the voices of a block, float32 (slots, n)."""
        count = voices.shape[1]
        start = self._written & self._mask
        first = min(count, self._ring.shape[1] - start)
        self._ring[:, start : start + first] = voices[:, :first]
        if first < count:
            self._ring[:, : count - first] = voices[:, first:]
        self._written += count

    def read(self, gains: NDArray[np.float64], count: int) -> NDArray[np.float32]:
        """Return the next block, float32 (count,), valid until the next call.

        `gains` are float64 (slots, count), or (slots, 1) if they stand still.
        """
        assert count <= self.delay, f"a block of {count} samples reaches beyond the delay"
        total, voice = self._sum[:count], self._voice[:count]
        total.fill(0.0)
        start = self._written - self.ahead - self.delay & self._mask
        first = min(count, self._ring.shape[1] - start)
        for row, gain in zip(self._ring, gains, strict=True):
            if gain.any():
                voice[:first] = row[start : start + first]
                voice[first:] = row[: count - first]
                np.multiply(voice, gain, out=voice, casting="same_kind")
                np.add(total, voice, out=total)
        np.clip(total, -_LARGEST, _LARGEST, out=total)
        np.multiply(total, total, out=voice)
        np.add(voice, 1.0, out=voice)
        np.sqrt(voice, out=voice)
        np.divide(total, voice, out=total)
        return total
