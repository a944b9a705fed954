"""A 16-band cosine-modulated filter bank (pseudo-QMF) in polyphase form.

Prototype: a Kaiser-windowed sinc of 271 taps whose cut-off and window shape are searched so that
shifted copies of its autocorrelation vanish, which is the condition for bands to add up to the
input again.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.signal import firwin
from torch import Tensor

BANDS = 16
TAPS = 17 * BANDS  # an odd number of polyphase taps needs no padding


def _prototype(cutoff: float, beta: float) -> NDArray[np.float64]:
    window: Any = ("kaiser", beta)  # scipy takes a pair here, its stubs do not know
    return np.asarray(firwin(TAPS - 1, cutoff, window=window, scale=False))


@lru_cache(maxsize=1)
def prototype() -> NDArray[np.float64]:
    """Return the low-pass prototype, float64 (271,), symmetric."""

    def overlap(shape: NDArray[np.float64]) -> float:
        taps = _prototype(float(shape[0]) / BANDS, float(shape[1]))
        product = np.convolve(taps, taps)[TAPS - 2 :: 2 * BANDS]
        return float(np.abs(product[1:]).max() / product[0])

    starts = (
        (cutoff, beta) for cutoff in (0.5, 0.52, 0.54, 0.56, 0.6) for beta in (6.0, 8.0, 10.0)
    )
    found = [
        minimize(overlap, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
        for start in starts
    ]
    best = min(found, key=lambda result: float(result.fun))
    return _prototype(float(best.x[0]) / BANDS, float(best.x[1]))


@lru_cache(maxsize=1)
def filters() -> Tensor:
    """Return the bank, float32 (16, 272): the prototype at each band's centre, last tap zero."""
    taps = prototype()
    time = np.arange(len(taps)) - len(taps) // 2
    band = np.arange(BANDS)[:, None]
    carrier = np.cos((2 * band + 1) * math.pi / (2 * BANDS) * time + (-1.0) ** band * math.pi / 4)
    bank = 2.0 * taps * carrier
    return torch.from_numpy(np.pad(bank, ((0, 0), (0, TAPS - bank.shape[1])))).float()


def analysis_weight() -> Tensor:
    """Return the strided-convolution kernel (16, 1, 273) that splits a signal into bands."""
    return torch.nn.functional.pad(filters(), (0, 1)).unsqueeze(1)


def synthesis_weight() -> Tensor:
    """Return the polyphase kernel (16 phases, 16 bands, 17 taps), reversed in time.

    Phase m holds taps m, m + 16, m + 32 and so on.
    """
    reversed_taps = filters().flip(-1)
    return reversed_taps.reshape(BANDS, TAPS // BANDS, BANDS).permute(2, 0, 1).contiguous()


def reverse_half(bands: Tensor) -> Tensor:
    """Return bands (batch, 16, time) with odd bands negated at even instants."""
    mask = torch.ones_like(bands)
    mask[..., 1::2, ::2] = -1.0
    return bands * mask


def interleave(phases: Tensor) -> Tensor:
    """Return (batch, 1, 16 time) from polyphase outputs (batch, 16, time), the last phase first."""
    return phases.flip(1).transpose(1, 2).reshape(phases.shape[0], 1, -1)


def analyse(audio: Tensor) -> Tensor:
    """Return bands (batch, 16, time / 16) of audio (batch, 1, time), causal."""
    padded = torch.nn.functional.pad(audio, (TAPS, 0))
    return reverse_half(
        torch.nn.functional.conv1d(padded, analysis_weight().to(audio), stride=BANDS)
    )


def synthesise(bands: Tensor) -> Tensor:
    """Return audio (batch, 1, 16 time) of bands (batch, 16, time), causal."""
    padded = torch.nn.functional.pad(reverse_half(bands), (TAPS // BANDS - 1, 0))
    return interleave(torch.nn.functional.conv1d(padded, synthesis_weight().to(bands)) * BANDS)
