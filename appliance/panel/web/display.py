"""Pictures for pages: only the rectangle that changed, as PNG."""

import io
import itertools
import struct
import threading
from enum import IntEnum
from typing import NamedTuple

from PIL import Image, ImageChops

_NUMBERS = itertools.count(1)
_HEADER = struct.Struct("<BxHHxxI")


class Screens(IntEnum):
    """Which of the instrument's displays a picture belongs to."""

    PUSH = 1
    OLED = 2


class Picture(NamedTuple):
    """What a display showed; no two pictures have one number."""

    number: int
    image: Image.Image


class Display:
    """One display as the pages see it; each page may be at another picture."""

    def __init__(self, screen: Screens) -> None:
        """Begin with no picture."""
        self._screen = screen
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._packed: dict[int, bytes] = {}

    def show(self, image: Image.Image) -> None:
        """Take over a picture, from any thread; it must not be drawn on any more."""
        with self._lock:
            known = self._picture
            if known is not None and image.tobytes() == known.image.tobytes():
                return
            self._picture = Picture(next(_NUMBERS), image)
            self._packed.clear()

    def since(self, seen: Picture | None) -> tuple[bytes, Picture] | None:
        """Return the message that turns the picture `seen` into the present one, and that one.

        A header, little-endian: uint8 screen, a byte of nothing, uint16 x, uint16 y, two bytes of
        nothing, uint32 number of the picture; then the PNG to put at x, y. None if nothing changed.
        """
        with self._lock:
            now = self._picture
            if now is None or (seen is not None and now.number == seen.number):
                return None
            key = 0 if seen is None else seen.number
            if key not in self._packed:
                self._packed[key] = self._pack(now, seen)
            return self._packed[key], now

    def _pack(self, now: Picture, seen: Picture | None) -> bytes:
        place = (0, 0, *now.image.size)
        if seen is not None:
            place = ImageChops.difference(now.image, seen.image).getbbox() or (0, 0, 1, 1)
        file = io.BytesIO()
        now.image.crop(place).save(file, "PNG", compress_level=1)
        return _HEADER.pack(self._screen, place[0], place[1], now.number) + file.getvalue()
