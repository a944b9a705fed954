"""Real-time: random curves, one per slot, that can be entered at any sample."""

import numpy as np
from numpy.typing import NDArray

_FRACTION_BITS = 40
_ONE = 1 << _FRACTION_BITS
_WORD = (1 << 64) - 1


def hash_noise(index: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return uniform noise, float64 in -1..1 of the shape of `index`: splitmix64's finaliser."""
    z = index * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-52 - 1.0


class Drift:
    """Curves through random points in -1..1, `frequency` new points a second per curve.

    Points are joined by straight lines, or, if `smooth`, by arcs that are level at each point so
    that the slope has no steps. The points are hashes of a seed, the curve and the point's number;
    the phase is an integer of 40 fractional bits. So any sample can be had without those before
    it, and the curves go on for ever without losing precision. Curves turn at different moments.
    """

    def __init__(
        self,
        curves: int,
        *,
        frequency: float,
        rate: float,
        max_block: int,
        seed: int = 0,
        smooth: bool = False,
    ) -> None:
        """Start at sample 0 with `frequency` and `rate` in Hz; blocks up to `max_block` samples."""
        self._rate = rate
        self._smooth = smooth
        self._curves = curves
        start = np.arange(curves, dtype=np.uint64)[:, np.newaxis]
        # Each curve reads its own stretch of 2**48 points.
        self._first_point = ((start + np.uint64(1)) << np.uint64(48)) + np.uint64(
            (seed * 0xD1B54A32D192ED03) & _WORD
        )
        self._stagger = (np.arange(curves) * (_ONE // curves)).astype(np.int64)[:, np.newaxis]
        self._steps = np.arange(max_block, dtype=np.int64)
        self._phase = np.zeros((curves, max_block), np.int64)
        self._point = np.zeros((curves, max_block), np.int64)
        self._from = np.zeros((curves, max_block))
        self._share = np.zeros((curves, max_block))
        self.reset(frequency)

    def reset(self, frequency: float) -> None:
        """Start again at sample 0 with `frequency` in Hz."""
        self._anchor_sample = 0
        self._anchor_phase = 0
        self._increment = self._step(frequency)

    def _step(self, frequency: float) -> int:
        return round(frequency / self._rate * _ONE)

    def change(self, frequency: float, *, at: int) -> None:
        """From absolute sample `at` on move at `frequency` Hz, without a jump."""
        self._anchor_phase += (at - self._anchor_sample) * self._increment
        self._anchor_sample = at
        self._increment = self._step(frequency)

    def fill(self, out: NDArray[np.float64], *, at: int, step: int = 1) -> None:
        """Write the curves from absolute sample `at` on into `out`, float64 (curves, points).

        From point to point it is `step` samples.
        """
        samples = out.shape[1]
        phase, point, start = (
            self._phase[:, :samples],
            self._point[:, :samples],
            self._from[:, :samples],
        )
        position = self._anchor_phase + (at - self._anchor_sample) * self._increment
        first, fraction = position >> _FRACTION_BITS, position & (_ONE - 1)
        np.multiply(self._steps[:samples], self._increment * step, out=phase[0])
        phase[0] += fraction
        np.add(phase[0], self._stagger[1:], out=phase[1:])
        np.right_shift(phase, _FRACTION_BITS, out=point)
        np.bitwise_and(phase, _ONE - 1, out=phase)

        count = int(point[:, -1].max()) + 2
        numbers = np.arange(count, dtype=np.uint64) + np.uint64(first & _WORD)
        points = hash_noise(self._first_point + numbers)
        point += np.arange(0, self._curves * count, count)[:, np.newaxis]
        points.take(point, out=start, mode="clip")
        point += 1
        points.take(point, out=out, mode="clip")

        share = np.multiply(phase, 1.0 / _ONE, out=self._share[:, :samples])
        if self._smooth:
            curve = 3.0 - 2.0 * share
            curve *= share
            share *= curve
        np.subtract(out, start, out=out)
        np.multiply(out, share, out=out)
        np.add(out, start, out=out)
