"""The real wires: MIDI by ALSA's sequencer, the display by USB."""

import contextlib
import importlib
import re
from types import ModuleType
from typing import Any

from appliance.errors import DeviceError
from appliance.panel.midi import has_midi
from appliance.panel.push.device.frame import HEADER
from appliance.panel.push.device.link import Receive
from appliance.panel.push.device.model import VENDOR, Model, model_of

_PORT = re.compile(r"^(?P<client>[^:]+):.*?\b\d+:(?P<port>\d+)$")
_DISPLAY_INTERFACE, _DISPLAY_OUT = 0, 0x01
_TIMEOUT_MS = 1000


class RealWires:
    """Whatever is plugged in; vendor libraries are loaded when something is."""

    def __init__(self) -> None:
        """Prepare; no device is touched."""
        self._rtmidi: ModuleType | None = None
        self._watch: Any = None

    def find(self) -> Model | None:
        """Return the Push that has MIDI ports here."""
        for port in self._ports():
            model = model_of(port.partition(":")[0])
            if model is not None and _index(port) == model.port:
                return model
        return None

    def open_midi(self, model: Model, receive: Receive) -> "RealMidi":
        """Open both directions of the port that the model is played on."""
        return RealMidi(self._library(), model, receive)

    def open_display(self, model: Model) -> "RealDisplay":
        """Claim the display alone: sound and MIDI stay with the kernel."""
        return RealDisplay(model)

    def _library(self) -> ModuleType:
        if self._rtmidi is None:
            self._rtmidi = importlib.import_module("rtmidi")
        return self._rtmidi

    def _ports(self) -> list[str]:
        if not has_midi():
            return []
        if self._watch is None:
            library = self._library()
            try:
                # One for good: each new one would be a client of the sequencer for a while.
                self._watch = library.MidiIn(name="neural-synth look")
            except (library.SystemError, library.RtMidiError) as error:
                raise DeviceError(f"There is no MIDI here ({error}).") from error
        return list(self._watch.get_ports())


class RealMidi:
    """One Push's input and output port."""

    def __init__(self, library: ModuleType, model: Model, receive: Receive) -> None:
        """Open them; raises DeviceError."""
        mido = importlib.import_module("mido")
        self._error: tuple[type[Exception], ...] = (library.RtMidiError, library.SystemError)
        self._parser = mido.Parser()
        self._receive = receive
        self._name = model.name
        try:
            self._input = library.MidiIn(name="neural-synth", queue_size_limit=4096)
            self._output = library.MidiOut(name="neural-synth")
            self._input.ignore_types(sysex=False, timing=True, active_sense=True)
            self._input.open_port(_number(self._input.get_ports(), model))
            self._output.open_port(_number(self._output.get_ports(), model))
        except self._error as error:
            raise DeviceError(
                f"The MIDI ports of {model.name} cannot be opened: {error}."
            ) from error
        self._input.set_callback(self._take)

    def send(self, message: bytes) -> None:
        """Send one message."""
        try:
            self._output.send_message(message)
        except (*self._error, ValueError, TypeError) as error:
            raise DeviceError(f"{self._name} takes no MIDI any more: {error}.") from error

    def close(self) -> None:
        """Close both ports and delete them: a dead port would stay a client for ever."""
        self._input.cancel_callback()
        for port in (self._input, self._output):
            port.close_port()
            port.delete()

    def _take(self, event: tuple[list[int], float], _: object = None) -> None:
        self._parser.feed(event[0])
        for message in self._parser:
            self._receive(bytes(message.bytes()))


class RealDisplay:
    """The display of a Push 2 or 3."""

    def __init__(self, model: Model) -> None:
        """Claim it; raises DeviceError."""
        self._core = importlib.import_module("usb.core")
        self._util = importlib.import_module("usb.util")
        self._name = model.name
        try:
            found = self._core.find(idVendor=VENDOR, idProduct=model.product)
        except self._core.NoBackendError as error:
            raise DeviceError(
                "The display of a Push needs libusb. Install the package libusb-1.0-0."
            ) from error
        if found is None:
            raise DeviceError(f"The display of {model.name} is not to be found on USB.")
        self._device: Any = found
        try:
            with contextlib.suppress(NotImplementedError):
                if found.is_kernel_driver_active(_DISPLAY_INTERFACE):
                    found.detach_kernel_driver(_DISPLAY_INTERFACE)
            self._util.claim_interface(found, _DISPLAY_INTERFACE)
        except self._core.USBError as error:
            self._util.dispose_resources(found)
            raise DeviceError(
                f"The display of {model.name} cannot be used: {error}. Put the user into the group "
                "plugdev and install the udev rules, then plug the Push in again."
            ) from error

    def write(self, frame: bytes) -> None:
        """Send one frame; the interpreter is free meanwhile."""
        try:
            self._device.write(_DISPLAY_OUT, HEADER, _TIMEOUT_MS)
            self._device.write(_DISPLAY_OUT, frame, _TIMEOUT_MS)
        except self._core.USBError as error:
            raise DeviceError(f"The display of {self._name} is gone: {error}.") from error

    def close(self) -> None:
        """Let it go."""
        with contextlib.suppress(self._core.USBError):
            self._util.release_interface(self._device, _DISPLAY_INTERFACE)
        self._util.dispose_resources(self._device)


def _index(port: str) -> int | None:
    """Return which of its client's ports `port` is: the only part of its name to rely on."""
    match = _PORT.match(port)
    return None if match is None else int(match["port"])


def _number(ports: list[str], model: Model) -> int:
    for number, port in enumerate(ports):
        if model_of(port.partition(":")[0]) is model and _index(port) == model.port:
            return number
    raise DeviceError(f"The MIDI ports of {model.name} are gone.")
