"""Real-time: between two clocks: sound comes in by one card's clock and leaves by another's.

One thread writes, one reads, and neither waits. The reader goes through what was written at a pace
that it steers by how much is waiting, through four neighbouring samples (Catmull-Rom); at equal
clocks and at rest that is the sound itself, late by the reserve. Sound comes in periods, so what is
waiting is counted by the time since the last one: two clocks that drift slowly past each other
would else seem to swing by a period.
"""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_SPAN = 1.5  # seconds in which a wrong reserve is made up for
_PULL = 0.005  # by which the pace may differ from the nominal one
_SMOOTHING = 0.25  # seconds over which the reserve is averaged
_FADE = 64  # samples over which sound comes back after a gap


class Intake:
    """A stream of mono sound with a reserve against jitter.

    The reserve begins at `block` + 0.75 * `period` samples: a block to be read, half a period
    because samples come in periods, and a quarter of time for late threads. Each gap makes it half
    a period longer, up to `most`.
    """

    def __init__(
        self,
        rate: float,
        *,
        period: int,
        block: int,
        most: int = 8192,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Expect writes of about `period` samples and reads of about `block`; `now` in seconds."""
        self._now = now
        self._rate = float(rate)
        self.period = period
        self._block = block
        self._least = block + 0.75 * period
        self._most = float(max(most, self._least))
        self.reserve = self._least
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

    def read(self, out: NDArray[np.float32]) -> bool:
        """Fill `out`, float32 (n,); return False, and give silence, where there is a gap."""
        count, written = len(out), self.written
        if self._position < 0:
            if written - self._since < self.reserve:
                out.fill(0.0)
                return False
            self._position = float(int(written - self.reserve))
            self._average = 0.0
            self._faded = 0
        waiting = written - self._position
        if waiting < count * (1 + _PULL) + 3:
            self._run_dry(out)
            return False
        if waiting > len(self._ring) // 2:
            self.leaps += 1
            self._position = float(int(written - self.reserve))
            self._average = 0.0
        self._steer(count)
        self._interpolate(out)
        if self._faded < _FADE:
            part = min(count, _FADE - self._faded)
            out[:part] *= self._fade[self._faded : self._faded + part]
            self._faded += part
        return True

    def _run_dry(self, out: NDArray[np.float32]) -> None:
        """Let what is left fade out and wait for more reserve than before."""
        left = max(0, min(len(out), int(self.written - self._position) - 3))
        fading = min(left, _FADE)
        if fading:
            self._interpolate(out[:fading])
            out[:fading] *= self._fade[::-1][:fading]
        out[fading:] = 0.0
        self.gaps += 1
        self.reserve = min(self.reserve + self.period / 2, self._most)
        self.restart()

    def _steer(self, count: int) -> None:
        marked, when = self._mark
        since = min(max((self._now() - when) * self._rate, 0.0), self.period)
        surplus = marked + since - self.period / 2 - self._position - self.reserve
        share = min(1.0, count / (_SMOOTHING * self._rate))
        self._average += (surplus - self._average) * share
        pull = self._average / (_SPAN * self._rate)
        self.pace = 1.0 + min(max(pull, -_PULL), _PULL)

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
