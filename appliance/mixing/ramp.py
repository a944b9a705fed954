"""Real-time: linear ramps between settings, the same samples however time is cut into blocks."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Ramp:
    """Several values, each moving to its target in a straight line over `length` samples.

    A value that gets a new target starts over from where it is; the others go on undisturbed.
    After exactly `length` samples a value equals its target, bit by bit. Every sample follows
    from an integer count of samples left, so block borders leave no trace.
    """

    def __init__(self, initial: ArrayLike, *, length: int, max_block: int) -> None:
        """Rest at `initial`, float64 (values,); blocks may hold up to `max_block` samples."""
        self._target = np.array(initial, np.float64).reshape(-1, 1)
        self._distance = np.zeros_like(self._target)
        self._left = np.zeros_like(self._target)
        self._length = length
        self._steps = np.arange(1, max_block + 1, dtype=np.float64)
        self._block = np.zeros((len(self._target), max_block))
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
            np.copyto(self._distance, self.current - new, where=changed)
            np.copyto(self._target, new, where=changed)
            np.copyto(self._left, self._length, where=changed)
            self.active = True

    @property
    def current(self) -> NDArray[np.float64]:
        """The values as of the last sample given out, float64 (values, 1), a copy."""
        return self._target + self._distance * (self._left / self._length)

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
        block = self._block[:, :samples]
        np.subtract(self._left, self._steps[:samples], out=block)
        np.maximum(block, 0, out=block)
        np.divide(block, self._length, out=block)
        np.multiply(block, self._distance, out=block)
        np.add(block, self._target, out=block)
        np.maximum(self._left - samples, 0, out=self._left)
        self.active = bool(self._left.any())
        return block
