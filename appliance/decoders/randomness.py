"""Real-time: the random numbers of a graph, a generator per row, the same for the same seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Randomness:
    """What fills the random inputs of each row."""

    def __init__(self, noises: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> None:
        """Take the "noises" of a graph's contract and one seed per row."""
        self.shapes = {str(n["name"]): tuple(int(s) for s in n["shape"]) for n in noises}
        self._kinds = {str(n["name"]): str(n["distribution"]) for n in noises}
        self._seeds = tuple(seeds)
        self._random = [_generator(seed) for seed in seeds]

    def draw(self, row: int, name: str, out: NDArray[np.float32]) -> None:
        """Fill `out`, of the input's shape, with fresh numbers of one row."""
        random, kind = self._random[row], self._kinds[name]
        if kind == "normal":
            random.standard_normal(dtype=np.float32, out=out)
            return
        random.random(dtype=np.float32, out=out)
        if kind == "symmetric":
            out *= 2
            out -= 1

    def reset(self, row: int) -> None:
        """Begin one row's numbers again."""
        self._random[row] = _generator(self._seeds[row])


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(seed))
