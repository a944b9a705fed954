"""GPIO outputs as luma's SPI asks for them: a display's data/command and reset lines."""

import gpiod
from gpiod.line import Direction, Value

from appliance.panel.footswitch.gpiod_source import find_chip


class OutputLines:
    """Lines of the chip with this label, driven through libgpiod on any board."""

    OUT = "out"
    LOW = 0
    HIGH = 1

    def __init__(self, label: str) -> None:
        """Find the chip; raises DeviceError."""
        self._chip = str(find_chip(label))
        self._requests: dict[int, gpiod.LineRequest] = {}

    def setup(self, pin: int, direction: str) -> None:
        """Take a line as an output that is low."""
        del direction
        settings = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value.INACTIVE)
        self._requests[pin] = gpiod.request_lines(
            self._chip, consumer="neural-synth display", config={pin: settings}
        )

    def output(self, pin: int, level: int) -> None:
        """Drive a line."""
        self._requests[pin].set_value(pin, Value.ACTIVE if level else Value.INACTIVE)

    def cleanup(self, pins: list[int]) -> None:
        """Give lines back."""
        for pin in pins:
            if pin in self._requests:
                self._requests.pop(pin).release()
