"""The panel's view of the engine: values, status, and a way to set and to command.

A thread listens on loopback. When the engine is gone the last values stay, `connected` says so, and
it is asked again until it answers.
"""

import contextlib
import math
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from pythonosc.osc_message_builder import OscMessageBuilder

from appliance.engine.client import Client
from appliance.errors import EngineUnreachableError
from appliance.panel.mirror import Mirror
from appliance.panel.news import messages
from appliance.panel.state import State, parse_state
from appliance.parameters import Table

_LARGEST = 65507  # bytes in one datagram
_RENEWAL = 8.0  # seconds between subscriptions, which last for 30
_RETRY = 0.5  # seconds between two knocks at an engine that does not answer
_SILENCE = 1.0  # seconds without a word after which the engine is taken for gone
_PATIENCE = 0.1
_ERRORS = 20
_ROOM = 1 << 20  # bytes of news that may wait


@dataclass(frozen=True, slots=True)
class News:
    """Something came from the engine.

    `addresses` are the parameters that changed; a message is the engine's answer to a command.
    """

    kind: Literal["connection", "values", "status", "message", "error"]
    addresses: tuple[str, ...] = ()
    arguments: tuple[Any, ...] = ()


class Box:
    """The engine on `host`:`port`; news come up to `rate` times a second."""

    def __init__(self, host: str = "127.0.0.1", port: int = 57130, *, rate: float = 30.0) -> None:
        """Prepare; nothing is sent before `start`."""
        self.host, self.port = host, port
        self.state = State()
        """The engine's last status; replaced as a whole."""
        self.values = Mirror(Table())
        """Values and table; replaced as a whole when the engine has other decoder slots."""
        self._shape: tuple[int, dict[str, tuple[str, float]]] = (self.values.table.slots, {})
        self.connected = False
        self.changes = 0
        """Rises with everything that came or was set: equal means nothing is new."""
        self.errors: deque[tuple[float, str]] = deque(maxlen=_ERRORS)
        """The engine's refusals, with the moment (time.monotonic) of each."""
        self._rate = rate
        self._listeners: tuple[Callable[[News], None], ...] = ()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._socket = self._open()
        self._heard = self._subscribed = -math.inf

    def start(self) -> None:
        """Start listening."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="box", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and take leave of the engine."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=2)
        for feed in ("/status/subscribe", "/params/subscribe"):
            self.command(feed, 0.0)
        self._socket.close()

    def listen(self, listener: Callable[[News], None]) -> None:
        """Call `listener` with all news, in the box's thread: it must return at once."""
        self._listeners = (*self._listeners, listener)

    def ignore(self, listener: Callable[[News], None]) -> None:
        """Call `listener` no more."""
        self._listeners = tuple(each for each in self._listeners if each != listener)

    def get(self, address: str) -> float:
        """Return a parameter's value in its unit; raises ParameterError if there is none."""
        return self.values[address]

    def set(self, address: str, value: float) -> None:
        """Set a parameter, kept inside its range; raises ParameterError if there is none."""
        values = self.values
        parameter = values.table[address]
        value = min(max(float(value), parameter.minimum), parameter.maximum)
        values.set(address, value)
        self.changes += 1
        self.command(address, value)

    def command(self, address: str, *arguments: str | float) -> bool:
        """Send one message and do not wait; return whether it went out. Refusals are news."""
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument)
        try:
            self._socket.send(builder.build().dgram)
        except OSError:
            return False
        return True

    def ask(
        self, address: str, *arguments: str | float, end: str, timeout: float = 2.0
    ) -> list[tuple[str, list[Any]]]:
        """Send one message, wait, and return the answers up to the one at address `end`.

        Raises ParameterError with the engine's refusal, EngineUnreachableError after `timeout`
        seconds of silence.
        """
        answers: list[tuple[str, list[Any]]] = []
        with Client(self.host, self.port, timeout) as client:
            client.send(address, *arguments)
            while not answers or answers[-1][0] != end:
                answers.append(client.receive())
        return answers

    def wait(self, timeout: float) -> None:
        """Wait until the engine is connected; raises EngineUnreachableError after `timeout` s."""
        deadline = time.monotonic() + timeout
        while not self.connected:
            if time.monotonic() > deadline:
                raise EngineUnreachableError(
                    f"No engine answers on {self.host}:{self.port}. Start it with "
                    "'neural-synth play'."
                )
            time.sleep(0.005)

    def _open(self) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        opened.connect((self.host, self.port))
        opened.settimeout(_PATIENCE)
        return opened

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._knock(time.monotonic())
            try:
                data = self._socket.recv(_LARGEST)
            except TimeoutError:
                data = b""
            except OSError:  # nobody listens there
                data = b""
                self._stopping.wait(_PATIENCE)
            if data:
                self._heard = time.monotonic()
                self._hear(data)
            elif self.connected and time.monotonic() - self._heard > _SILENCE:
                self.connected = False
                self._tell(News("connection"))

    def _knock(self, now: float) -> None:
        if now - self._subscribed < (_RENEWAL if self.connected else _RETRY):
            return
        self._subscribed = now
        self.command("/status/subscribe", self._rate)
        self.command("/params/subscribe", self._rate)

    def _hear(self, data: bytes) -> None:
        changed: list[str] = []
        for address, arguments in messages(data):
            if address == "/status":
                self._take(arguments)
            elif address == "/error":
                self.errors.append((time.monotonic(), str(arguments[0] if arguments else "")))
                self._tell(News("error", arguments=tuple(arguments)))
            elif address in self.values:
                if arguments and self.values.hear(address, float(arguments[0])):
                    changed.append(address)
            else:
                self._tell(News("message", (address,), tuple(arguments)))
        if changed:
            self._tell(News("values", tuple(changed)))

    def _take(self, arguments: list[Any]) -> None:
        try:
            self.state = parse_state(str(arguments[0] if arguments else ""))
        except msgspec.MsgspecError as error:
            self.errors.append((time.monotonic(), f"The engine's status cannot be read: {error}."))
            return
        slots = self.state.slots
        named = self.state.conditions
        if slots and (slots, named) != self._shape:
            self._shape = slots, named
            self.values = Mirror(Table(slots, named))
            self.command("/params/subscribe", self._rate)
        if not self.connected:
            self.connected = True
            self._tell(News("connection"))
        self._tell(News("status"))

    def _tell(self, news: News) -> None:
        self.changes += 1
        for listener in self._listeners:
            listener(news)
