"""Real-time: float32 planar samples to the interleaved bytes a card or a WAV file takes.

Full scale is 2**(bits - 1): a sample x becomes round(x * 2**(bits - 1)), clipped to the range of
the integer. 32 and 24 bits are as fine as float32 and are rounded plainly. 16 bits get triangular
dither of ±1 step: the difference of two successive uniform numbers per channel, which leans
towards high frequencies and costs one draw per sample. A sample that is not finite becomes silence.
"""

import numpy as np
from numpy.typing import NDArray

SAMPLE_BYTES = {"S32_LE": 4, "S24_3LE": 3, "S16_LE": 2, "FLOAT_LE": 4}
"""Bytes per sample of every format known here, the one to prefer first."""

_BITS = {"S32_LE": 32, "S24_3LE": 24, "S16_LE": 16}
_BELOW_ONE = float(np.nextafter(np.float32(1), np.float32(0)))


class Quantiser:
    """Turn float32 (2, n) blocks into interleaved little-endian bytes, without allocating."""

    def __init__(self, *, format_name: str, max_block: int, seed: int = 0) -> None:
        """Prepare for blocks of at most `max_block` frames in one of `SAMPLE_BYTES`."""
        self.format_name = format_name
        self.frame_bytes = 2 * SAMPLE_BYTES[format_name]
        bits = _BITS.get(format_name)
        self._scale = np.float32(2.0 ** (bits - 1) if bits else 1.0)
        # The largest float32 whose integer still fits: 2**31 itself would wrap to -2**31.
        self._top = np.float32(
            1.0 if bits is None else min(2.0 ** (bits - 1) - 1, 2.0 ** (bits - 1) * _BELOW_ONE)
        )
        self._bottom = -self._scale
        self._samples = np.zeros((max_block, 2), np.float32)
        self._finite = np.zeros((max_block, 2), np.bool_)
        self._whole = np.zeros((max_block, 2), "<i4")
        self._whole_bytes = self._whole.view(np.uint8).reshape(max_block, 2, 4)
        # Row 0 holds the last draw of the block before, so that blocks of any size join up.
        self._draws = np.zeros((max_block + 1, 2), np.float32)
        self._random = np.random.Generator(np.random.SFC64(seed))
        self._random.random(dtype=np.float32, out=self._draws[:1])

    def encode(self, block: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
        """Write `block`, (2, n) with full scale 1, as n frames into `out`, (n, frame_bytes)."""
        count = block.shape[1]
        samples = self._samples[:count]
        finite = self._finite[:count]
        np.isfinite(block.T, out=finite)
        samples.fill(0)
        np.copyto(samples, block.T, where=finite)
        samples *= self._scale
        if self.format_name == "S16_LE":
            self._dither(samples)
        if self.format_name != "FLOAT_LE":
            np.rint(samples, out=samples)
        np.clip(samples, self._bottom, self._top, out=samples)
        if self.format_name == "S24_3LE":
            np.copyto(self._whole[:count], samples, casting="unsafe")
            out.reshape(count, 2, 3)[...] = self._whole_bytes[:count, :, :3]
            return
        kind = {"S32_LE": "<i4", "S16_LE": "<i2", "FLOAT_LE": "<f4"}[self.format_name]
        np.copyto(out.view(kind), samples, casting="unsafe")

    def _dither(self, samples: NDArray[np.float32]) -> None:
        count = samples.shape[0]
        draws = self._draws
        self._random.random(dtype=np.float32, out=draws[1 : count + 1])
        samples += draws[1 : count + 1]
        samples -= draws[:count]
        draws[0] = draws[count]
