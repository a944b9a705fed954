"""MIDI clock from outside to the engine: the pulses of the port that gives them."""

import time
from collections.abc import Callable
from typing import Any, cast

from appliance.errors import DeviceError
from appliance.panel.midi import has_midi
from appliance.panel.part import Desk, ThreadPart

LOOK_SECONDS = 2.0
"""Between two looks for ports that came or went."""

_SILENCE = 2.0  # seconds after which another port may lead
_OTHERS = ("Through", "Push")  # ports that give no clock of their own
_TIMING = {0xF8: "pulse", 0xFA: "start", 0xFB: "continue", 0xFC: "stop"}
_POSITION = 0xF2

Send = Callable[..., object]


class Leader:
    """Passes on the clock of one port at a time: of the first that sends, until it falls silent."""

    def __init__(self, send: Send, now: Callable[[], float] = time.monotonic) -> None:
        """Send the engine's messages by `send`, an address and its arguments."""
        self._send = send
        self._now = now
        self._heard = 0.0
        self.port: str | None = None
        """The port that leads."""

    def take(self, port: str, message: list[int]) -> None:
        """Take a MIDI message that came from `port`."""
        address, *arguments = command_of(message) or ("",)
        if not address:
            return
        now = self._now()
        if port != self.port:
            if self.port is not None and now - self._heard < _SILENCE:
                return
            self.port = port
        self._heard = now
        self._send(address, *arguments)


def command_of(message: list[int]) -> tuple[str, *tuple[int, ...]] | None:
    """Return the engine's message for a MIDI message, None if it is no matter of time."""
    if len(message) == 1 and message[0] in _TIMING:
        return (f"/clock/{_TIMING[message[0]]}",)
    if len(message) == 3 and message[0] == _POSITION:
        return ("/clock/position", message[1] | message[2] << 7)
    return None


class MidiClockPart(ThreadPart):
    """Listens to every MIDI input, or to the one of the configuration, as they come and go."""

    name = "midi_clock"

    def __init__(self, desk: Desk, library: Any = None) -> None:  # noqa: ANN401 (has no types)
        """Prepare; `library` stands in for rtmidi."""
        super().__init__()
        self._wanted = desk.config.panel.midi_clock.port
        self._library: Any = library
        self._leader = Leader(desk.box.command)
        self._open: dict[str, Any] = {}

    def run(self) -> None:
        """Open and close ports until told to stop; a machine without MIDI is waited for."""
        if self._library is None:
            while not has_midi():
                if self.stopping.wait(LOOK_SECONDS):
                    return
            import rtmidi  # noqa: PLC0415 (only a panel with MIDI needs it)

            self._library = cast("Any", rtmidi)  # compiled, without types
        try:
            scout = self._library.MidiIn()
        except (self._library.SystemError, self._library.RtMidiError) as error:
            raise DeviceError(
                f"There is no MIDI here ({error}): load ALSA's sequencer, or set "
                "panel.midi_clock.on to false."
            ) from error
        try:
            while not self.stopping.is_set():
                self._look(scout)
                self.stopping.wait(LOOK_SECONDS)
        finally:
            for name in list(self._open):
                self._close(name)
            scout.delete()

    def _look(self, scout: Any) -> None:  # noqa: ANN401
        names: list[str] = scout.get_ports()
        for name in self._open.keys() - set(names):
            self._close(name)
        for number, name in enumerate(names):
            if name not in self._open and self._hears(name):
                port = self._library.MidiIn()
                # Clock messages are left out unless they are asked for.
                port.ignore_types(sysex=True, timing=False, active_sense=True)
                port.set_callback(self._callback(name))
                port.open_port(number, "clock")
                self._open[name] = port

    def _hears(self, name: str) -> bool:
        if self._wanted is not None:
            return self._wanted in name
        return not any(other in name for other in _OTHERS)

    def _callback(self, name: str) -> Callable[..., None]:
        def take(event: tuple[list[int], float], _: object = None) -> None:
            self._leader.take(name, event[0])

        return take

    def _close(self, name: str) -> None:
        port = self._open.pop(name)
        port.cancel_callback()
        port.delete()
