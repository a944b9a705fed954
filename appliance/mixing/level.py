"""Real-time: levels in dB and as factors, and the time all gains take to move."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

SILENCE_DB = -60.0
"""Level at and below which a gain is exactly 0."""

FADE_SECONDS = 0.02
"""Time of every gain ramp and crossfade, in seconds."""

DB_PER_OCTAVE = 20 * math.log10(2)
"""Decibels in a factor of two: turns log2 levels into dB."""


def fade_samples(rate: float) -> int:
    """Return the length of a gain ramp in samples at `rate` Hz, at least 1."""
    return max(1, round(FADE_SECONDS * rate))


def linear_gain(level_db: ArrayLike) -> NDArray[np.float64]:
    """Return the factors for `level_db` in dB, float64 of its shape; exactly 0 from -60 dB down."""
    level = np.asarray(level_db, np.float64)
    return np.where(level <= SILENCE_DB, 0.0, 10.0 ** (level / 20))
