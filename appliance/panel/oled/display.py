"""The display itself, through luma: the only file that knows buses, chips and their library."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import luma.oled.device as chips
from luma.core.error import Error as LumaError
from luma.core.interface.serial import i2c, spi
from PIL import Image

from appliance.board import Board
from appliance.errors import DeviceError
from appliance.panel.oled.lines import OutputLines
from appliance.panel.settings import OledConfig

_BUSES = Path("/sys/bus/i2c/devices")
GREY = ("ssd1322", "ssd1327")
SIZES = {"ssd1322": (256, 64), "ssd1327": (128, 128)}


class Wire(Protocol):
    """What carries bytes to a chip; luma's serial interfaces and the fake's do."""

    def command(self, *commands: int) -> None:
        """Send command bytes."""
        ...

    def data(self, data: Sequence[int]) -> None:
        """Send picture bytes."""
        ...

    def cleanup(self) -> None:
        """Let go of the bus."""
        ...


class Display:
    """One chip behind a wire; every call but `close` raises DeviceError when it is gone."""

    def __init__(self, chip: str, wire: Wire, *, rotate: int = 0) -> None:
        """Wake `chip` up; `rotate` is in quarter turns."""
        self.width, self.height = SIZES.get(chip, (128, 64))
        self.grey = chip in GREY
        self._wire = wire
        try:
            self._device: Any = getattr(chips, chip)(
                wire, width=self.width, height=self.height, rotate=rotate
            )
            # The last picture is a message: it stays when this process ends.
            self._device.persist = True
        except (LumaError, OSError, ValueError) as error:
            raise _gone(chip, error) from error
        self._chip = chip
        self.width, self.height = self._device.size

    def show(self, image: Image.Image) -> None:
        """Send a picture of the display's size, mode "1" or, if `grey`, "L"."""
        try:
            self._device.display(image.convert(self._device.mode))
        except (LumaError, OSError) as error:
            raise _gone(self._chip, error) from error

    def contrast(self, level: int) -> None:
        """Set the brightness, 0 to 255."""
        try:
            self._device.contrast(level)
        except (LumaError, OSError) as error:
            raise _gone(self._chip, error) from error

    def close(self) -> None:
        """Let go of the bus; the picture stays."""
        with contextlib.suppress(LumaError, OSError):
            self._wire.cleanup()


def open_display(config: OledConfig, board: Board) -> Display:
    """Open the display that `config` describes; raises DeviceError."""
    try:
        if config.interface == "spi":
            pins: Any = OutputLines(config.chip or (board.gpio.chip if board.gpio else ""))
            wire: Any = spi(
                gpio=pins,
                port=config.spi_port,
                device=config.spi_device,
                gpio_DC=config.spi_dc,
                gpio_RST=config.spi_reset,
            )
        else:
            bus = bus_number(config.bus or board.i2c or "1")
            wire = i2c(port=bus, address=config.address)
    except (LumaError, OSError) as error:
        raise _gone(config.type, error) from error
    try:
        return Display(config.type, wire, rotate=config.rotate)
    except DeviceError:
        with contextlib.suppress(LumaError, OSError):
            wire.cleanup()
        raise


def bus_number(bus: str, folder: Path = _BUSES) -> int:
    """Return the number of an I2C bus, given so or by part of its name; raises DeviceError."""
    if bus.isdecimal():
        return int(bus)
    known: list[str] = []
    for entry in sorted(folder.glob("i2c-*")):
        with contextlib.suppress(OSError, ValueError):
            name = (entry / "name").read_text(errors="replace").strip()
            if bus in name:
                return int(entry.name.removeprefix("i2c-"))
            known.append(name)
    raise DeviceError(
        f"There is no I2C bus '{bus}' (known: {', '.join(known) or 'none'}). Set panel.oled.bus to "
        "a number or a part of a name."
    )


def _gone(chip: str, error: Exception) -> DeviceError:
    return DeviceError(f"The display ({chip}) does not answer: {error}. Check its wiring and type.")
