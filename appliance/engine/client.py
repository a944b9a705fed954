"""Asks a running engine over OSC."""

import json
import socket
from collections import deque
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from appliance.errors import EngineUnreachableError, ParameterError

_LARGEST = 65507
_BUFFER = 1 << 20  # bytes; the system may grant less


class Client:
    """A connection to the engine on `host`:`port`; every question waits up to `timeout` seconds."""

    def __init__(self, host: str = "127.0.0.1", port: int = 57130, timeout: float = 1.0) -> None:
        """Open a socket; nothing is sent yet."""
        self._target = (host, port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # The parameter table comes at once and is larger than what a socket usually holds.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.settimeout(timeout)
        self._received: deque[OscMessage] = deque()  # the rest of a bundle

    def __enter__(self) -> "Client":
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, address: str, *arguments: str | float) -> None:
        """Send one message and do not wait."""
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        self._socket.sendto(builder.build().dgram, self._target)

    def receive(self) -> tuple[str, list[Any]]:
        """Return the next message as (address, arguments).

        Raises ParameterError if the engine answers with an error, EngineUnreachableError if
        nothing answers.
        """
        try:
            while not self._received:
                packet = OscPacket(self._socket.recv(_LARGEST))
                self._received.extend(timed.message for timed in packet.messages)
        except OSError:
            host, port = self._target
            raise EngineUnreachableError(
                f"No engine answers on {host}:{port}. Start it with 'neural-synth play', or give "
                "the port it uses with --port."
            ) from None
        message = self._received.popleft()
        if message.address == "/error":
            raise ParameterError(str(message.params[0]))
        return str(message.address), list(message.params)

    def status(self) -> dict[str, Any]:
        """Return the engine's status; raises as `receive` does."""
        self.send("/status")
        address, arguments = self.receive()
        while address != "/status":
            address, arguments = self.receive()
        return json.loads(arguments[0])

    def get(self, parameter: str) -> float:
        """Return a parameter's value; raises as `receive` does."""
        self.send(parameter)
        address, arguments = self.receive()
        while address != parameter:
            address, arguments = self.receive()
        return float(arguments[0])

    def params(self) -> list[list[Any]]:
        """Return every row of the parameter table; raises as `receive` does."""
        self.send("/params")
        rows: list[list[Any]] = []
        while True:
            address, arguments = self.receive()
            if address == "/params/end":
                return rows
            if address == "/params/parameter":
                rows.append(arguments)
