"""The engine's ear and mouth: Open Sound Control over UDP on the loopback interface.

- an address of the parameter table with a value sets it; without one, it answers with the value
- ``/params`` answers with a ``/params/parameter`` message per parameter, then ``/params/end``, in
  bundles, since a thousand datagrams at once are more than a socket holds
- ``/status`` answers with ``/status`` and one JSON text
- ``/status/subscribe [RATE]`` sends that feed to the sender for 30 seconds, RATE (at most 30) times
  a second; ask again to go on
- ``/params/subscribe [RATE]`` sends in the same way the value of every parameter and then of those
  that changed, as bundles of plain messages; 0 ends either
- ``/preset/recall 7`` and the other messages of the presets, see ``neural-synth presets format``
- what cannot be understood is answered with ``/error`` and one sentence
"""

import functools
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket
from pythonosc.osc_packet import ParseError as PacketParseError

from appliance.engine.feed import Address, Feed, status_message
from appliance.engine.queue import ParameterQueue
from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.errors import ApplianceError, ConfigError, ParameterError
from appliance.parameters import Parameter, Values

_LARGEST = 65507  # bytes in one datagram
_BUNDLE = 15_500  # bytes of bundled messages in a datagram: what a socket's buffer holds best
_BUNDLE_HEAD = 16
_PATIENCE = 0.5  # seconds between looks at whether to stop
_SHORTEST = 0.0005  # seconds to listen between two looks at the feed

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
        commands: Mapping[str, Commands] | None = None,
    ) -> None:
        """Bind the port; raises ConfigError if it is taken. Port 0 takes any free one.

        `status_rate` is in messages a second to each subscriber that names no rate. `commands`
        take the messages that are no parameters by the first part of their address, such as
        "preset", and may answer later, from any thread.
        """
        self._commands = dict(commands or {})
        self._values = values
        self._queue = queue
        self._status = status
        self._rate = status_rate
        self._feed = Feed(values, status, self._post)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise ConfigError(
                f"OSC port {port} on {host} cannot be opened ({error.strerror}). Another engine "
                "may be running; stop it or set osc.port in the configuration."
            ) from error
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
        while not self._stopping:
            wait = self._feed.wait(time.monotonic(), _PATIENCE)
            self._socket.settimeout(max(wait, _SHORTEST))
            try:
                data, sender = self._socket.recvfrom(_LARGEST)
            except TimeoutError:
                data, sender = b"", None
            except OSError:
                data, sender = b"", None  # an earlier answer found nobody listening
            if sender is not None:
                self._receive(data, sender)
            self._feed.tell(time.monotonic())

    def _receive(self, data: bytes, sender: Address) -> None:
        try:
            messages = [timed.message for timed in OscPacket(data).messages]
        except (PacketParseError, ParseError, ValueError, IndexError, UnicodeDecodeError):
            self._answer(sender, "/error", f"A datagram of {len(data)} bytes is not valid OSC.")
            return
        for message in messages:
            try:
                self._handle(message, sender)
            except ApplianceError as error:
                self._answer(sender, "/error", str(error))

    def _handle(self, message: OscMessage, sender: Address) -> None:
        address, arguments = str(message.address), list(message.params)
        if address == "/params":
            self._tell_parameters(sender)
        elif address == "/status":
            self._post(sender, status_message(self._status()))
        elif address in ("/status/subscribe", "/params/subscribe"):
            rate = _rate_of(address, arguments[0]) if arguments else self._rate
            self._feed.subscribe(
                sender, time.monotonic(), rate, parameters=address == "/params/subscribe"
            )
        elif address not in self._values.table and (run := self._command(address)) is not None:
            run(address, arguments, functools.partial(self._answer, sender))
        elif arguments:
            index = self._values.table.index(address)
            self._queue.put(index, self._values.table.parameters[index].parse(arguments[0]))
        else:
            self._answer(sender, address, self._values.get(address))

    def _command(self, address: str) -> Commands | None:
        return self._commands.get(address[1:].partition("/")[0])

    def _tell_parameters(self, sender: Address) -> None:
        messages = [_message("/params/parameter", *self._describe(p)) for p in self._values.table]
        messages.append(_message("/params/end", len(self._values.table)))
        bundle, size = OscBundleBuilder(IMMEDIATELY), _BUNDLE_HEAD
        for message in messages:
            if size + message.size + 4 > _BUNDLE:
                self._post(sender, bundle.build().dgram)
                bundle, size = OscBundleBuilder(IMMEDIATELY), _BUNDLE_HEAD
            bundle.add_content(message)
            size += message.size + 4
        self._post(sender, bundle.build().dgram)

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

    def _answer(self, target: Address, address: str, *arguments: str | float) -> bool:
        """Send one message, from any thread; return whether it went out."""
        return self._post(target, _message(address, *arguments).dgram)

    def _post(self, target: Address, datagram: bytes) -> bool:
        try:
            self._socket.sendto(datagram, target)
        except OSError:
            return False
        return True


def _message(address: str, *arguments: str | float) -> OscMessage:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build()


def _rate_of(address: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ParameterError(f"{address} takes a RATE in messages a second, not {value!r}.")
    return float(value)
