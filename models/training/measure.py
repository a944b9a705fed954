"""Measure a model the way a player meets it: latents at random, latents one by one."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from models.training.features import SAMPLE_RATE
from models.training.metrics import in_key, level_dbfs, log_mel, spectrum
from models.training.spectral import LATENTS

Play = Callable[[Tensor], Tensor]
"""Latents (rows, 8, frames) to audio (rows, samples), every row from silence."""

_SECONDS = 10
_HELD_ROWS = 4  # one held latent a second: a single row would hold too few to judge by
_MOMENT = 1024  # samples in which a level is taken
_DEAD_DBFS = -45.0


def random_latents(ratio: int) -> dict[str, Tensor]:
    """Return latents (rows, 8, frames) of six kinds, 10 s a row.

    At random every frame (N(0, 1), +-3, +-8), the first and last also held for a second, and zeros.
    """
    frames, second = _SECONDS * SAMPLE_RATE // ratio, SAMPLE_RATE // ratio
    dice = torch.Generator().manual_seed(23)
    shape = (1, LATENTS, frames)
    kinds = {
        "normal": torch.randn(shape, generator=dice),
        "uniform_3": 6.0 * torch.rand(shape, generator=dice) - 3.0,
        "extreme_8": 8.0 * torch.sign(torch.randn(shape, generator=dice)),
        "zeros": torch.zeros(shape),
    }
    held = torch.randn(_HELD_ROWS, LATENTS, _SECONDS + 1, generator=dice)
    held = held.repeat_interleave(second, 2)[..., :frames]
    return kinds | {"normal_held": held, "extreme_8_held": 8.0 * torch.sign(held[:1])}


def behaviour(
    play: Play, ratio: int, root: int, scale: tuple[int, ...]
) -> dict[str, dict[str, float]]:
    """Return level, peak, DC, share in key, span and dead share of six kinds of random latents."""
    kinds = random_latents(ratio)
    sounds = play(torch.cat(list(kinds.values()))).split([len(rows) for rows in kinds.values()])
    return {
        name: {
            "level_dbfs": level_dbfs(audio),
            "peak": float(audio.abs().max()),
            "dc": float(audio.mean(1).abs().max()),
            "finite": float(torch.isfinite(audio).all()),
            "in_key": in_key(audio.reshape(-1), root, scale),
            **_moments(audio),
        }
        for name, audio in zip(kinds, sounds, strict=True)
    }


def _moments(audio: Tensor) -> dict[str, float]:
    """Return the span of levels (p1 to p99, dB) and the share under -45 dBFS of 23 ms moments."""
    power = audio.unfold(1, _MOMENT, _MOMENT).square().mean(2)
    levels = 10.0 * torch.log10(power[:, 1:].flatten() + 1e-12)  # the first begins in silence
    low, high = torch.quantile(levels, torch.tensor([0.01, 0.99]))
    return {
        "span_db": float(high - low),
        "dead_share": float((levels < _DEAD_DBFS).float().mean()),
    }


def endurance(play: Play, ratio: int, seconds: float) -> dict[str, float]:
    """Return peak, DC and finiteness of N(0, 1) latents through one decoder without a pause."""
    dice = torch.Generator().manual_seed(37)
    frames = max(1, round(seconds * SAMPLE_RATE / ratio))
    audio = play(torch.randn(1, LATENTS, frames, generator=dice))[0]
    return {
        "peak": float(audio.abs().max()),
        "dc": abs(float(audio.mean(dtype=torch.float64))),
        "finite": float(torch.isfinite(audio).all()),
    }


def per_latent(play: Play, ratio: int, latents: Tensor, count: int = 24) -> list[float]:
    """Return how far, in dB, each latent moves the log-mel spectrum from -1.5 to +1.5.

    The other latents are held at frames of real audio, latents (8, frames).
    """
    pick = torch.linspace(0, latents.shape[1] - 1, count).long()
    hold = max(4, math.ceil(8192 / ratio))
    rows: list[Tensor] = []
    for place in range(LATENTS):
        for value in (-1.5, 1.5):
            held = latents[:, pick].clone()
            held[place] = value
            rows.append(held.repeat_interleave(hold, 1))
    spectra = [_mean_mel(audio, count) for audio in play(torch.stack(rows))]
    return [
        float((low - high).abs().mean())
        for low, high in zip(spectra[::2], spectra[1::2], strict=True)
    ]


def _mean_mel(audio: Tensor, count: int) -> Tensor:
    """Return mean log-mel spectra (bands, count) of the second halves of equal stretches."""
    stretches = audio.reshape(count, -1)
    late = stretches[:, stretches.shape[1] // 2 :]
    return torch.stack([log_mel(spectrum(part, 2048, 512)).mean(1) for part in late], 1)
