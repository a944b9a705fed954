"""Real-time: eight running phases in integers, so that 128 samples are one exact step.

A phase is an unsigned 64-bit number, 2**64 to a cycle, to which a whole increment is added once
per sample. Addition modulo 2**64 is exact, so instant k holds the very phase that a loop over
single samples reaches at sample 128 * k - 1, however long it runs.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.grid import CONTROL_PERIOD

CYCLE = 2.0**64
MAX_FREQUENCY = 100.0

_UNIT_SHIFT = np.array(11, np.uint64)  # a float64 holds 53 bits exactly
_UNIT = 2.0**-53


def unit(phases: NDArray[np.uint64], out: NDArray[np.float64], scratch: NDArray[np.uint64]) -> None:
    """Write `phases` as fractions of a cycle, 0 <= out < 1, cut to 53 bits; `scratch` is used."""
    np.right_shift(phases, _UNIT_SHIFT, out=scratch)
    np.multiply(scratch, _UNIT, out=out)


class Phase:
    """Eight phases following eight frequencies in Hz.

    The increment is ``rint(frequency * 2**64 / rate)``. A new frequency is reached in `glide`
    equal steps, one at each grid instant (1 is at once); the first step counts for the samples
    after the instant at which the change was seen. `glide` counts anew when a frequency changes
    on the way.

    ``parkable`` marks channels, bool (8,), whose phase is set to 0 while their increment is 0.
    Channels that `lock` sets follow something else meanwhile.
    """

    def __init__(
        self,
        frequency: NDArray[np.float64],
        rate: float,
        *,
        glide: int,
        max_instants: int,
        lock: Callable[[NDArray[np.uint64]], None] | None = None,
    ) -> None:
        """Follow the live view `frequency`, float64 (8,), at `rate` in samples a second.

        `lock` may overwrite channels of the rows that `advance` returns. Raises ValueError if
        `rate` is so low that 100 Hz passes a cycle within one grid step.
        """
        if not rate > MAX_FREQUENCY * CONTROL_PERIOD:
            raise ValueError(
                f"A rate of {rate:g} Hz is too low: the latent modules need more than "
                f"{MAX_FREQUENCY * CONTROL_PERIOD:g} samples a second."
            )
        self._lock = lock
        self._frequency = frequency
        self._rate = float(rate)
        self._glide = glide
        self.parkable = np.zeros(LATENT_CHANNELS, np.bool_)
        self._increment = np.zeros(LATENT_CHANNELS, np.int64)
        self._target = np.zeros(LATENT_CHANNELS, np.int64)
        self._left = np.zeros(LATENT_CHANNELS, np.int64)  # glide steps to go, per channel
        self._gliding = 0  # the largest of them
        self._step = np.zeros(LATENT_CHANNELS, np.uint64)
        self._phase = np.zeros(LATENT_CHANNELS, np.uint64)
        self._rows = np.zeros((max_instants + 1, LATENT_CHANNELS), np.uint64)
        self._count = np.arange(max_instants + 1, dtype=np.uint64)[:, None]
        self._seen = b""
        self.reset()

    @property
    def increment(self) -> NDArray[np.int64]:
        """The increment per sample now in force, int64 (8,), 2**64 to a cycle."""
        return self._increment

    def reset(self) -> None:
        """Take the current frequencies without a glide; the next instant is one sample before 0."""
        self._seen = self._frequency.tobytes()
        self._target[:] = self._wanted()
        self._increment[:] = self._target
        self._left.fill(0)
        self._gliding = 0
        np.multiply(self._increment.view(np.uint64), CONTROL_PERIOD, out=self._step)
        np.negative(self._increment, out=self._phase.view(np.int64))

    def park(self) -> None:
        """Set the phase of every parkable channel whose increment is 0 to 0."""
        np.copyto(self._phase, 0, where=self.parkable & (self._increment == 0))

    def advance(self, n: int) -> NDArray[np.uint64]:
        """Return the phases at the next n instants and one more, uint64 (n + 1, 8).

        The last row is where the next call starts. The array is reused by the next call.
        """
        if self._frequency.tobytes() != self._seen:
            self._retarget()
        rows = self._rows[: n + 1]
        if self._gliding:
            self._glide_rows(rows)
        else:
            np.multiply(self._count[: n + 1], self._step, out=rows)
            np.add(rows, self._phase, out=rows)
        if self._lock is not None:
            self._lock(rows)
        self._phase[:] = rows[n]
        return rows

    def _wanted(self) -> NDArray[np.int64]:
        return np.rint(self._frequency * CYCLE / self._rate).astype(np.int64)

    def _retarget(self) -> None:
        wanted = self._wanted()
        self._left[wanted != self._target] = self._glide
        self._target[:] = wanted
        self._gliding = int(self._left.max())
        self._seen = self._frequency.tobytes()

    def _glide_rows(self, rows: NDArray[np.uint64]) -> None:
        rows[0] = self._phase
        for row, after in pairwise(rows):
            if self._gliding:
                self._increment += (self._target - self._increment) // np.maximum(self._left, 1)
                np.maximum(self._left - 1, 0, out=self._left)
                self._gliding -= 1
                np.multiply(self._increment.view(np.uint64), CONTROL_PERIOD, out=self._step)
            np.add(row, self._step, out=after)
            np.copyto(after, 0, where=self.parkable & (self._increment == 0))
