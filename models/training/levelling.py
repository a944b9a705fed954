"""Bring a rendered corpus to one loudness, so that quiet presets count as much as loud ones."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfilt

TARGET_DBFS = -18.0
_AGC_SECONDS = 3.0
_AGC_MAX_GAIN = 30.0
_KNEE = 0.6


def level(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return audio (samples,) without DC, slowly levelled to -18 dBFS, softly held under 1."""
    highpass = butter(2, 25.0, "highpass", fs=sample_rate, output="sos")
    clean = np.asarray(sosfilt(highpass, audio.astype(np.float64)))
    power = uniform_filter1d(clean**2, max(1, int(sample_rate * _AGC_SECONDS)))
    target = 10 ** (TARGET_DBFS / 20)
    clean *= np.minimum(target / np.sqrt(power + 1e-12), _AGC_MAX_GAIN)
    clean *= target / (np.sqrt(np.mean(clean**2)) + 1e-12)
    return knee(clean).astype(np.float32)


def knee(audio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return audio unchanged below 0.6 and bent smoothly towards 0.98 above."""
    room = 0.98 - _KNEE
    size = np.abs(audio)
    return np.sign(audio) * np.where(
        size < _KNEE, size, _KNEE + room * np.tanh((size - _KNEE) / room)
    )
