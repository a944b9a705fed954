"""Real-time: random numbers by counting, so that any sample can be drawn without the ones before.

Number i of a stream is a hash of (seed, stream, channel, i): the SplitMix64 generator of Steele,
Lea and Flood (2014) with its counter started at a mixed key.
"""

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))

_GOLDEN_U64 = np.array(_GOLDEN, np.uint64)
_SHIFT1, _SHIFT2, _SHIFT3, _SHIFT_UNIT = (np.array(s, np.uint64) for s in (30, 27, 31, 11))
_FACTOR1, _FACTOR2 = (np.array(f, np.uint64) for f in (_MIX[0][1], _MIX[1][1]))


def mixed(number: int) -> int:
    """Return the SplitMix64 finalizer of a 64-bit `number`."""
    for shift, factor in _MIX:
        number = ((number ^ (number >> shift)) * factor) & _MASK
    return number


class Uniform:
    """Eight streams of independent uniform numbers, -1 <= number < 1, in steps of 2**-52."""

    def __init__(self, seed: int, stream: int, *, rows: int) -> None:
        """Prepare the keys of stream number `stream` of `seed`, and room for `rows` draws."""
        self._keys = np.array(
            [
                mixed((mixed((mixed(seed & _MASK) + stream) & _MASK) + channel + 1) & _MASK)
                for channel in range(LATENT_CHANNELS)
            ],
            np.uint64,
        )
        self._x = np.zeros((rows, LATENT_CHANNELS), np.uint64)
        self._shifted = np.zeros_like(self._x)
        self._numbers = np.zeros((rows, LATENT_CHANNELS), np.float64)

    def draw(self, counters: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the numbers at `counters`, uint64 (n, 8) or (n, 1), as float64 (n, 8).

        The array is reused by the next call.
        """
        n = len(counters)
        x, shifted, numbers = self._x[:n], self._shifted[:n], self._numbers[:n]
        np.multiply(counters, _GOLDEN_U64, out=x)
        np.add(x, self._keys, out=x)
        np.right_shift(x, _SHIFT1, out=shifted)
        np.bitwise_xor(x, shifted, out=x)
        np.multiply(x, _FACTOR1, out=x)
        np.right_shift(x, _SHIFT2, out=shifted)
        np.bitwise_xor(x, shifted, out=x)
        np.multiply(x, _FACTOR2, out=x)
        np.right_shift(x, _SHIFT3, out=shifted)
        np.bitwise_xor(x, shifted, out=x)
        np.right_shift(x, _SHIFT_UNIT, out=x)
        np.multiply(x, 2.0**-52, out=numbers)
        np.subtract(numbers, 1.0, out=numbers)
        return numbers
