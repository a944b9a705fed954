"""The status display as the box's I2C sees it: an i2c-tiny-usb adapter, an SSD1306 behind it."""

import struct
from pathlib import Path

from PIL import Image

from tests.boot.usbredir import Device, Setup, configuration

ADDRESS = 0x3C
WIDTH, HEIGHT = 128, 64
_ARGUMENTS = {
    0x20: 1,
    0x21: 2,
    0x22: 2,
    0x81: 1,
    0xA8: 1,
    0xD3: 1,
    0xD5: 1,
    0xD9: 1,
    0xDA: 1,
    0xDB: 1,
    0x8D: 1,
}
"""How many bytes follow a command (SSD1306 data sheet, table 9-1)."""
_COLUMNS, _PAGES, _OFF, _ON = 0x21, 0x22, 0xAE, 0xAF
_ACKNOWLEDGED, _REFUSED = 1, 2
_FUNCTIONS = 0x0EFF0009
"""I2C_FUNC_I2C and all of SMBus that the adapter emulates."""


class SSD1306:
    """128 x 64 dots in eight pages of eight rows, addressed horizontally."""

    def __init__(self) -> None:
        """Begin dark and empty."""
        self.pages = [bytearray(WIDTH) for _ in range(HEIGHT // 8)]
        self.lit = False
        self.writes = 0
        self._columns, self._rows = (0, WIDTH - 1), (0, HEIGHT // 8 - 1)
        self._column = self._page = 0
        self._command = bytearray()

    def write(self, data: bytes) -> None:
        """Take one I2C write: a control byte, then commands (0x00) or picture bytes (0x40)."""
        if data[:1] == b"\x40":
            self.writes += 1
            for byte in data[1:]:
                self._put(byte)
        elif data[:1] in (b"\x00", b"\x80"):
            for byte in data[1:]:
                self._take(byte)

    def image(self) -> Image.Image:
        """Return what is to be seen, mode 1, 128 x 64."""
        picture = Image.new("1", (WIDTH, HEIGHT))
        for page, row in enumerate(bytes(page) for page in self.pages):
            for column, byte in enumerate(row):
                for bit in range(8):
                    if self.lit and byte >> bit & 1:
                        picture.putpixel((column, 8 * page + bit), 1)
        return picture

    def _put(self, byte: int) -> None:
        self.pages[self._page][self._column] = byte
        self._column += 1
        if self._column > self._columns[1]:
            self._column = self._columns[0]
            self._page = self._page + 1 if self._page < self._rows[1] else self._rows[0]

    def _take(self, byte: int) -> None:
        self._command.append(byte)
        kind = self._command[0]
        if len(self._command) <= _ARGUMENTS.get(kind, 0):
            return
        arguments = self._command[1:]
        if kind == _COLUMNS:
            self._columns = (arguments[0] & 127, arguments[1] & 127)
            self._column = self._columns[0]
        elif kind == _PAGES:
            self._rows = (arguments[0] & 7, arguments[1] & 7)
            self._page = self._rows[0]
        elif kind in (_OFF, _ON):
            self.lit = kind == _ON
        self._command = bytearray()


class TinyUsbDisplay(Device):
    """The adapter (0403:c631): one interface without endpoints, everything by vendor requests."""

    speed = 1
    descriptor = struct.pack(
        "<BBHBBBBHHHBBBB", 18, 1, 0x110, 0xFF, 0, 0, 8, 0x0403, 0xC631, 0x0205, 1, 2, 3, 1
    )
    configuration = configuration(bytes([9, 4, 0, 0, 0, 0xFF, 0, 0, 0]), 1)
    strings = ("boot bench", "i2c-tiny-usb", "OLED0001")

    def __init__(self, socket_path: Path) -> None:
        """Put a dark display on the bus behind `socket_path`."""
        super().__init__(socket_path)
        self.display = SSD1306()
        self._status = 0

    def vendor_request(self, setup: Setup) -> bytes | None:
        """Answer as the adapter does: 0 echo, 1 functions, 2 delay, 3 status, 4 to 7 transfer."""
        if setup.request == 0:
            return struct.pack("<H", setup.value)
        if setup.request == 1:
            return struct.pack("<I", _FUNCTIONS)
        if setup.request == 2:
            return b""
        if setup.request == 3:
            return bytes([self._status])
        if setup.request & 4:
            reading = bool(setup.kind & 0x80)
            self._status = _ACKNOWLEDGED if setup.target == ADDRESS else _REFUSED
            if not reading and self._status == _ACKNOWLEDGED:
                self.display.write(setup.data)
            return bytes(setup.length) if reading else b""
        return None
