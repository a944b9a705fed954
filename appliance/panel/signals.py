"""What one part of the panel tells another: a pedal in the Push's jack, a wish for another page."""

import queue
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Contact:
    """A switch's contact changed: `switch` 0 left or 1 right, at `time` (time.monotonic, s)."""

    switch: int
    closed: bool
    time: float


@dataclass(slots=True)
class Signals:
    """Shared by all parts; any thread may use it."""

    contacts: "queue.SimpleQueue[Contact]" = field(default_factory=queue.SimpleQueue["Contact"])
    """Pedals that are plugged into another device, such as the Push."""
    pages: int = 0
    """How often another page of the status display was asked for."""
    touched: float = field(default_factory=time.monotonic)
    """When a hand or foot last did something."""
    stuck: tuple[str, ...] = ()
    """Footswitches that have been down for too long to be meant."""
    input_error: str | None = None
    """Why the footswitch cannot be read."""

    def touch(self) -> None:
        """Note that a hand or foot did something."""
        self.touched = time.monotonic()

    def turn_page(self) -> None:
        """Ask for the next page of the status display."""
        self.pages += 1
        self.touch()
