"""OSC over a real socket: set, ask, describe, subscribe, and survive nonsense."""

import json
import socket
from collections.abc import Iterator

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from appliance.engine.client import Client
from appliance.engine.queue import ParameterQueue
from appliance.engine.server import Server
from appliance.errors import ConfigError, EngineUnreachableError, ParameterError
from appliance.parameters import Table, Values


class Desk:
    """A server with its values and queue, and a client of it."""

    def __init__(self) -> None:
        self.values = Values(Table(4))
        self.queue = ParameterQueue()
        self.server = Server(
            self.values, self.queue, lambda: {"name": "box", "n": 1}, port=0, status_rate=50
        )
        self.server.start()
        self.client = Client(port=self.server.port, timeout=2)

    def settle(self) -> None:
        """Wait until everything sent has been handled."""
        self.client.status()
        self.queue.drain(self.values.array)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.server.stop()
    desk.client.__exit__()


def test_sets_and_asks(desk: Desk) -> None:
    desk.client.send("/offset/3/value", 0.25)
    desk.client.send("/oscillators/1/waveform", "tri")
    desk.client.send("/decoder/2/on", 0)
    desk.settle()
    assert desk.client.get("/offset/3/value") == pytest.approx(0.25)
    assert desk.client.get("/oscillators/1/waveform") == 4
    assert desk.client.get("/decoder/2/on") == 0


def test_refuses_with_a_sentence(desk: Desk) -> None:
    for address, value, words in (
        ("/offset/3/value", 7.0, "-1 to 1"),
        ("/ofset/3/value", 0.5, "Did you mean '/offset/3/value'"),
        ("/oscillators/1/waveform", "sime", "Did you mean 'sine'"),
        ("/offset/1/value", float("nan"), "must be a number"),
    ):
        desk.client.send(address, value)
        with pytest.raises(ParameterError, match=words.replace("?", r"\?")):
            desk.client.receive()
    assert not desk.queue.drain(desk.values.array)


def test_describes_every_parameter(desk: Desk) -> None:
    rows = desk.client.params()
    assert len(rows) == len(desk.values.table)
    by_address = {row[0]: row for row in rows}
    row = by_address["/oscillators/8/frequency"]
    assert row[2:6] == ["Hz", 0.0, 100.0, 0.5]
    assert by_address["/noise/1/kind"][7] == "silence,white,rand"


def test_feeds_subscribers(desk: Desk) -> None:
    desk.client.send("/status/subscribe")
    for _ in range(3):
        address, arguments = desk.client.receive()
        assert address == "/status" and json.loads(arguments[0])["name"] == "box"


def test_survives_nonsense(desk: Desk) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for data in (b"", b"/", b"\xff" * 100, b"/offset/1/value", b"#bundle\0" + b"\1" * 30):
            stranger.sendto(data, ("127.0.0.1", desk.server.port))
    assert desk.client.status()["name"] == "box"


def test_takes_messages_without_a_number(desk: Desk) -> None:
    builder = OscMessageBuilder("/offset/1/value")
    builder.add_arg(b"blob", OscMessageBuilder.ARG_TYPE_BLOB)
    desk.client._socket.sendto(builder.build().dgram, ("127.0.0.1", desk.server.port))
    with pytest.raises(ParameterError, match="must be a number"):
        desk.client.receive()


def test_a_flood_is_counted_not_kept(desk: Desk) -> None:
    index = desk.values.table.index("/offset/1/value")
    for _ in range(5000):
        desk.queue.put(index, 0.5)
    assert desk.queue.overflows == 5000 - 4096
    assert desk.queue.drain(desk.values.array)
    assert desk.queue.put(index, 0.1)


def test_a_taken_port_is_said(desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"osc\.port"):
        Server(desk.values, desk.queue, dict, port=desk.server.port)


def test_nobody_there_is_said() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Client(port=port, timeout=0.2) as client, pytest.raises(EngineUnreachableError):
        client.status()
