"""The engine's ear and mouth: Open Sound Control over UDP on the loopback interface.

- an address of the parameter table with a value sets it; without one, it answers with the value
- ``/params`` answers with a ``/params/parameter`` message per parameter, then ``/params/end``, in
  bundles, since a thousand datagrams at once are more than a socket holds
- ``/status`` answers with ``/status`` and one JSON text
- ``/status/subscribe`` sends that feed to the sender for 30 seconds; ask again to go on
- ``/preset/recall 7`` and the other messages of the presets, see ``neural-synth presets format``
- what cannot be understood is answered with ``/error`` and one sentence
"""

import contextlib
import functools
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_packet import ParseError as PacketParseError

from appliance.engine.queue import ParameterQueue
from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.errors import ApplianceError, ConfigError
from appliance.parameters import Parameter, Values

_SUBSCRIPTION = 30.0  # seconds
_LARGEST = 65507  # bytes in one datagram
_BUNDLED = 64  # messages in one datagram
_SUBSCRIBERS = 16
_PATIENCE = 0.5  # seconds between looks at whether to stop

Address = tuple[str, int]

Commands = Callable[[str, Sequence[Any], Callable[..., object]], None]
"""Carries out a message: its address, its arguments, and a function that answers."""


class Server:
    """Answers OSC messages in a thread of its own; changes go through the engine's queue."""

    def __init__(
        self,
        values: Values,
        queue: ParameterQueue,
        status: Callable[[], dict[str, Any]],
        *,
        host: str = "127.0.0.1",
        port: int = 57130,
        status_rate: float = 10,
        presets: Commands | None = None,
    ) -> None:
        """Bind the port; raises ConfigError if it is taken. Port 0 takes any free one.

        `status_rate` is in messages a second to each subscriber; 0 is none. `presets` takes the
        messages below ``/preset/`` and may answer later, from any thread.
        """
        self._presets = presets
        self._values = values
        self._queue = queue
        self._status = status
        self._interval = 1 / status_rate if status_rate > 0 else math.inf
        self._subscribers: dict[Address, float] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise ConfigError(
                f"OSC port {port} on {host} cannot be opened ({error.strerror}). Another engine "
                "may be running; stop it or set osc.port in the configuration."
            ) from error
        self._socket.settimeout(min(self._interval, _PATIENCE))
        self.port: int = self._socket.getsockname()[1]
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="osc", daemon=True)

    def start(self) -> None:
        """Start answering."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and close the port."""
        self._stopping = True
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        self._socket.close()

    def _run(self) -> None:
        enter_real_time(BACKGROUND)
        due = time.monotonic() + self._interval
        while not self._stopping:
            try:
                data, sender = self._socket.recvfrom(_LARGEST)
            except TimeoutError:
                data, sender = b"", None
            except OSError:
                data, sender = b"", None  # an earlier answer found nobody listening
            if sender is not None:
                self._receive(data, sender)
            now = time.monotonic()
            if now >= due:
                due = now + self._interval
                self._feed(now)

    def _receive(self, data: bytes, sender: Address) -> None:
        try:
            messages = [timed.message for timed in OscPacket(data).messages]
        except (PacketParseError, ParseError, ValueError, IndexError, UnicodeDecodeError):
            self._send(sender, "/error", f"A datagram of {len(data)} bytes is not valid OSC.")
            return
        for message in messages:
            try:
                self._handle(message, sender)
            except ApplianceError as error:
                self._send(sender, "/error", str(error))

    def _handle(self, message: OscMessage, sender: Address) -> None:
        address, arguments = str(message.address), list(message.params)
        if address == "/params":
            self._tell_parameters(sender)
        elif address == "/status":
            self._send(sender, "/status", json.dumps(self._status()))
        elif address == "/status/subscribe":
            if len(self._subscribers) < _SUBSCRIBERS or sender in self._subscribers:
                self._subscribers[sender] = time.monotonic() + _SUBSCRIPTION
        elif self._presets is not None and address.startswith("/preset/"):
            self._presets(address, arguments, functools.partial(self._answer, sender))
        elif arguments:
            index = self._values.table.index(address)
            self._queue.put(index, self._values.table.parameters[index].parse(arguments[0]))
        else:
            self._send(sender, address, self._values.get(address))

    def _tell_parameters(self, sender: Address) -> None:
        messages = [_message("/params/parameter", *self._describe(p)) for p in self._values.table]
        messages.append(_message("/params/end", len(self._values.table)))
        for start in range(0, len(messages), _BUNDLED):
            bundle = OscBundleBuilder(IMMEDIATELY)
            for message in messages[start : start + _BUNDLED]:
                bundle.add_content(message)
            with contextlib.suppress(OSError):
                self._socket.sendto(bundle.build().dgram, sender)

    def _describe(self, parameter: Parameter) -> tuple[str | float, ...]:
        return (
            parameter.address,
            parameter.name,
            parameter.unit,
            float(parameter.minimum),
            float(parameter.maximum),
            float(parameter.default),
            str(parameter.curve),
            ",".join(parameter.choices),
            self._values.get(parameter.address),
            parameter.description,
        )

    def _feed(self, now: float) -> None:
        self._subscribers = {a: end for a, end in self._subscribers.items() if end > now}
        if self._subscribers:
            text = json.dumps(self._status())
            for subscriber in self._subscribers:
                self._send(subscriber, "/status", text)

    def _send(self, target: Address, address: str, *arguments: str | float) -> None:
        if not self._answer(target, address, *arguments):
            self._subscribers.pop(target, None)

    def _answer(self, target: Address, address: str, *arguments: str | float) -> bool:
        """Send one message, from any thread; return whether it went out."""
        try:
            self._socket.sendto(_message(address, *arguments).dgram, target)
        except OSError:
            return False
        return True


def _message(address: str, *arguments: str | float) -> OscMessage:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build()
