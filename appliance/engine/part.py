"""What stands beside the player: takes messages and files, and tells its state."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class Part(Protocol):
    """A part of the engine, such as the clock, that hands reach by OSC."""

    @property
    def name(self) -> str:
        """The first part of its addresses and its section of the status, such as "clock"."""
        ...

    @property
    def receivers(self) -> Mapping[str, Callable[[Path], None]]:
        """What takes the files that presets name, by their address."""
        ...

    def perform(self, address: str, arguments: Sequence[Any], reply: Callable[..., object]) -> None:
        """Carry out a message that is no parameter; raises ApplianceError with one sentence.

        Called from one thread, which must not wait; `reply` takes an address and its arguments and
        may be called later, from any thread.
        """
        ...

    def status(self) -> dict[str, Any]:
        """Return the state: JSON types only."""
        ...

    def start(self) -> None:
        """Start the part's threads, if it has any."""
        ...

    def stop(self) -> None:
        """End them."""
        ...
