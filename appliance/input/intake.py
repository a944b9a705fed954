"""Real-time: between two clocks: sound comes in by one card's clock and leaves by another's.

The reader fetches what came in and goes through what was written at a pace
that it steers by how much is waiting, through four neighbouring samples (Catmull-Rom); at equal
clocks and at rest that is the sound itself, late by the reserve. Sound comes in periods, so what is
waiting is counted by the time since the last one: two clocks that drift slowly past each other
would else seem to swing by a period.
"""

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_SPAN = 1.5  # seconds in which a wrong reserve is made up for
_PULL = 0.005  # by which the pace may differ from the nominal one
_SMOOTHING = 0.25  # seconds over which the reserve is averaged
_FADE = 64  # samples over which sound comes back after a gap
_MARGIN = 0.125  # of a period, that waits beyond a block at first
_PATIENCE = 0.25  # of a period, for which the reader waits for sound that is due
_GROWTH = 0.004  # by which the reserve grows, in samples per sample, while sound comes just in time
_DECAY = 1e-5  # by which it shrinks, in samples per sample, while there is sound to spare


class Intake:
    """A stream of mono sound with a reserve against jitter.

    Reading begins when a block and an eighth of a period are there; what then waits on average is
    the reserve. On one card, where periods come and go together, it stays as short. Where a period
    comes later and later, or the reader had to wait for it, the reserve grows slowly, up to a block
    and 0.75 periods: enough for two clocks that drift past each other. Each gap makes it half a
    period longer, up to `most`, unless sound was lost in it, which no reserve would have
    outlasted. While there is sound to spare it shrinks, by a millisecond in two minutes.
    """

    def __init__(
        self,
        rate: float,
        *,
        period: int,
        block: int,
        fetch: Callable[[int, float], object] = lambda _samples, _seconds: None,
        most: int = 8192,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Expect writes of about `period` samples and reads of about `block`; `now` in seconds.

        `fetch` lets what came in be written, and waits at most so many seconds for so many samples.
        """
        self._now = now
        self._fetch = fetch
        self._rate = float(rate)
        self.period = period
        self._block = block
        self._margin = _MARGIN * period
        self._patience = _PATIENCE * period / rate
        self._enough = block + 0.75 * period
        self._most = float(max(most, self._enough))
        self._dry = False  # the sound ran out and has not come back yet
        self._last = (0, 0.0)  # how much had been written then, and when
        self._extra = 0.0  # samples by which gaps have made the reserve longer
        self.reserve = block + self._margin
        """Samples that wait on average before a read."""
        size = 1 << int(2 * self._most + 4 * period + 2 * block).bit_length()
        self._ring: NDArray[np.float32] = np.zeros(size, np.float32)
        self._mask = size - 1
        self.written = 0
        self._mark = (0, 0.0)  # how much was written, and when
        self._position = -1.0  # of the next sample to give; below 0 while waiting for sound
        self._since = 0  # how much had been written when the waiting began
        self._average = 0.0  # of the samples that wait beyond the reserve
        self.pace = 1.0
        """Samples read per sample given, now."""
        self.gaps = 0
        """Times the sound ran out."""
        self.leaps = 0
        """Times so much was waiting that some of it was left out."""
        self._fade = np.linspace(0, 1, _FADE, dtype=np.float32)
        self._faded = 0
        self._index = np.zeros(0, np.int64)
        self._steps = np.arange(1 << 14, dtype=np.float64)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append `samples`, float32 (n,)."""
        count = len(samples)
        start = self.written & self._mask
        first = min(count, len(self._ring) - start)
        self._ring[start : start + first] = samples[:first]
        self._ring[: count - first] = samples[first:]
        self._mark = (self.written + count, self._now())
        self.written += count  # last: the reader never sees samples that are not there yet

    def restart(self) -> None:
        """Let the reader wait until the reserve is there; called by the thread that reads."""
        self._position = -1.0
        self._since = self.written
        self._dry = False

    def read(self, out: NDArray[np.float32]) -> bool:
        """Fill `out`, float32 (n,); return False, and give silence, where there is a gap."""
        count = len(out)
        waited = self._gather(count)
        written = self.written
        if self._position < 0:
            if self._dry and self._missing(count) <= 0:
                self._lengthen()
            if self._missing(count) > 0:
                out.fill(0.0)
                return False
            self._begin(written)
            self._faded = 0
        waiting = written - self._position
        if waiting < count * (1 + _PULL) + 3:
            self._run_dry(out)
            return False
        if waiting > len(self._ring) // 2:
            self.leaps += 1
            self._begin(written)
        scarce = waiting - count < self._margin / 2 or waited > self._patience / 2
        if scarce:
            self._steer(count, _GROWTH if self.reserve < self._enough else 0.0)
        else:
            self._steer(count, -_DECAY)
        self._interpolate(out)
        if self._faded < _FADE:
            part = min(count, _FADE - self._faded)
            out[:part] *= self._fade[self._faded : self._faded + part]
            self._faded += part
        return True

    def _missing(self, count: int) -> int:
        """Return how many samples have to come before `count` can be read."""
        if self._position < 0:
            return self._since + math.ceil(self._block + self._margin + self._extra) - self.written
        return math.ceil(self._position + count * (1 + _PULL) + 3) - self.written

    def _gather(self, count: int) -> float:
        """Fetch what `count` samples need and return the seconds that were waited."""
        self._fetch(0, 0.0)
        missing = self._missing(count)
        if missing <= 0:
            return 0.0
        start = self._now()
        self._fetch(missing, self._patience)
        return self._now() - start

    def _begin(self, written: int) -> None:
        """Set the position so that a block and the margin wait now; that makes the reserve."""
        self._position = written - math.ceil(self._block + self._margin + self._extra)
        self._average = 0.0
        self.reserve = self._level() - self._position

    def _level(self) -> float:
        """Return how much has come in, as if it came sample by sample."""
        marked, when = self._mark
        since = min(max((self._now() - when) * self._rate, 0.0), self.period)
        return marked + since - self.period / 2

    def _run_dry(self, out: NDArray[np.float32]) -> None:
        """Let what is left fade out and wait for more reserve than before."""
        left = max(0, min(len(out), int(self.written - self._position) - 3))
        fading = min(left, _FADE)
        if fading:
            self._interpolate(out[:fading])
            out[:fading] *= 1.0 - self._steps[1 : fading + 1] / fading
        out[fading:] = 0.0
        self.gaps += 1
        self.restart()
        self._dry = True
        self._last = self._mark

    def _lengthen(self) -> None:
        """Make the reserve longer after a gap, unless sound was lost in it."""
        self._dry = False
        (before, when), (written, now) = self._last, self._mark
        if (now - when) * self._rate - (written - before) < self.period:
            most = self._most - self._block - self._margin
            self._extra = min(self._extra + self.period / 2, most)

    def _steer(self, count: int, growth: float) -> None:
        """Set the pace that keeps the reserve, which grows by `growth` of what is read."""
        surplus = self._level() - self._position - self.reserve
        share = min(1.0, count / (_SMOOTHING * self._rate))
        self._average += (surplus - self._average) * share
        pull = self._average / (_SPAN * self._rate)
        self.pace = 1.0 + min(max(pull - growth, -_PULL), _PULL)
        self.reserve += growth * count

    def _interpolate(self, out: NDArray[np.float32]) -> None:
        """Read on from the position, at the pace."""
        count = len(out)
        place = self._steps[:count] * self.pace
        place += self._position
        whole = np.floor(place)
        fraction = (place - whole).astype(np.float32)
        index = whole.astype(np.int64)
        self._position += count * self.pace
        a, b, c, d = (self._ring[index + offset & self._mask] for offset in (-1, 0, 1, 2))
        # Horner's form of the Catmull-Rom spline.
        cubic = (d - a) + (b - c) * 3
        square = a * 2 - b * 5 + c * 4 - d
        np.multiply(cubic, fraction, out=out)
        out += square
        out *= fraction
        out += c - a
        out *= fraction
        out *= 0.5
        out += b
