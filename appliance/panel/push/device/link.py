"""The seam between a Push and everything that plays on it: real wires here, a fake there."""

from collections.abc import Callable
from typing import Protocol

from appliance.panel.push.device.model import Model

Receive = Callable[[bytes], None]
"""Takes one whole MIDI message, in a thread of the wires', and returns at once."""


class MidiLink(Protocol):
    """The open MIDI ports of one Push."""

    def send(self, message: bytes) -> None:
        """Send one message; raises DeviceError if the ports are gone."""
        ...

    def close(self) -> None:
        """Let the ports go."""
        ...


class DisplayLink(Protocol):
    """The open display of one Push."""

    def write(self, frame: bytes) -> None:
        """Send one frame without header; raises DeviceError if the display is gone."""
        ...

    def close(self) -> None:
        """Let the display go; it turns black within two seconds."""
        ...


class Wires(Protocol):
    """What is plugged into this machine."""

    def find(self) -> Model | None:
        """Return the Push whose MIDI ports are there, None if there is none."""
        ...

    def open_midi(self, model: Model, receive: Receive) -> MidiLink:
        """Open its ports; raises DeviceError."""
        ...

    def open_display(self, model: Model) -> DisplayLink:
        """Open its display; raises DeviceError."""
        ...
