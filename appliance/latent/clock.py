"""Real-time: the beat that modules and presets may follow.

A phase is an unsigned 64-bit number, 2**64 to `CYCLE_BEATS` beats, to which a whole increment is
added once per sample. Every length in `BEATS` divides the cycle, so the phase of a wave that lasts
so long is this phase times a whole number, modulo 2**64: exact, however long the clock runs.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from appliance.latent.grid import CONTROL_PERIOD
from appliance.latent.midi_clock import MidiClock, Reading
from appliance.latent.phase import CYCLE
from appliance.parameters import Values
from appliance.parameters.table import BEATS, CLOCKS

CYCLE_BEATS = 192
"""Beats after which the phase returns to 0."""

FACTORS: NDArray[np.uint64] = np.array(
    [round(CYCLE_BEATS / beats) if beats else 0 for beats in BEATS.values()], np.uint64
)
"""By which the phase is multiplied for each choice of a sync row, 0 for the free one."""

_MIDI = float(CLOCKS.index("midi"))
_WHOLE = 1 << 64
_MASK = _WHOLE - 1
_NEVER = 1 << 62  # samples
_PULL = 0.25  # seconds in which most of a distance to the MIDI clock is caught up
_FREEDOM = 0.1  # by which share of the tempo at most
_LEAP = 0.5  # beats; a larger distance is jumped over


class Clock:
    """Counts beats from instant to instant; the first sample begins beat 0.

    With the internal source the tempo is ``/clock/tempo``; it takes effect at the first instant of
    a call. With MIDI the beat follows `midi` in a steady pace; until that one has a tempo, the
    internal one goes on.
    """

    def __init__(
        self,
        values: Values,
        rate: float,
        *,
        max_instants: int = 64,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the rows below /clock of `values`; `rate` is in samples a second.

        `now` gives the seconds in which the MIDI clock is told.
        """
        self._tempo = values.view("/clock/tempo")
        self._source = values.view("/clock/source")
        self._bar = values.view("/clock/bar")
        self._rate = float(rate)
        self._now = now
        self.midi = MidiClock()
        """Where the messages of a MIDI clock go."""
        self._count = np.arange(max_instants + 1, dtype=np.uint64)
        self._rows = np.zeros(max_instants + 1, np.uint64)
        self._increment = 0  # per sample
        self._position = 0  # at the next instant: the phase, with the cycles above its 64 bits
        self._next = 0
        self._starts = 0
        self._restarts = self._restarted = 0
        self.reset()

    def reset(self, start: int = 0) -> None:
        """Begin anew: beat 0 is at the first sample after instant `start`."""
        self._next = start
        self._increment = self._per_sample(float(self._tempo[0]) / 60)
        self._position = -self._increment

    def restart(self) -> None:
        """Let beat 0 be at the next instant; from any thread."""
        self._restarts += 1

    def advance(self, start: int, n: int) -> None:
        """Prepare the phases of instants start .. start + n - 1, which follow the last ones.

        n may be 0. Called once for a block, before the modules are evaluated. Raises ValueError if
        `start` does not follow.
        """
        if start != self._next:
            raise ValueError(f"Instant {self._next} comes next, not {start}.")
        reading = self.midi.reading
        if self._source[0] == _MIDI and reading is not None:
            self._follow(reading)
        else:
            self._increment = self._per_sample(float(self._tempo[0]) / 60)
        if self._restarted != self._restarts:
            self._restarted = self._restarts
            self._position = -self._increment
        step = self._increment * CONTROL_PERIOD
        rows = self._rows[: n + 1]
        np.multiply(self._count[: n + 1], np.uint64(step), out=rows)
        np.add(rows, np.uint64(self._position & _MASK), out=rows)
        self._position += n * step
        self._next = start + n

    def phases(self, n: int) -> NDArray[np.uint64]:
        """Return the phases at the n instants of the present block and one more, uint64 (n + 1,).

        The array is reused by the next block and must not be written to.
        """
        return self._rows[: n + 1]

    @property
    def free(self) -> bool:
        """True if the beat does not depend on when it is advanced: nobody outside leads it."""
        return self._source[0] != _MIDI and self._restarted == self._restarts

    @property
    def beat(self) -> float:
        """Beats since the start at the next instant; below 0 before the first sample."""
        return self._position * CYCLE_BEATS / _WHOLE

    @property
    def increment(self) -> int:
        """What the phase grows by per sample; 0 while the clock stands still."""
        return self._increment

    @property
    def tempo(self) -> float:
        """Beats a minute now."""
        return 60 * self._increment * CYCLE_BEATS * self._rate / _WHOLE

    @property
    def beats_in_bar(self) -> int:
        """Whole beats in a bar."""
        return max(1, round(float(self._bar[0])))

    def bar_line(self, sample: int) -> int:
        """Return the first sample from `sample` on at which a bar begins.

        The present tempo is taken to last; a clock that stands still never gets there.
        """
        if not self._increment:
            return sample + _NEVER
        # The next instant carries the sample before its border; all of it in units of a bar.
        carried = self._next * CONTROL_PERIOD - 1
        position = self._position + (sample - carried) * self._increment
        bar, step = self.beats_in_bar * _WHOLE, self._increment * CYCLE_BEATS
        since = position * CYCLE_BEATS % bar
        return sample if since < step else sample - (since - bar) // step

    def _per_sample(self, beats_per_second: float) -> int:
        return round(beats_per_second / CYCLE_BEATS * CYCLE / self._rate)

    def _follow(self, reading: Reading) -> None:
        """Take pace and place from the MIDI clock."""
        if not reading.running:
            self._increment = 0
            return
        there = reading.beat_at(self._now())
        distance = there - self.beat
        pace = reading.beats_per_second
        if reading.starts != self._starts or abs(distance) > _LEAP:
            self._starts = reading.starts
            self._position = round(there * _WHOLE / CYCLE_BEATS)
            distance = 0.0
        pull = min(max(distance / _PULL, -_FREEDOM * pace), _FREEDOM * pace)
        self._increment = self._per_sample(pace + pull)
