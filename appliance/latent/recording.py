"""Real-time: latents taken down as they are played, into an array that was made for them."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS


class Manner(IntEnum):
    """How a recording treats its array."""

    NEW = 0
    """Fills it from the start on, one point an instant, and ends when it is full."""
    REPLACE = 1
    """Overwrites the points that the slot's cursor passes."""
    OVERDUB = 2
    """Adds to the points that the slot's cursor passes, once each time."""


class Recording:
    """Takes latents down for `slot`, from 0, into `points`, float32 (points, 8).

    Nobody else may write to `points` until `stopped`. The audio thread alone calls `take`.
    """

    def __init__(
        self, slot: int, points: NDArray[np.float32], manner: Manner, sources: Sequence[int]
    ) -> None:
        """Wait for the first `take`; `sources` are the modules whose sum is taken down."""
        self.slot = slot
        self.points = points
        self.manner = manner
        self.written = 0
        """Points taken down so far."""
        self.full = False
        self._sources = np.array(sources, np.intp)
        self._last = -1

    def take(self, outputs: NDArray[np.float64], cursor: NDArray[np.int64]) -> None:
        """Take down `outputs`, (modules, 8, n), where the `cursor`, (n,), of the slot has been."""
        live = outputs.take(self._sources, axis=0).sum(axis=0)
        if self.manner == Manner.NEW:
            count = min(live.shape[1], len(self.points) - self.written)
            self.points[self.written : self.written + count] = live[:, :count].T
            self.written += count
            self.full = self.written == len(self.points)
            return
        for instant in range(live.shape[1]):
            place = min(int(cursor[instant]), len(self.points) - 1)
            if place == self._last:
                continue
            for point in self._passed(place):
                if self.manner == Manner.OVERDUB:
                    self.points[point] += live[:, instant]
                else:
                    self.points[point] = live[:, instant]
                self.written += 1
            self._last = place

    def _passed(self, place: int) -> range:
        """Return the points from the last one to `place`; a jump leads to itself only."""
        way = place - self._last
        if self._last < 0 or abs(way) > LATENT_CHANNELS:
            return range(place, place + 1)
        sign = 1 if way > 0 else -1
        return range(self._last + sign, place + sign, sign)
