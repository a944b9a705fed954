"""Undo and redo: what each step changed, of the sound and of the bank."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.presets.bank import Entry
from appliance.presets.sound import Sound

STEPS = 100

Slots = Mapping[int, Entry | None]
"""What some slots hold; None is empty."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the sound and the slots before it and after it; None where nothing changed."""

    before: Sound | None = None
    after: Sound | None = None
    slots_before: Slots = field(default_factory=dict[int, Entry | None])
    slots_after: Slots = field(default_factory=dict[int, Entry | None])


class Undo:
    """The last hundred steps that can be undone, and those undone that can be done again."""

    def __init__(self) -> None:
        """Begin with nothing to undo."""
        self._done: deque[Step] = deque(maxlen=STEPS)
        self._undone: list[Step] = []

    @property
    def depth(self) -> tuple[int, int]:
        """How many steps can be undone and done again."""
        return len(self._done), len(self._undone)

    def add(self, step: Step) -> None:
        """Add a step that was just done; what was undone before is forgotten."""
        self._done.append(step)
        self._undone.clear()

    def undo(self) -> Step | None:
        """Return the last step, which the caller takes back; None if there is none."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        return step

    def redo(self) -> Step | None:
        """Return the step undone last, which the caller does again; None if there is none."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        return step
