"""Loudness as ITU-R BS.1770-4 measures it: K-weighted, in blocks of 400 ms, gated; in LUFS."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

_BLOCK_SECONDS = 0.4
_HOPS = 4  # a block begins every quarter of one
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691

SILENCE = -120.0
"""What silence is given as, in LUFS."""


def loudness(stereo: NDArray[np.float32], rate: float) -> float:
    """Return the integrated loudness of `stereo`, float32 (2, samples), in LUFS."""
    blocks = momentary(stereo, rate, _BLOCK_SECONDS, _BLOCK_SECONDS / _HOPS)
    loud = blocks[blocks > _power(_ABSOLUTE_GATE)]
    if not len(loud):
        return SILENCE
    loud = loud[loud > loud.mean() * 10.0 ** (_RELATIVE_GATE / 10)]
    return level_lufs(float(loud.mean()))


def audible_after(
    stereo: NDArray[np.float32], rate: float, *, threshold_lufs: float = -40.0
) -> float | None:
    """Return the seconds until 100 ms of `stereo`, (2, samples), are over a threshold, or None."""
    hop = 0.01
    over = np.flatnonzero(momentary(stereo, rate, 0.1, hop) > _power(threshold_lufs))
    return float(over[0]) * hop if len(over) else None


def momentary(
    stereo: NDArray[np.float32], rate: float, seconds: float, hop: float
) -> NDArray[np.float64]:
    """Return the K-weighted power of both channels in windows, float64 (windows,)."""
    weighted = np.asarray(sosfilt(_k_weighting(rate), stereo.astype(np.float64), axis=-1))
    energy = np.concatenate(([0.0], np.cumsum(np.sum(weighted**2, axis=0))))
    length, step = round(seconds * rate), round(hop * rate)
    starts = np.arange(0, max(1, stereo.shape[1] - length + 1), step)
    ends = np.minimum(starts + length, stereo.shape[1])
    return (energy[ends] - energy[starts]) / length


def level_lufs(power: float) -> float:
    """Return K-weighted `power` in LUFS."""
    return max(SILENCE, _OFFSET + 10 * math.log10(max(power, 1e-30)))


def _power(lufs: float) -> float:
    return 10.0 ** ((lufs - _OFFSET) / 10)


def _k_weighting(rate: float) -> NDArray[np.float64]:
    """Return the two sections of the standard, whose filters at 48 kHz are moved to `rate`."""
    gain, q, frequency = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    k = math.tan(math.pi * frequency / rate)
    high = 10.0 ** (gain / 20)
    band = high**0.4996667741545416
    unit = 1 + k / q + k * k
    shelf = [
        (high + band * k / q + k * k) / unit,
        2 * (k * k - high) / unit,
        (high - band * k / q + k * k) / unit,
        1.0,
        2 * (k * k - 1) / unit,
        (1 - k / q + k * k) / unit,
    ]
    q, frequency = 0.5003270373238773, 38.13547087602444
    k = math.tan(math.pi * frequency / rate)
    unit = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / unit, (1 - k / q + k * k) / unit]
    return np.array([shelf, high_pass])
