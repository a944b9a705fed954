"""What a conditioned model reads beside its latents: labels such as a pitch class."""

import msgspec

HIGHEST = 127.0
"""The largest number of a label that is no class."""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One label: its name, and of how many classes it is the number; 0 if it is any number."""

    name: str
    classes: int = 0

    @property
    def highest(self) -> float:
        """The largest number it takes; the least is 0."""
        return self.classes - 1.0 if self.classes else HIGHEST


def control(place: int) -> str:
    """Return the name of the graph's input for the label at `place`, from 0."""
    return f"condition{place}"
