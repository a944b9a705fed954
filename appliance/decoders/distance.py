"""How far two signals are apart: as error power, and as the bands of an ear see it."""

import math

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-4
"""Largest difference to TorchScript, relative to the largest sample."""

_SIZE, _HOP, _BANDS = 2048, 512, 64
_LOWEST_HZ = 40.0
_FLOOR_DB = -60.0  # under the loudest band: what is quieter counts as this


def ratio_db(signal: NDArray[np.float64], error: NDArray[np.float64]) -> float:
    """Return how far `error` lies under `signal`, in dB of mean squares."""
    return 10 * float(np.log10((np.mean(signal**2) + 1e-20) / (np.mean(error**2) + 1e-20)))


def log_mel_distance(first: NDArray[np.float64], second: NDArray[np.float64], rate: int) -> float:
    """Return the mean difference of two sounds' log-mel spectra, in dB over all bands and times.

    Sounds (samples,) at `rate`; those shorter than one window of 2048 samples are padded.
    """
    bands = _bands(rate)
    powers = [_power(sound) @ bands.T for sound in (first, second)]
    floor = max(float(powers[0].max()), 1e-20) * 10 ** (_FLOOR_DB / 10)
    levels = [10 * np.log10(np.maximum(power, floor)) for power in powers]
    return float(np.abs(levels[0] - levels[1]).mean())


def _power(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(sound, (0, max(_SIZE - len(sound), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP]
    return np.abs(np.fft.rfft(frames * np.hanning(_SIZE), axis=-1)) ** 2


def _bands(rate: int) -> NDArray[np.float64]:
    """Return (bands, bins): triangles that overlap by half, evenly spaced in mel."""
    low_mel, high_mel = (2595 * math.log10(1 + hz / 700) for hz in (_LOWEST_HZ, rate / 2))
    edges = 700 * (10 ** (np.linspace(low_mel, high_mel, _BANDS + 2) / 2595) - 1)
    frequency = np.fft.rfftfreq(_SIZE, 1 / rate)
    low, middle, high = (edges[n : n + _BANDS, None] for n in range(3))
    rising = (frequency - low) / (middle - low)
    falling = (high - frequency) / (high - middle)
    return np.clip(np.minimum(rising, falling), 0, None)
