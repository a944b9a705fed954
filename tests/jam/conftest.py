"""A studio beside an engine's latents, stepped by the tests."""

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.engine.queue import ParameterQueue
from appliance.jam.shelves import Shelves
from appliance.jam.studio import Studio
from appliance.latent import Jam, LatentSum, Offset
from appliance.parameters import Table, Values
from tests.priors.conftest import folder as folder  # noqa: PLC0414 (a fixture, used by name)

RATE = 44100


class Room:
    """A studio, the latent sum it plays in, and what it answered."""

    def __init__(self, folder: Path) -> None:
        self.values = Values(Table(2))
        self.queue = ParameterQueue()
        self.jam = Jam(self.values, RATE)
        self.sum = LatentSum(self.values, 2, (Offset(self.values, RATE), self.jam))
        self.folder = folder
        self.studio = Studio(
            self.jam,
            self.values,
            self.queue,
            Shelves(folder, (folder, folder.parent / "factory"), (), "choir-spectral"),
            rate=RATE,
            modules=("offset", "jam"),
        )
        self.files: dict[str, str] = {}
        self.studio.keep = self.files.__setitem__
        self.studio.kept = lambda: self.files
        self.replies: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.instant = 0

    def send(self, name: str, *arguments: object) -> None:
        self.studio.perform(f"/jam/{name}", arguments, lambda *said: self.replies.put(said))

    def said(self) -> tuple[Any, ...]:
        """Return the next answer."""
        return self.replies.get(timeout=20)

    def __call__(self, name: str, *arguments: object) -> tuple[Any, ...]:
        self.send(name, *arguments)
        return self.said()

    def run(self, instants: int) -> NDArray[np.float64]:
        """Let the engine go on; return what the jam module gave."""
        out: list[NDArray[np.float64]] = []
        for first in range(0, instants, 2):
            self.queue.drain(self.values.array)
            z = np.zeros((2, 8, min(2, instants - first)))
            self.sum.evaluate(self.instant, z)
            self.jam.record(self.sum.outputs)
            self.instant += z.shape[2]
            out.append(self.sum.outputs[1].copy())
        return np.concatenate(out, axis=1)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Return a studio at work in an empty folder."""
    room = Room(tmp_path / "player")
    room.studio.start()
    yield room
    room.studio.stop()


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
