"""What two switches mean: a pure function of timestamped contacts.

A press acts at once. A long press acts in addition. Both held act too, and say how many presses
led there, so that what these did can be taken back. Nothing ever waits for what might follow.
"""

import math
from dataclasses import dataclass
from enum import Enum

from appliance.panel.footswitch.debounce import Change, Debounce
from appliance.panel.signals import Contact

LEFT, RIGHT = 0, 1
SIDES = ("left", "right")


class Kind(Enum):
    """What a foot did."""

    PRESS = "press"
    RELEASE = "release"
    LONG = "long"
    BOTH = "both"
    OFF = "off"
    STUCK = "stuck"
    FREED = "freed"


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something a foot did with `switch` at `time`.

    For BOTH, `switch` is the one that came second and `presses` those that led there.
    """

    kind: Kind
    switch: int
    time: float
    presses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """Times in seconds: how long contacts bounce; what counts as long, both, off, stuck.

    `off` is for both held so long, 0 for never.
    """

    bounce: float = 0.025
    long: float = 0.6
    both: float = 0.5
    off: float = 8.0
    stuck: float = 30.0


@dataclass(slots=True)
class _Switch:
    debounce: Debounce
    since: float = -math.inf
    long_done: bool = True
    stuck: bool = False
    stuck_done: bool = False


class Pedals:
    """Two switches. Contacts and ticks must come in the order of their times."""

    def __init__(
        self,
        timing: Timing = Timing(),
        *,
        down: tuple[bool, bool] = (False, False),
        time: float = -math.inf,
    ) -> None:
        """Begin at `time` with what is `down` already; that is no press, but may be stuck."""
        self._timing = timing
        self._switches = [
            _Switch(Debounce(timing.bounce, down=each), since=time, stuck_done=not each)
            for each in down
        ]
        self._presses: list[int] = []
        self._both_done = self._off_done = True

    @property
    def down(self) -> tuple[bool, bool]:
        """Which switches are down now."""
        left, right = (switch.debounce.down for switch in self._switches)
        return left, right

    def contact(self, contact: Contact) -> list[Gesture]:
        """Return what `contact` tells, after all that became certain before it."""
        done = self.tick(math.nextafter(contact.time, -math.inf))
        changes = self._switches[contact.switch].debounce.contact(contact.closed, contact.time)
        return done + [g for change in changes for g in self._change(contact.switch, change)]

    def tick(self, time: float) -> list[Gesture]:
        """Return what has become certain by `time`, in order."""
        done: list[Gesture] = []
        while (due := self.due) <= time:
            before = len(done)
            for number, switch in enumerate(self._switches):
                for change in switch.debounce.settle(due):
                    done += self._change(number, change)
            done += self._held(due)
            if len(done) == before and self.due <= due:
                break
        return done

    @property
    def due(self) -> float:
        """When the next tick will have something to tell; infinite if only a contact can."""
        moments = [self._both_due(), self._off_due()]
        for switch in self._switches:
            moments.append(switch.debounce.due)
            if switch.debounce.down and not switch.long_done:
                moments.append(switch.since + self._timing.long)
            if switch.debounce.down and not switch.stuck_done:
                moments.append(switch.since + self._timing.stuck)
        return min(moments)

    def _change(self, number: int, change: Change) -> list[Gesture]:
        down, time = change
        switch = self._switches[number]
        switch.since = time
        if not down:
            switch.long_done = switch.stuck_done = True
            self._both_done = self._off_done = True
            freed = [Gesture(Kind.FREED, number, time)] if switch.stuck else []
            switch.stuck = False
            return [*freed, Gesture(Kind.RELEASE, number, time)]
        other = self._switches[1 - number]
        chord = other.debounce.down and not other.stuck
        if not chord:
            self._presses.clear()
        self._presses.append(number)
        switch.long_done = switch.stuck_done = False
        self._both_done = not chord
        self._off_done = not chord or not self._timing.off
        return [Gesture(Kind.PRESS, number, time)]

    def _held(self, time: float) -> list[Gesture]:
        """Return what being held until `time` means."""
        done: list[Gesture] = []
        if self._both_due() <= time:
            self._both_done = True
            for switch in self._switches:
                switch.long_done = True
            done.append(Gesture(Kind.BOTH, self._second, time, tuple(self._presses)))
            self._presses.clear()
        if self._off_due() <= time:
            self._off_done = True
            done.append(Gesture(Kind.OFF, self._second, time))
        for number, switch in enumerate(self._switches):
            if not switch.debounce.down:
                continue
            if not switch.long_done and switch.since + self._timing.long <= time:
                switch.long_done = True
                # With the other one down too, this is on its way to both.
                if self._both_done:
                    done.append(Gesture(Kind.LONG, number, time))
            if not switch.stuck_done and switch.since + self._timing.stuck <= time:
                switch.stuck_done = switch.stuck = True
                done.append(Gesture(Kind.STUCK, number, time))
        return done

    @property
    def _second(self) -> int:
        """The switch that went down last."""
        return max((LEFT, RIGHT), key=lambda number: self._switches[number].since)

    def _both_due(self) -> float:
        if self._both_done:
            return math.inf
        return self._switches[self._second].since + self._timing.both

    def _off_due(self) -> float:
        if self._off_done:
            return math.inf
        return self._switches[self._second].since + self._timing.off
