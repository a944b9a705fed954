"""Displays that keep the rules of real ones: a bus with a chip's memory, and a slow eye."""

import errno
import time
from collections.abc import Sequence

from PIL import Image

from appliance.errors import DeviceError

_ONE = (0x20, 0x81, 0x8D, 0xA0, 0xA1, 0xA2, 0xA8, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB)
_TWO = (0x15, 0x21, 0x22, 0x75)
_MONO = ("ssd1306", "ssd1309", "sh1106")
_SHARED = {0xA0, 0xA1, 0xA2}  # without an argument on the one-bit chips
_SLOW = 0.09  # seconds; a hundredth less than a tenth, for clocks that tick


class FakeWire:
    """The bus of one chip: takes what luma sends, and shows what the chip would show.

    Unplugged it fails as a bus does. A byte that leads out of the memory is an error.
    """

    def __init__(self, chip: str) -> None:
        """Begin with a dark chip."""
        self.chip = chip
        self.width, self.height = {"ssd1322": (256, 64), "ssd1327": (128, 128)}.get(chip, (128, 64))
        self.plugged = True
        self.on = False
        self.contrast = 0
        self.bytes = 0
        """Picture bytes so far."""
        self.cleaned = False
        self._mono = chip in _MONO
        self._memory: dict[tuple[int, int], int] = {}
        self._columns, self._rows = (0, 0), (0, 0)
        self._at = (0, 0)
        self._offset = 0
        self._pending: int | None = None

    def command(self, *commands: int) -> None:
        """Take command bytes."""
        self._check()
        if self.chip == "ssd1322":  # its arguments come as data
            self._pending = commands[0]
            self._take(commands[0], [])
            return
        left = list(commands)
        while left:
            code = left.pop(0)
            count = 2 if code in _TWO else int(code in _ONE)
            if self._mono and code in _SHARED:
                count = 0
            arguments, left = left[:count], left[count:]
            if len(arguments) < count:
                raise ValueError(f"Command {code:#x} lacks arguments.")
            self._take(code, arguments)

    def data(self, data: Sequence[int]) -> None:
        """Take picture bytes, or on some chips a command's arguments."""
        self._check()
        if self.chip == "ssd1322" and self._pending != 0x5C:
            self._take(self._pending or 0, list(data))
            return
        self.bytes += len(data)
        for byte in data:
            self._store(byte)

    def cleanup(self) -> None:
        """Note that the bus was let go."""
        self.cleaned = True

    def image(self) -> Image.Image:
        """Return what the chip shows, mode "L"."""
        picture = Image.new("L", (self.width, self.height))
        for (column, row), byte in self._memory.items():
            if self._mono:
                for bit in range(8):
                    picture.putpixel((column, 8 * row + bit), 255 * (byte >> bit & 1))
            else:
                halves = (byte >> 4, byte & 15)
                # An ssd1327 has the left pixel in the low half.
                left, right = halves[::-1] if self.chip == "ssd1327" else halves
                picture.putpixel((2 * column, row), left * 17)
                picture.putpixel((2 * column + 1, row), right * 17)
        return picture

    def _take(self, code: int, arguments: list[int]) -> None:
        if code in (0xAE, 0xAF):
            self.on = code == 0xAF
        elif code in (0x81, 0xC1) and arguments:
            self.contrast = arguments[0]
        elif code in (0x21, 0x15) and arguments:
            first, last = arguments
            shift = 28 if self.chip == "ssd1322" else 0
            scale = 2 if self.chip == "ssd1322" else 1  # one column holds four pixels
            self._columns = ((first - shift) * scale, (last - shift) * scale + scale - 1)
            self._at = (self._columns[0], self._rows[0])
        elif code in (0x22, 0x75) and arguments:
            self._rows = (arguments[0], arguments[1])
            self._at = (self._columns[0], self._rows[0])
        elif self.chip == "sh1106" and 0xB0 <= code <= 0xB7:
            self._columns, self._rows = (0, 127), (code & 7, code & 7)
            self._at = (0, code & 7)
        elif self.chip == "sh1106" and code < 0x10:
            self._offset = code - 2  # its memory is 132 columns wide, two before the picture

    def _store(self, byte: int) -> None:
        column, row = self._at
        if row > self._rows[1]:
            raise ValueError("More bytes than the window has room for.")
        if not 0 <= column + self._offset < self.width:
            raise ValueError("The picture leads out of the display.")
        self._memory[column + self._offset, row] = byte
        self._at = (column + 1, row) if column < self._columns[1] else (self._columns[0], row + 1)

    def _check(self) -> None:
        if not self.plugged:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")


class FakeDisplay:
    """A display for the part: refuses what a real one could not follow or need not be told."""

    def __init__(self, width: int = 128, height: int = 64, *, grey: bool = False) -> None:
        """Begin with nothing shown."""
        self.width, self.height, self.grey = width, height, grey
        self.plugged = True
        self.closed = False
        self.level: int | None = None
        self.images: list[Image.Image] = []
        self.broken: list[str] = []
        """The rules that were broken."""
        self._last = 0.0

    def show(self, image: Image.Image) -> None:
        """Keep a picture that follows the rules."""
        self._check()
        now = time.monotonic()
        if image.size != (self.width, self.height) or image.mode != ("L" if self.grey else "1"):
            self.broken.append(f"a picture of {image.size} in mode {image.mode}")
        if self.images and image.tobytes() == self.images[-1].tobytes():
            self.broken.append("the same picture again")
        if now - self._last < _SLOW:
            self.broken.append(f"two pictures within {now - self._last:.3f} s")
        self._last = now
        self.images.append(image)

    def contrast(self, level: int) -> None:
        """Keep a brightness."""
        self._check()
        if not 0 <= level <= 255:
            self.broken.append(f"a contrast of {level}")
        self.level = level

    def close(self) -> None:
        """Note that it was let go."""
        self.closed = True

    def _check(self) -> None:
        if not self.plugged or self.closed:
            raise DeviceError("The fake display does not answer.")
