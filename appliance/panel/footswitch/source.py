"""Where contacts come from: one small interface, with one file per library behind it."""

import queue
import time
from collections.abc import Callable
from typing import Protocol

from appliance.board import Board, Pins
from appliance.errors import DeviceError
from appliance.panel.settings import FootswitchConfig
from appliance.panel.signals import Contact

Levels = tuple[bool, bool]
"""Whether the left and the right switch are down."""


class Source(Protocol):
    """Two switches; every call but `close` raises OSError when they are gone."""

    name: str

    def wait(self, seconds: float) -> list[Contact]:
        """Return what happened, in order; wait for it at most `seconds`."""
        ...

    def levels(self) -> Levels | None:
        """Return what is down now, None where only changes are told."""
        ...

    def close(self) -> None:
        """Let go of the switches; harmless when called again."""
        ...


class Jacks:
    """Pedals in the jacks of another device, whose part puts their contacts into a queue."""

    name = "jacks"

    def __init__(self, contacts: "queue.SimpleQueue[Contact]") -> None:
        """Take from `contacts`."""
        self._contacts = contacts

    def wait(self, seconds: float) -> list[Contact]:
        """Return the next contact, if one comes in time."""
        try:
            return [self._contacts.get(timeout=max(0.0, seconds))]
        except queue.Empty:
            return []

    def levels(self) -> Levels | None:
        """Return None: a Push tells changes only."""
        return None

    def close(self) -> None:
        """Leave the queue to its owner."""


def open_source(config: FootswitchConfig, board: Board) -> Source | None:
    """Open what `config` asks for on `board`; None if there is nothing to open.

    Raises DeviceError if it cannot be opened now.
    """
    kinds: tuple[str, ...] = (config.source,)
    missing: ImportError | None = None
    if config.source == "auto":
        kinds = ("gpiod", "gpiozero") if board.gpio or config.chip else ("none",)
    for kind in kinds:
        if kind == "none":
            return None
        try:
            return _OPENERS[kind](config, board)
        except ImportError as error:
            missing = error
    raise DeviceError(
        f"Footswitches through {' or '.join(kinds)} need a library that is not there ({missing}). "
        "Install it with 'pip install neural-synth-appliance[footswitch]'."
    )


def _gpiod(config: FootswitchConfig, board: Board) -> Source:
    from appliance.panel.footswitch.gpiod_source import GpiodSource  # noqa: PLC0415

    return GpiodSource(_pins(config, board), active_low=config.normally == "open")


def _gpiozero(config: FootswitchConfig, board: Board) -> Source:
    from appliance.panel.footswitch.gpiozero_source import GpiozeroSource  # noqa: PLC0415

    return GpiozeroSource(_pins(config, board), active_low=config.normally == "open")


def _midi(config: FootswitchConfig, _: Board) -> Source:
    from appliance.panel.footswitch.midi_source import MidiSource  # noqa: PLC0415

    return MidiSource(
        config.device,
        (number_of(config.left or "64"), number_of(config.right or "67")),
        inverted=config.normally == "closed",
    )


def _evdev(config: FootswitchConfig, _: Board) -> Source:
    from appliance.panel.footswitch.evdev_source import EvdevSource  # noqa: PLC0415

    return EvdevSource(
        config.device,
        (config.left or "KEY_PAGEUP", config.right or "KEY_PAGEDOWN"),
        inverted=config.normally == "closed",
    )


_OPENERS: dict[str, Callable[[FootswitchConfig, Board], Source]] = {
    "gpiod": _gpiod,
    "gpiozero": _gpiozero,
    "midi": _midi,
    "evdev": _evdev,
}


def _pins(config: FootswitchConfig, board: Board) -> Pins:
    own = board.gpio
    chip = config.chip or (own.chip if own else None)
    left = config.left or (own.left if own else None)
    right = config.right or (own.right if own else None)
    if chip is None or left is None or right is None:
        raise DeviceError(
            f"{board.name} has no pins for footswitches: set panel.footswitch.chip, left and "
            "right, or another panel.footswitch.source."
        )
    return Pins(chip=chip, left=left, right=right)


def number_of(text: str) -> int:
    """Return the MIDI controller or pin that `text` names; raises DeviceError."""
    if not text.isdecimal() or int(text) > 1023:
        raise DeviceError(
            f"'{text}' names no footswitch: panel.footswitch.left and right are numbers here."
        )
    return int(text)


def now() -> float:
    """Return the time that contacts are stamped with, in seconds."""
    return time.monotonic()
