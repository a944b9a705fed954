"""An engine's OSC side without sound: a server over values that a test drains itself."""

import functools
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from appliance.engine.queue import ParameterQueue
from appliance.engine.server import Server
from appliance.panel.box import Box
from appliance.parameters import Table, Values


class Engine:
    """Answers OSC as the engine does and takes changes over at once."""

    def __init__(self, port: int = 0, slots: int = 4) -> None:
        self.values = Values(Table(slots))
        self.queue = ParameterQueue()
        self.status: dict[str, Any] = {
            "name": "box",
            "decoders": [{"model": "m", "slots": list(range(1, slots + 1))}],
        }
        self.commands: list[tuple[str, tuple[Any, ...]]] = []
        self.server = Server(
            self.values, self.queue, lambda: self.status, port=port, commands={"preset": self._take}
        )
        self.port = self.server.port
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self.server.start()
        self._thread.start()

    def _take(self, address: str, arguments: Any, reply: Any) -> None:
        self.commands.append((address, tuple(arguments)))
        if address == "/preset/list":
            reply("/preset/slot", 3, "three", "")
            reply("/preset/list/end", 1)

    def _drain(self) -> None:
        while not self._stopping.wait(0.001):
            self.queue.drain(self.values.array)

    def stop(self) -> None:
        """End, as an engine that crashes."""
        self._stopping.set()
        self._thread.join()
        self.server.stop()


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.stop()


@pytest.fixture
def box(engine: Engine) -> Iterator[Box]:
    box = Box(port=engine.port)
    box.start()
    box.wait(5)
    yield box
    box.stop()


def until(condition: functools.partial[bool] | Any, seconds: float = 10.0) -> None:
    """Wait for `condition`; fail after `seconds`."""
    moment = threading.Event()
    for _ in range(int(seconds / 0.002)):
        if condition():
            return
        moment.wait(0.002)
    raise AssertionError("it did not happen")
