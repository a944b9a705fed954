"""Latents as lines, and beside them the spectrogram of what they make sound."""

import numpy as np
from numpy.typing import NDArray

from appliance.plots.chart import WIDTH, Chart

_LANE = 44
_SPECTROGRAM = 240
_WINDOW = 2048
_LOWEST, _RANGE = 40.0, 80.0  # Hz, dB
_TICKS = {"100 Hz": 100.0, "1 kHz": 1000.0, "10 kHz": 10_000.0}
_MAP = np.array([(0, 0, 8), (60, 15, 110), (180, 50, 90), (250, 140, 40), (255, 250, 200)], float)


def latents_chart(latents: NDArray[np.float64], seconds: float, title: str) -> Chart:
    """Return a chart of `latents`, float64 (lines, 8, points), one lane a channel."""
    chart = Chart(title, seconds, [_LANE] * latents.shape[1])
    _lanes(chart, latents)
    return chart


def sound_chart(
    latents: NDArray[np.float64], sound: NDArray[np.float32], rate: int, title: str
) -> Chart:
    """Return lanes of `latents`, (lines, 8, points), above the spectrogram of `sound`, (n,)."""
    lanes = latents.shape[1]
    chart = Chart(title, len(sound) / rate, [_LANE] * lanes + [_SPECTROGRAM])
    _lanes(chart, latents)
    octaves = np.log2(rate / 2 / _LOWEST)
    marks = {name: np.log2(f / _LOWEST) / octaves for name, f in _TICKS.items() if f < rate / 2}
    chart.image(lanes, spectrogram(sound, rate), marks)
    return chart


def spectrogram(sound: NDArray[np.float32], rate: int) -> NDArray[np.uint8]:
    """Return pixels, uint8 (height, WIDTH, 3): 80 dB below the loudest, logarithmic from 40 Hz."""
    padded = np.concatenate((np.zeros(_WINDOW // 2), sound, np.zeros(_WINDOW)))
    starts = np.linspace(0, max(0, len(sound) - 1), WIDTH).astype(int)
    window = np.hanning(_WINDOW)
    frequencies = np.geomspace(_LOWEST, rate / 2, _SPECTROGRAM + 1)
    bins = np.clip(frequencies * _WINDOW / rate, 0, _WINDOW // 2)
    levels = np.zeros((_SPECTROGRAM, WIDTH))
    for column, start in enumerate(starts):
        power = np.abs(np.fft.rfft(padded[start : start + _WINDOW] * window)) ** 2
        # The mean over each row's band; where rows are finer than bins, between two bins.
        total = np.concatenate(([0.0], np.cumsum(power)))
        edges = np.interp(bins, np.arange(len(total)), total)
        levels[:, column] = np.diff(edges) / np.maximum(np.diff(bins), 1e-9)
    decibels = 10 * np.log10(levels + 1e-12)
    shade = np.clip((decibels - decibels.max()) / _RANGE + 1, 0, 1)[::-1]
    places = np.linspace(0, 1, len(_MAP))
    return np.stack([np.interp(shade, places, part) for part in _MAP.T], -1).astype(np.uint8)


def _lanes(chart: Chart, latents: NDArray[np.float64]) -> None:
    most = 1.08 * max(1.0, float(np.abs(latents).max()))  # clear of the frame
    for channel in range(latents.shape[1]):
        chart.lane(channel, latents[:, channel], f"{channel + 1}", (-most, most))
