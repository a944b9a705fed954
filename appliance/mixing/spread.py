"""Real-time: a slowly drifting delay per voice, so that twin decoders do not sound as one."""

import math

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.drift import Drift
from appliance.mixing.ramp import Ramp
from appliance.parameters import Values
from appliance.parameters.watch import Watch

GLIDE_SECONDS = 0.5
"""Time in which a new spread is reached: 20 ms of delay in 0.5 s bends the pitch by 4 %."""


class Spread:
    """Delays each voice by its own smooth random curve between 0 and /mix/spread_ms.

    The delay is fractional (third-order Lagrange). At spread 0 the voices pass bit by bit.
    """

    def __init__(self, values: Values, slots: int, rate: float, max_block: int) -> None:
        """Prepare for float32 voices (slots, up to `max_block`) at `rate` Hz."""
        self._spread_ms = values.view("/mix/spread_ms")
        self._frequency = values.view("/mix/spread_rate")
        self._watch = Watch(values, "/mix/spread_ms", "/mix/spread_rate")
        self._rate = rate
        longest = math.ceil(values.table["/mix/spread_ms"].maximum * 1e-3 * rate)
        self._history = longest + 4
        # Room for several blocks, so that the history is moved to the front only now and then.
        self._line = np.zeros((slots, self._history + 4 * max_block), np.float32)
        self._row = np.arange(slots)[:, np.newaxis] * self._line.shape[1]
        self._end = self._history
        self._drift = Drift(
            slots,
            frequency=float(self._frequency[0]),
            rate=rate,
            max_block=max_block,
            seed=2,
            smooth=True,
        )
        length = max(1, round(GLIDE_SECONDS * rate))
        self._glide = Ramp([self._samples()], length=length, max_block=max_block)
        self._delay = np.zeros((slots, max_block))
        self._whole = np.zeros((slots, max_block))
        self._index = np.zeros((slots, max_block), np.int64)
        self._steps = np.arange(max_block)
        self._u = np.zeros((slots, max_block), np.float32)
        self._ab = np.zeros((slots, max_block), np.float32)
        self._cd = np.zeros((slots, max_block), np.float32)
        self._weight = np.zeros((slots, max_block), np.float32)
        self._tap = np.zeros((slots, max_block), np.float32)
        self._voices = np.zeros((slots, max_block), np.float32)

    def _samples(self) -> float:
        return float(self._spread_ms[0]) * 1e-3 * self._rate

    def reset(self) -> None:
        """Forget the past and take the present settings at once."""
        self._watch.changed()
        self._glide.jump([self._samples()])
        self._drift.reset(float(self._frequency[0]))
        self._line[:] = 0
        self._end = self._history

    def room(self, samples: int) -> NDArray[np.float32]:
        """Return the place, float32 (slots, samples), where the next block is to be written."""
        if self._end + samples > self._line.shape[1]:
            self._line[:, : self._history] = self._line[:, self._end - self._history : self._end]
            self._end = self._history
        return self._line[:, self._end : self._end + samples]

    def process(self, samples: int, *, at: int) -> NDArray[np.float32]:
        """Return the spread voices, float32 (slots, samples), for the block written last.

        `at` is the absolute sample index of the block. The array is valid until the next call.
        """
        if self._watch.changed():
            self._glide.move([self._samples()])
            self._drift.change(float(self._frequency[0]), at=at)
        start, self._end = self._end, self._end + samples
        if not self._glide.active and self._glide.target[0, 0] == 0:
            return self._line[:, start : start + samples]
        delay = self._delay[:, :samples]
        self._drift.fill(delay, at=at)
        delay *= 0.5
        delay += 0.5
        delay *= self._glide.block(samples)
        return self._interpolate(delay, start)

    def _interpolate(self, delay: NDArray[np.float64], start: int) -> NDArray[np.float32]:
        samples = delay.shape[1]
        whole, index = self._whole[:, :samples], self._index[:, :samples]
        u, ab, cd = self._u[:, :samples], self._ab[:, :samples], self._cd[:, :samples]
        weight, tap = self._weight[:, :samples], self._tap[:, :samples]
        voices = self._voices[:, :samples]
        # Four taps around the wanted instant; below one sample, the newest four.
        np.floor(delay, out=whole)
        whole -= 1
        np.maximum(whole, 0, out=whole)
        np.subtract(delay, whole, out=u, casting="same_kind")
        np.copyto(index, whole, casting="unsafe")
        np.subtract(self._steps[:samples], index, out=index)
        index += self._row + start
        line = self._line.reshape(-1)
        np.multiply(u, u - 1, out=ab)
        np.multiply(u - 2, u - 3, out=cd)

        line.take(index, out=tap, mode="clip")
        np.multiply(u - 1, cd, out=weight)
        weight *= -1 / 6
        np.multiply(tap, weight, out=voices)
        for weight_of_tap, factor in (((u, cd), 0.5), ((ab, u - 3), -0.5), ((ab, u - 2), 1 / 6)):
            index -= 1
            line.take(index, out=tap, mode="clip")
            np.multiply(*weight_of_tap, out=weight)
            weight *= factor
            tap *= weight
            voices += tap
        return voices
