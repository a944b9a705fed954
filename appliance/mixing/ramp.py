"""Real-time: smooth ramps between settings, the same samples however time is cut into blocks."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Ramp:
    """Several values, each moving to its target along a cubic of `length` samples.

    A value leaves with the slope it has and arrives with none, so that no corner is heard: at a
    corner a straight ramp of 20 ms clicks 59 dB below the sound. A value that gets a new target
    starts over from where it is; the others go on undisturbed. After exactly `length` samples a
    value equals its target, bit by bit. Every sample follows from an integer count of samples
    left, so block borders leave no trace.
    """

    def __init__(self, initial: ArrayLike, *, length: int, max_block: int) -> None:
        """Rest at `initial`, float64 (values,); blocks may hold up to `max_block` samples."""
        self._target = np.array(initial, np.float64).reshape(-1, 1)
        self._distance = np.zeros_like(self._target)
        self._slope = np.zeros_like(self._target)  # at the start, in values per `length`
        self._left = np.zeros_like(self._target)
        self._length = length
        self._steps = np.arange(1, max_block + 1, dtype=np.float64)
        self._block = np.zeros((len(self._target), max_block))
        self._part = np.zeros_like(self._block)
        self._bend, self._turn = np.zeros_like(self._left), np.zeros_like(self._left)
        self.active = False

    def jump(self, target: ArrayLike) -> None:
        """Rest at `target` (values,) at once."""
        self._target[:, 0] = target
        self._left[:] = 0
        self.active = False

    def move(self, target: ArrayLike) -> None:
        """Head for `target` (values,) from here; values whose target stays keep their course."""
        new = np.asarray(target, np.float64).reshape(-1, 1)
        changed = new != self._target
        if changed.any():
            distance, slope = self.current - new, self._current_slope()
            # Steeper towards the target than this, the cubic would shoot past it.
            steepest = 3 * np.abs(distance)
            towards = slope * distance < 0
            np.copyto(slope, np.clip(slope, -steepest, steepest), where=towards)
            np.copyto(self._distance, distance, where=changed)
            np.copyto(self._slope, slope, where=changed)
            np.copyto(self._target, new, where=changed)
            np.copyto(self._left, self._length, where=changed)
            self._turn = 3 * self._distance + self._slope
            self._bend = -2 * self._distance - self._slope
            self.active = True

    @property
    def current(self) -> NDArray[np.float64]:
        """The values as of the last sample given out, float64 (values, 1), a copy."""
        u = self._left / self._length
        return (self._bend * u + self._turn) * u * u + self._target

    @property
    def target(self) -> NDArray[np.float64]:
        """Where the values are heading, float64 (values, 1), live."""
        return self._target

    def block(self, samples: int) -> NDArray[np.float64]:
        """Advance by `samples`; return (values, samples), or (values, 1) if nothing moves.

        The array is valid until the next call and must not be written to.
        """
        if not self.active:
            return self._target
        u, part = self._block[:, :samples], self._part[:, :samples]
        np.subtract(self._left, self._steps[:samples], out=u)
        np.maximum(u, 0, out=u)
        np.divide(u, self._length, out=u)
        np.multiply(u, self._bend, out=part)
        np.add(part, self._turn, out=part)
        np.multiply(part, u, out=part)
        np.multiply(part, u, out=part)
        np.add(part, self._target, out=part)
        np.maximum(self._left - samples, 0, out=self._left)
        self.active = bool(self._left.any())
        return part

    def _current_slope(self) -> NDArray[np.float64]:
        """Return how the values move now, float64 (values, 1), per `length`."""
        u = self._left / self._length
        return -(3 * self._bend * u + 2 * self._turn) * u
