"""Footswitches on GPIO lines through libgpiod 2: any board, with the kernel's timestamps."""

from datetime import timedelta
from pathlib import Path

import gpiod
from gpiod.line import Bias, Clock, Direction, Edge, Value

from appliance.board import Pins
from appliance.errors import DeviceError
from appliance.panel.footswitch.source import Levels
from appliance.panel.signals import Contact

_DEVICES = Path("/dev")


class GpiodSource:
    """The two lines of `pins`, pulled up; `active_low` is for contacts that close when stepped on.

    The kernel does not debounce: that would tell every press late.
    """

    def __init__(self, pins: Pins, *, active_low: bool, devices: Path = _DEVICES) -> None:
        """Request the lines; raises DeviceError."""
        self.name = f"{pins.chip} {pins.left} {pins.right}"
        chip = find_chip(pins.chip, devices)
        settings = gpiod.LineSettings(
            direction=Direction.INPUT,
            edge_detection=Edge.BOTH,
            bias=Bias.PULL_UP,
            active_low=active_low,
            event_clock=Clock.MONOTONIC,
        )
        lines = [int(line) if line.isdecimal() else line for line in (pins.left, pins.right)]
        try:
            with gpiod.Chip(str(chip)) as opened:
                self._offsets = [opened.line_offset_from_id(line) for line in lines]
            self._request = gpiod.request_lines(
                str(chip),
                consumer="neural-synth",
                config=dict.fromkeys(self._offsets, settings),
                event_buffer_size=256,
            )
        except (OSError, ValueError) as error:
            raise DeviceError(
                f"Lines {pins.left} and {pins.right} of GPIO chip '{pins.chip}' cannot be used "
                f"({error}). Check panel.footswitch in the configuration and the wiring."
            ) from error

    def wait(self, seconds: float) -> list[Contact]:
        """Return the edges that came, in order."""
        if not self._request.wait_edge_events(timedelta(seconds=max(0.0, seconds))):
            return []
        return [
            Contact(
                self._offsets.index(event.line_offset),
                event.event_type is event.Type.RISING_EDGE,
                event.timestamp_ns / 1e9,
            )
            for event in self._request.read_edge_events()
        ]

    def levels(self) -> Levels:
        """Return what is down now."""
        left, right = self._request.get_values(self._offsets)
        return left is Value.ACTIVE, right is Value.ACTIVE

    def close(self) -> None:
        """Give the lines back."""
        self._request.release()


def find_chip(label: str, devices: Path = _DEVICES) -> Path:
    """Return the chip of this label or name: numbers change from kernel to kernel."""
    known: list[str] = []
    for path in sorted(devices.glob("gpiochip*")):
        try:
            with gpiod.Chip(str(path)) as chip:
                info = chip.get_info()
        except OSError as error:
            known.append(f"{path.name} ({error.strerror})")
            continue
        if label in (info.label, info.name):
            return path
        known.append(info.label)
    raise DeviceError(
        f"There is no GPIO chip '{label}' (known: {', '.join(known) or 'none'}). Set "
        "panel.footswitch.chip, or panel.footswitch.source to none."
    )
