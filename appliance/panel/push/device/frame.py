"""A picture as the bytes that the display of a Push 2 or 3 takes."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 960, 160
HEADER = bytes((0xFF, 0xCC, 0xAA, 0x88)) + bytes(12)
_LINE = 1024  # pixels in memory for each line: 64 of them are never shown
BYTES = HEIGHT * _LINE * 2

_MASK = np.tile(np.array((0xF3E7, 0xFFE7), np.uint16), _LINE // 2)


class Frame:
    """Turns pictures into frames in one buffer, so that thirty a second allocate little."""

    def __init__(self) -> None:
        """Prepare the buffer."""
        self._lines: NDArray[np.uint16] = np.zeros((HEIGHT, _LINE), np.uint16)
        self._lines[:] = _MASK

    def encode(self, picture: Image.Image) -> bytes:
        """Return the frame of `picture`, RGB of 960 x 160, without the header.

        Raises ValueError for a picture of another size or mode.
        """
        if picture.size != (WIDTH, HEIGHT) or picture.mode != "RGB":
            raise ValueError(f"A frame is 960 x 160 RGB, not {picture.size} {picture.mode}.")
        pixels = np.asarray(picture).astype(np.uint16)
        lines = self._lines[:, :WIDTH]
        lines[:] = pixels[:, :, 2] >> 3
        lines <<= 6
        lines |= pixels[:, :, 1] >> 2
        lines <<= 5
        lines |= pixels[:, :, 0] >> 3
        lines ^= _MASK[:WIDTH]
        return self._lines.astype("<u2", copy=False).tobytes()


def decode(frame: bytes) -> Image.Image:
    """Return the picture of a frame without header: what the display shows."""
    lines = np.frombuffer(frame, "<u2").reshape(HEIGHT, _LINE) ^ _MASK
    shown = lines[:, :WIDTH]
    parts = (shown & 31, shown >> 5 & 63, shown >> 11)
    scaled = [part * 255 // top for part, top in zip(parts, (31, 63, 31), strict=True)]
    return Image.fromarray(np.stack(scaled, -1).astype(np.uint8), "RGB")
