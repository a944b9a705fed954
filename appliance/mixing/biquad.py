"""Second-order sections from Robert Bristow-Johnson's Audio EQ Cookbook (W3C note, 2021).

Each function returns (b0, b1, b2, 1, a1, a2), a row as scipy.signal.sosfilt takes it; frequency
and rate in Hz, gain in dB. Frequencies are kept below 0.49 of the rate.
"""

import math
from collections.abc import Sequence

HIGHEST = 0.49
"""Highest usable frequency as a part of the sample rate."""

Section = tuple[float, float, float, float, float, float]


def _angle(frequency: float, rate: float) -> float:
    return 2 * math.pi * min(frequency, HIGHEST * rate) / rate


def _section(numerator: Sequence[float], denominator: Sequence[float]) -> Section:
    b0, b1, b2 = numerator
    a0, a1, a2 = denominator
    return b0 / a0, b1 / a0, b2 / a0, 1.0, a1 / a0, a2 / a0


def peak(frequency: float, gain_db: float, q: float, rate: float) -> Section:
    """Return a bell around `frequency`; `q` is centre frequency over bandwidth."""
    a = 10 ** (gain_db / 40)
    w = _angle(frequency, rate)
    alpha = math.sin(w) / (2 * q)
    middle = -2 * math.cos(w)
    return _section((1 + alpha * a, middle, 1 - alpha * a), (1 + alpha / a, middle, 1 - alpha / a))


def low_shelf(frequency: float, gain_db: float, rate: float) -> Section:
    """Return a shelf below `frequency` (where half the gain in dB is reached), slope 1."""
    return _shelf(frequency, gain_db, rate, side=1)


def high_shelf(frequency: float, gain_db: float, rate: float) -> Section:
    """Return a shelf above `frequency` (where half the gain in dB is reached), slope 1."""
    return _shelf(frequency, gain_db, rate, side=-1)


def _shelf(frequency: float, gain_db: float, rate: float, *, side: int) -> Section:
    # The cookbook's two shelves differ only in the sign of the cosine and of the middle terms.
    a = 10 ** (gain_db / 40)
    w = _angle(frequency, rate)
    c = side * math.cos(w)
    beta = math.sqrt(2 * a) * math.sin(w)
    up, down = a + 1, a - 1
    return _section(
        (
            a * (up - down * c + beta),
            side * 2 * a * (down - up * c),
            a * (up - down * c - beta),
        ),
        (
            up + down * c + beta,
            side * -2 * (down + up * c),
            up + down * c - beta,
        ),
    )
