"""Figures that say how near decoded audio comes to its original."""

import math
from functools import lru_cache

import torch
from torch import Tensor

SAMPLE_RATE = 44_100
_SCALES = (2048, 1024, 512, 256, 128)
_TINY = 1e-4


def spectrum(audio: Tensor, n_fft: int, hop: int) -> Tensor:
    """Return Hann magnitudes (bins, frames) of audio (samples,)."""
    window = torch.hann_window(n_fft)
    return torch.stft(audio, n_fft, hop, window=window, return_complex=True).abs()


def report(reference: Tensor, made: Tensor) -> dict[str, float]:
    """Return the figures of made against reference, both (samples,), at equal loudness.

    msl2: relative squared STFT error, mean of five scales; mslog: log STFT error (nepers);
    log_mel_db: mean absolute log-mel distance; centroid_corr, level_corr: correlation over time;
    chroma: cosine of 12-tone energy; contrast_db: how far partials stand over the floor, with
    contrast_ratio to the reference's.
    """
    length = min(len(reference), len(made))
    reference, made = _to_level(reference[:length]), _to_level(made[:length])
    pairs = [(spectrum(reference, n, n // 4), spectrum(made, n, n // 4)) for n in _SCALES]
    msl2 = sum(float((x - y).square().mean() / x.square().mean()) for x, y in pairs) / len(pairs)
    mslog = sum(
        float((torch.log(x + _TINY) - torch.log(y + _TINY)).abs().mean()) for x, y in pairs
    ) / len(pairs)
    mel_x, mel_y = log_mel(pairs[0][0]), log_mel(pairs[0][1])
    loud_x, loud_y = mel_x.max(0).values, mel_y.max(0).values
    heard = loud_x > -60.0
    contrast, wanted = tonal_contrast(made), tonal_contrast(reference)
    return {
        "msl2": msl2,
        "mslog": mslog,
        "log_mel_db": float((mel_x - mel_y).abs().mean(0)[heard].mean()),
        "centroid_corr": _correlation(_centroid(pairs[0][0])[heard], _centroid(pairs[0][1])[heard]),
        "level_corr": _correlation(loud_x, loud_y),
        "chroma": _chroma_cosine(reference, made),
        "contrast_db": contrast,
        "contrast_ratio": contrast / wanted,
    }


def _to_level(audio: Tensor, dbfs: float = -18.0) -> Tensor:
    return audio * (10 ** (dbfs / 20) / (audio.square().mean().sqrt() + 1e-9))


def _correlation(x: Tensor, y: Tensor) -> float:
    return float(torch.corrcoef(torch.stack((x, y)))[0, 1]) if float(y.std()) > 0.0 else 0.0


def _centroid(magnitude: Tensor) -> Tensor:
    """Return the spectral centroid in Hz (frames,)."""
    hertz = torch.arange(magnitude.shape[0]) * SAMPLE_RATE / (2 * (magnitude.shape[0] - 1))
    return (magnitude * hertz.unsqueeze(1)).sum(0) / (magnitude.sum(0) + 1e-6)


@lru_cache(maxsize=4)
def _mel_bank(n_fft: int, bands: int) -> Tensor:
    """Return triangular mel bands (bands, bins), each summing to one, 30 Hz to 20 kHz."""
    lowest, highest = (2595.0 * math.log10(1.0 + hz / 700.0) for hz in (30.0, 20_000.0))
    edges = torch.linspace(lowest, highest, bands + 2)
    hertz = 700.0 * (10.0 ** (edges / 2595.0) - 1.0)
    bins = torch.arange(n_fft // 2 + 1) * SAMPLE_RATE / n_fft
    low, middle, high = (hertz[i : i + bands].unsqueeze(1) for i in range(3))
    bank = torch.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)).clamp_min(
        0.0
    )
    nearest = torch.zeros_like(bank).scatter_(1, (bins - middle).abs().argmin(1, keepdim=True), 1.0)
    bank = torch.where(bank.sum(1, keepdim=True) < 1e-3, nearest, bank)
    return bank / bank.sum(1, keepdim=True)


def log_mel(magnitude: Tensor, bands: int = 96) -> Tensor:
    """Return log-mel levels in dB (bands, frames) of magnitudes (bins, frames)."""
    return 20.0 * torch.log10(_mel_bank(2 * (magnitude.shape[0] - 1), bands) @ magnitude + _TINY)


def chroma(magnitude: Tensor, n_fft: int) -> Tensor:
    """Return 12-tone energy (12, frames), A first, 60 Hz to 5 kHz, of magnitudes (bins, frames)."""
    hertz = torch.arange(1, n_fft // 2 + 1) * SAMPLE_RATE / n_fft
    tone = torch.round(12.0 * torch.log2(hertz / 440.0)).long() % 12
    inside = (hertz > 60.0) & (hertz < 5000.0)
    return torch.zeros(12, magnitude.shape[1]).index_add_(
        0, tone[inside], magnitude[1:][inside].square()
    )


def _chroma_cosine(reference: Tensor, made: Tensor) -> float:
    x, y = spectrum(reference, 4096, 1024), spectrum(made, 4096, 1024)
    energy = x[1:].norm(dim=0)
    cosine = torch.cosine_similarity(chroma(x, 4096), chroma(y, 4096), dim=0)
    return float(cosine[energy > 0.05 * energy.max()].mean())


def in_key(audio: Tensor, root: int, scale: tuple[int, ...]) -> float:
    """Return the share of energy (0..1) that falls on a scale; root counts semitones above C."""
    energy = chroma(spectrum(audio, 4096, 1024), 4096).sum(1)
    tones = [(root + step - 9) % 12 for step in scale]
    return float(energy[tones].sum() / energy.sum())


def tonal_contrast(audio: Tensor) -> float:
    """Return how far peaks stand over medians of third-octaves, dB, 150 Hz to 5 kHz."""
    magnitude = spectrum(audio, 4096, 1024)
    energy = magnitude.square().sum(0)
    magnitude = magnitude[:, energy > energy.max() * 1e-4]
    hertz = torch.arange(magnitude.shape[0]) * SAMPLE_RATE / 4096
    heights: list[Tensor] = []
    low = 150.0
    while low < 5000.0:
        band = magnitude[(hertz >= low) & (hertz < low * 2 ** (1 / 3))]
        heights.append(
            20.0
            * torch.log10((band.max(0).values + _TINY) / (band.median(0).values + _TINY)).mean()
        )
        low *= 2 ** (1 / 3)
    return float(torch.stack(heights).mean())


def explained(made: Tensor, wanted: Tensor) -> Tensor:
    """Return the share of the variance of each row that `made` explains; both (rows, frames)."""
    return 1.0 - (made - wanted).square().mean(1) / wanted.var(1)


def level_dbfs(audio: Tensor) -> float:
    """Return the RMS level in dB below full scale."""
    return 10.0 * math.log10(float(audio.square().mean()) + 1e-12)
