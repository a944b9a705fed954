"""A bouncing contact read as presses: a pure function of timestamps.

The first edge counts at once. For `bounce` seconds after it nothing else does; then the switch is
what its contact is, so a release inside that time is only a little late. Edges are taken for
levels: two closings in a row are one. Where edges may get lost, read the level when `due` comes and
give it as a contact of that very moment: it then counts instead of the last edge.
"""

import math

Change = tuple[bool, float]
"""The switch went down (True) or up at a time in seconds."""


class Debounce:
    """One switch; times are in seconds and must not go back."""

    def __init__(self, bounce: float = 0.025, *, down: bool = False) -> None:
        """Begin with the switch up, or `down`."""
        self.down = down
        """Whether the switch is down, without bounces."""
        self._bounce = bounce
        self._closed = down
        self._locked_until = -math.inf

    @property
    def due(self) -> float:
        """When `settle` will have something to tell; infinite if only an edge can change it."""
        return self._locked_until if self._closed != self.down else math.inf

    def contact(self, closed: bool, time: float) -> list[Change]:
        """Take the contact's state at `time`; return what that changes, none to two."""
        changes = self.settle(time) if time > self._locked_until else []
        self._closed = closed
        if closed != self.down and time >= self._locked_until:
            changes.append(self._turn(time))
        return changes

    def settle(self, time: float) -> list[Change]:
        """Return what has become certain by `time`: at most one change, dated when it did."""
        if self._closed == self.down or time < self._locked_until:
            return []
        return [self._turn(self._locked_until)]

    def _turn(self, time: float) -> Change:
        self.down = self._closed
        self._locked_until = time + self._bounce
        return self.down, time
