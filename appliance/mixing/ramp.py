"""Real-time: smooth ramps between settings, the same samples however time is cut into blocks."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_MARGIN = 64  # samples that `points` may look beyond a block


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
        values = len(self._target)
        self._length = length
        # With u the share that is left, a value is target + turn * u**2 + bend * u**3.
        left = np.maximum(length - np.arange(length + max_block + _MARGIN), 0) / length
        self._squares, self._cubes = left * left, left * left * left
        self._turn, self._bend = np.zeros((2, values, 1))
        self._block = np.zeros((values, max_block))
        self._part = np.zeros(values * max_block)
        # Few values as a rule, for which numbers are quicker than arrays.
        self._goals: list[float] = self._target[:, 0].tolist()
        self._turns, self._bends = [0.0] * values, [0.0] * values
        self._left = [0] * values
        self._courses: dict[int, list[int]] = {}  # samples left, and the values that have as many
        self.active = False

    def jump(self, target: ArrayLike) -> None:
        """Rest at `target` (values,) at once."""
        self._target[:, 0] = target
        self._goals = self._target[:, 0].tolist()
        self._left = [0] * len(self._left)
        self._arrange()

    def move(self, target: ArrayLike) -> None:
        """Head for `target` (values,) from here; values whose target stays keep their course."""
        new: list[float] = np.asarray(target, np.float64).tolist()
        if new == self._goals:
            return
        length = self._length
        for row, (goal, old) in enumerate(zip(new, self._goals, strict=True)):
            if goal == old:
                continue
            bend, turn, u = self._bends[row], self._turns[row], self._left[row] / length
            distance = (bend * u + turn) * u * u + old - goal
            slope = -(3 * bend * u + 2 * turn) * u
            # Steeper towards the target than this, the cubic would shoot past it.
            if slope * distance < 0:
                steepest = 3 * abs(distance)
                slope = max(-steepest, min(slope, steepest))
            self._turns[row] = 3 * distance + slope
            self._bends[row] = -2 * distance - slope
            self._left[row] = length
        self._goals = new
        self._target[:, 0] = new
        self._arrange()

    @property
    def current(self) -> NDArray[np.float64]:
        """The values as of the last sample given out, float64 (values, 1), a copy."""
        now = self._target.copy()
        if self.active:
            self.points(0, 1, now)
        return now

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
        part = self._block[:, :samples]
        self.points(1, 1, part)
        self.advance(samples)
        return part

    def points(self, ahead: int, step: int, out: NDArray[np.float64]) -> None:
        """Write where the values will be, float64 (values, n), without advancing.

        The first is `ahead` samples after the last one given out, the others `step` samples apart,
        none further than a block and 64 samples.
        """
        spare = self._part[: out.size].reshape(out.shape)
        if len(self._courses) != 1:
            out[:] = self._target
        for left, rows in self._courses.items():
            start = self._length - left + ahead
            way = slice(start, start + step * out.shape[1], step)
            if len(self._courses) == 1:  # those that rest go nowhere on any course
                np.multiply(self._bend, self._cubes[way], out=out)
                np.multiply(self._turn, self._squares[way], out=spare)
                np.add(out, spare, out=out)
                np.add(out, self._target, out=out)
            else:
                moved = self._bend[rows] * self._cubes[way] + self._turn[rows] * self._squares[way]
                out[rows] += moved

    def advance(self, samples: int) -> None:
        """Let `samples` pass."""
        if self.active:
            self._left = [max(left - samples, 0) for left in self._left]
            self._arrange()

    def _arrange(self) -> None:
        """Gather the values that have as far to go as each other."""
        courses: dict[int, list[int]] = {}
        for row, left in enumerate(self._left):
            if left:
                courses.setdefault(left, []).append(row)
            else:
                self._turns[row] = self._bends[row] = 0.0
        self._turn[:, 0], self._bend[:, 0] = self._turns, self._bends
        self._courses = courses
        self.active = bool(courses)
