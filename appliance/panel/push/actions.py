"""What the surface asks of the engine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Set:
    """Set the parameter at `address` to `value`, in its unit."""

    address: str
    value: float


@dataclass(frozen=True, slots=True)
class Command:
    """Send a message that is no parameter."""

    address: str
    arguments: tuple[str | float, ...] = ()


Action = Set | Command
