"""Real-time: the beat of a MIDI clock, cleaned of the jitter with which its pulses arrive.

A delay-locked loop follows the pulses, 24 to a beat: each one is compared with the time at which it
was expected; a part of the difference moves the expectation, a smaller one the period. The parts
begin as those of a straight line through all pulses so far and end where jitter of some
milliseconds is averaged over about two beats. Method: F. Adriaensen, "Using a DLL to filter time"
(2005).
"""

from dataclasses import dataclass

PULSES = 24
"""Pulses in a beat."""

_SLOWEST, _FASTEST = 10.0, 500.0  # beats a minute that pulses are believed
_LONGEST = 2.5 * 60 / (_SLOWEST * PULSES)  # seconds; after a longer pause the clock begins anew
_MEMORY = 48  # pulses that the loop remembers


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the clock was: at `time` in seconds it gave pulse `count`, one every `period`.

    `starts` grows by one whenever the place was set and not just passed.
    """

    time: float
    count: int
    period: float
    starts: int
    running: bool

    def beat_at(self, time: float) -> float:
        """Return the beat at `time` in seconds."""
        return (self.count + (time - self.time) / self.period) / PULSES

    @property
    def beats_per_second(self) -> float:
        """The tempo."""
        return 1 / (self.period * PULSES)


class MidiClock:
    """Takes the messages of one clock from one thread; any other may read `reading`."""

    def __init__(self) -> None:
        """Wait for the first pulses."""
        self.reading: Reading | None = None
        """None until a tempo is known."""
        self._count = 0
        self._starts = 0
        self._running = True  # a clock without start and stop just runs
        self._set = False  # the next pulse is where the clock was set to
        self._heard = 0  # pulses since it began anew
        self._last = 0.0
        self._expected = 0.0
        self._period = 0.0

    def pulse(self, time: float) -> None:
        """Take a pulse that arrived at `time`, in seconds of a clock that never jumps."""
        if self._running and not self._set:
            self._count += 1
        if self._set:
            self._starts += 1
            self._set = False
        gap = time - self._last
        self._last = time
        if self._heard and 0 < gap <= _LONGEST:
            self._follow(time, gap)
        else:
            self._heard, self._expected = 1, time
            return
        self.reading = Reading(
            self._expected, self._count, self._period, self._starts, self._running
        )

    def start(self) -> None:
        """Begin at beat 0 with the next pulse."""
        self.place(0)
        self.resume()

    def resume(self) -> None:
        """Go on from where the clock stopped."""
        self._running = True

    def stop(self) -> None:
        """Stand still; pulses may go on and are followed."""
        self._running = False
        if self.reading is not None:
            reading = self.reading
            self.reading = Reading(
                reading.time, reading.count, reading.period, reading.starts, running=False
            )

    def place(self, sixteenths: int) -> None:
        """Let the next pulse be that many sixteenth notes after the start."""
        self._count = sixteenths * PULSES // 4
        self._set = True

    def _follow(self, time: float, gap: float) -> None:
        self._heard += 1
        if self._heard == 2:
            self._period, self._expected = gap, time
        else:
            n = min(self._heard, _MEMORY)
            expected = self._expected + self._period
            error = time - expected
            self._expected = expected + error * 2 * (2 * n - 1) / (n * (n + 1))
            self._period += error * 6 / (n * (n + 1))
        shortest, longest = 60 / (_FASTEST * PULSES), 60 / (_SLOWEST * PULSES)
        self._period = min(max(self._period, shortest), longest)
