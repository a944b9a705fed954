"""Real-time: a clock of drift-free deadlines, for outputs that have no card to wait for."""

import time

_NS = 1_000_000_000


class Pace:
    """Wait as a card would: frame counts turned into deadlines on the monotonic clock.

    Deadlines are computed from the frames counted since the start, never from the last wake-up,
    so sleeping too long once does not make every later block late.
    """

    def __init__(self, *, rate: int, slack: int) -> None:
        """Count at `rate` Hz; `slack` is how many frames late a block may come, as in a buffer."""
        self.overruns = 0
        self._rate = rate
        self._slack_ns = slack * _NS // rate
        self._start_ns: int | None = None
        self._frames = 0

    def restart(self) -> None:
        """Take the next `wait` as the beginning of time; the overrun count stays."""
        self._start_ns = None

    def wait(self, frames: int) -> bool:
        """Sleep until `frames` more frames are over; return True when the block came too late.

        A block later than the slack counts as an overrun, and time begins anew, as after a card's
        xrun; one that is late by less makes the following waits shorter.
        """
        now = time.monotonic_ns()
        if self._start_ns is None:
            self._start_ns = now
            self._frames = 0
        self._frames += frames
        ahead_ns = self._start_ns + self._frames * _NS // self._rate - now
        if ahead_ns > 0:
            time.sleep(ahead_ns / _NS)
            return False
        if -ahead_ns <= self._slack_ns:
            return False
        self.overruns += 1
        self._start_ns = now
        self._frames = 0
        return True
