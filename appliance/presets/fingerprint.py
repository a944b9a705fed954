"""How far two sounds are apart: their log-mel spectra, and how much these move."""

import numpy as np
from numpy.typing import NDArray

BANDS = 40
_LOW, _HIGH = 50.0, 14000.0
_WINDOW, _HOP = 2048, 1024
_FLOOR_DB = -100.0


def fingerprint(stereo: NDArray[np.float32], rate: float) -> NDArray[np.float64]:
    """Return mean and spread over time of each mel band in dB, float64 (2, 40).

    `stereo` is float32 (2, samples). Levels are relative to the whole, so that turning a sound up
    does not make it another one.
    """
    mono = stereo.astype(np.float64).mean(axis=0)
    mono = np.pad(mono, (0, max(0, _WINDOW - len(mono))))
    frames = np.lib.stride_tricks.sliding_window_view(mono, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), axis=1)) ** 2
    mel = power @ _filters(rate).T
    total = max(float(mel.sum(axis=1).mean()), 1e-30)
    level = np.maximum(10 * np.log10(mel / total + 1e-30), _FLOOR_DB)
    return np.stack((level.mean(axis=0), level.std(axis=0)))


def distance_db(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the distance of two fingerprints in dB: root mean square over the bands."""
    return float(np.sqrt(np.mean(np.sum((one - other) ** 2, axis=0))))


def _filters(rate: float) -> NDArray[np.float64]:
    """Return triangles on the mel scale, float64 (bands, bins)."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (_LOW, min(_HIGH, rate / 2)))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_WINDOW, 1 / rate)
    rise = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    triangles = np.maximum(0, np.minimum(rise, fall))
    return triangles + 1e-9  # a band narrower than a bin is not empty
