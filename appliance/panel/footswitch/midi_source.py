"""Footswitches as MIDI controllers: 64 and above is down."""

import queue
from typing import Any

import rtmidi

from appliance.errors import DeviceError
from appliance.panel.footswitch.source import Levels, now
from appliance.panel.signals import Contact

_rtmidi: Any = rtmidi  # compiled, without types
_LOOK_SECONDS = 1.0
_CONTROL_CHANGE = 0xB0


class MidiSource:
    """Two controller numbers on the port whose name holds `device`; None is the first port."""

    def __init__(self, device: str | None, controllers: tuple[int, int], *, inverted: bool) -> None:
        """Open the port; raises DeviceError."""
        self._contacts: queue.SimpleQueue[Contact] = queue.SimpleQueue()
        self._controllers = controllers
        self._inverted = inverted
        self._looked = now()
        try:
            self._input = _rtmidi.MidiIn()
            ports: list[str] = self._input.get_ports()
        except (_rtmidi.SystemError, _rtmidi.RtMidiError) as error:
            raise DeviceError(f"There is no MIDI here ({error}).") from error
        found = [n for n, port in enumerate(ports) if device is None or device in port]
        if not found:
            raise DeviceError(
                f"There is no MIDI input '{device or 'at all'}' (known: "
                f"{', '.join(ports) or 'none'}). Plug it in, or set panel.footswitch.device."
            )
        self.name = ports[found[0]]
        self._input.set_callback(self._take)
        self._input.open_port(found[0])

    def wait(self, seconds: float) -> list[Contact]:
        """Return the next contact, if one comes in time."""
        if now() - self._looked > _LOOK_SECONDS:
            self._looked = now()
            # An unplugged port says nothing by itself.
            if self.name not in self._input.get_ports():
                raise DeviceError(f"MIDI input '{self.name}' is gone.")
        try:
            return [self._contacts.get(timeout=max(0.0, seconds))]
        except queue.Empty:
            return []

    def levels(self) -> Levels | None:
        """Return None: MIDI tells changes only."""
        return None

    def close(self) -> None:
        """Close the port."""
        self._input.cancel_callback()
        self._input.close_port()

    def _take(self, event: tuple[list[int], float], _: object = None) -> None:
        # Called in rtmidi's own thread.
        message, _ = event
        if len(message) != 3 or message[0] & 0xF0 != _CONTROL_CHANGE:
            return
        if message[1] in self._controllers:
            down = (message[2] >= 64) is not self._inverted
            self._contacts.put(Contact(self._controllers.index(message[1]), down, now()))
