"""A box without sound: the engine's parameters and morph, stepped block by block, and a keeper."""

import queue
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.config import Config, DecoderConfig
from appliance.engine.queue import ParameterQueue
from appliance.presets.box import box_values
from appliance.presets.commands import perform
from appliance.presets.keeper import Keeper, Receiver
from appliance.presets.morph import Morph
from appliance.presets.preset import Preset, write_preset
from appliance.presets.shelf import Shelf

CONFIG = Config(decoders=[DecoderConfig(model="a", pan=-0.5), DecoderConfig(model="b", pan=0.5)])
RATE = 44100
BLOCK = 256
SECOND = RATE // BLOCK + 1
"""Blocks in a second."""


def offset(value: float) -> dict[str, float | str]:
    """Return the parameters of a preset with one value of its own."""
    return {"/offset/1/value": value, "/noise/2/frequency": 1 + 10 * value}


FACTORY = {
    slot: Preset(name=f"Factory {slot}", tags=["t"], parameters=offset(slot / 10))
    for slot in (1, 2, 3, 7)
}


class Box:
    """`folder` is the player's; the factory's bank lies beside it."""

    def __init__(
        self,
        folder: Path,
        *,
        preset: str | None = None,
        wish: str | None = None,
        receivers: Mapping[str, Receiver] | None = None,
    ) -> None:
        """Begin as `play` does."""
        factory = Shelf(folder.parent / "factory")
        if not factory.exists:
            factory.create({s: write_preset(p).encode() for s, p in FACTORY.items()})
        self.values = box_values(CONFIG)
        self.queue = ParameterQueue()
        self.morph = Morph(self.values)
        self.keeper = Keeper(
            self.values,
            self.queue,
            self.morph,
            rate=RATE,
            folder=folder,
            factory=factory,
            receivers=receivers,
        )
        default = str(factory.folder / "01.yaml")
        self.first = self.keeper.begin(preset, wish, default)
        self.replies: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self._sample = 0

    def run(self, blocks: int = 1) -> None:
        """Let the engine's clock go on."""
        for _ in range(blocks):
            self.queue.drain(self.values.array, self.morph)
            self.morph.step(self._sample)
            self._sample += BLOCK

    def __call__(self, name: str, *arguments: object) -> None:
        """Send a message and let the engine take it; raises ApplianceError."""
        perform(self.keeper, f"/preset/{name}", arguments, lambda *said: self.replies.put(said))
        self.run()

    def turn(self, address: str, value: float) -> None:
        """Turn a knob."""
        self.queue.put(self.values.table.index(address), value)
        self.run()

    def rest(self) -> None:
        """Let the keeper look twice, so that what the hands did is a step."""
        for _ in range(2):
            self.status()

    def status(self) -> dict[str, Any]:
        """Return the state of the presets."""
        return self.keeper.status()

    def said(self, address: str) -> tuple[Any, ...]:
        """Return the arguments of the next reply to `address`, within 10 seconds."""
        while True:
            got, *arguments = self.replies.get(timeout=10)
            if got == address:
                return tuple(arguments)
            assert got != "/error", arguments

    def value(self, address: str = "/offset/1/value") -> float:
        """Return the value of a parameter."""
        return self.values.get(address)

    def crash(self) -> None:
        """End the thread without any farewell, as a power cut does."""
        self.keeper._stopping = True
        self.keeper.submit(lambda: None, lambda *_: None)
        if self.keeper._thread is not None:
            self.keeper._thread.join(5)


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
