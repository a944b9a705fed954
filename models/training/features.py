"""Spectral frames: Gaussian-window transform, magnitudes in floor units, compact axis.

Magnitudes are counted in units of a floor at -80 dB under a full-scale sine, so that m = log(1 +
magnitude) is linear under the floor and logarithmic above it, as the vschaos2 magnitude transform
has it.
"""

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SAMPLE_RATE = 44_100
N_FFT = 2048
HOP = 512
BINS = N_FFT // 2 + 1
FLOOR = 1e-4
DB_PER_NEPER = 20.0 / math.log(10.0)


def gaussian_window(n_fft: int = N_FFT) -> Tensor:
    """Return the window, float32 (n_fft,): a Gaussian that has fallen to 0.01 at both ends."""
    centred = torch.arange(n_fft, dtype=torch.float64) + 0.5 - n_fft / 2
    return torch.exp(-(centred**2) * 4.0 * math.log(100.0) / n_fft**2).float()


def dual_window(window: Tensor, hop: int = HOP) -> Tensor:
    """Return the synthesis window (n_fft,) that makes overlapping frames add up to the signal."""
    energy = torch.zeros_like(window)
    for shift in range(-len(window) // hop, len(window) // hop + 1):
        energy += torch.roll(window**2, shift * hop) * _inside(len(window), shift * hop)
    return window / energy


def _inside(length: int, shift: int) -> Tensor:
    """Return 1 where a window shifted by so many samples still covers the frame, else 0."""
    index = torch.arange(length)
    return ((index - shift >= 0) & (index - shift < length)).float()


def magnitudes(audio: Tensor, hop: int = HOP, chunk: int = 4096) -> Tensor:
    """Return magnitudes in floor units, float32 (frames, 1025), of audio (samples,).

    Frame t starts at sample hop * t.
    """
    window = gaussian_window()
    window = window * (2.0 / float(window.sum()) / FLOOR)
    frames = audio.unfold(0, N_FFT, hop)
    return torch.cat([torch.fft.rfft(part * window).abs() for part in frames.split(chunk)])


class CompactAxis:
    """A frequency axis for hearing: every bin up to 4.5 kHz, then 24 bands an octave, 265 in all.

    `pool` (compact, 1025) averages bins into bands; `expand` (1025, compact) interpolates linearly
    between band centres; `width` (compact,) is how many bins a value stands for.
    """

    def __init__(self, linear_hz: float = 4500.0, bands_per_octave: int = 24) -> None:  # noqa: D107
        centres = self._centres(int(linear_hz * N_FFT / SAMPLE_RATE), bands_per_octave)
        edges = np.concatenate(([-0.5], (centres[1:] + centres[:-1]) / 2, [BINS - 0.5]))
        bins = np.arange(BINS)
        pool = np.zeros((len(centres), BINS), np.float32)
        for row, (low, high) in enumerate(pairwise(edges)):
            inside = (bins >= low) & (bins < high)
            if not inside.any():
                inside[round(centres[row])] = True
            pool[row, inside] = 1.0 / inside.sum()
        upper = np.clip(np.searchsorted(centres, bins), 1, len(centres) - 1)
        share = np.clip(
            (bins - centres[upper - 1]) / (centres[upper] - centres[upper - 1]), 0.0, 1.0
        )
        expand = np.zeros((BINS, len(centres)), np.float32)
        expand[bins, upper - 1] = 1.0 - share
        expand[bins, upper] += share
        self.size = len(centres)
        self.pool = torch.from_numpy(pool)
        self.expand = torch.from_numpy(expand)
        self.width = torch.from_numpy(expand.sum(0))

    @staticmethod
    def _centres(linear_bins: int, bands_per_octave: int) -> NDArray[np.float64]:
        """Return band centres in bins, rising from 0 to 1024."""
        centres = [float(k) for k in range(linear_bins)]
        place = float(linear_bins)
        while place < BINS - 1:
            centres.append(place)
            place = max(place + 1.0, place * 2.0 ** (1.0 / bands_per_octave))
        return np.array([*centres, float(BINS - 1)])

    def heard(self, magnitude: Tensor) -> Tensor:
        """Return what the encoder sees: m (frames, compact), band means of log(1 + magnitude)."""
        return torch.log1p(magnitude) @ self.pool.T

    def wanted(self, magnitude: Tensor) -> Tensor:
        """Return what the decoder learns: m (frames, compact) of each band's RMS, noise as loud."""
        return torch.log1p(torch.sqrt(magnitude.square() @ self.pool.T))
