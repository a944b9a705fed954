"""Pictures for a model's page: reconstruction beside the original, and what each latent does."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.training.features import SAMPLE_RATE
from models.training.metrics import spectrum
from models.training.progress import write_atomically
from models.training.spectral import LATENTS

_N_FFT, _HOP = 2048, 1024
_TOP_HZ = 8000.0

Decode = Callable[[Tensor], Tensor]
"""Latents (8, frames) to audio (samples,)."""


def _plot() -> Any:  # noqa: ANN401 (matplotlib publishes no complete types)
    import matplotlib as mpl  # noqa: PLC0415 (only pictures need it)

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    return plt


def _decibels(audio: Tensor) -> Tensor:
    """Return levels in dB under the loudest (bins up to 8 kHz, frames) of audio (samples,)."""
    level = 20.0 * torch.log10(spectrum(audio, _N_FFT, _HOP) + 1e-4)
    return (level - level.max())[: int(_TOP_HZ * _N_FFT / SAMPLE_RATE)]


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401
    from PIL import Image  # noqa: PLC0415 (comes with matplotlib)

    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=80)
    _plot().close(figure)
    # 64 colours are enough for a spectrogram and a third of the size
    few = Image.open(drawn).convert("RGB").quantize(64)
    write_atomically(path, lambda partial: few.save(partial, format="PNG", optimize=True))


def reconstruction(
    decode: Decode, latents: Tensor, audio: Tensor, picture: Path, seconds: float = 10.0
) -> None:
    """Draw spectrograms of held-out audio (samples,) and of its decode from latents (8, frames)."""
    length = min(int(seconds * SAMPLE_RATE), len(audio))
    made = decode(latents)[:length]
    plot = _plot()
    figure, axes = plot.subplots(2, 1, figsize=(9, 5.5), sharex=True, layout="constrained")
    for axis, part, title in zip(
        axes, (audio[:length], made), ("original", "decoded from 8 latents"), strict=True
    ):
        extent = (0.0, length / SAMPLE_RATE, 0.0, _TOP_HZ / 1000)
        axis.imshow(
            _decibels(part),
            origin="lower",
            aspect="auto",
            extent=extent,
            vmin=-80,
            vmax=0,
            cmap="magma",
        )
        axis.set(title=title, ylabel="kHz")
    axes[-1].set_xlabel("seconds")
    _save(figure, picture)


def sweep(decode: Decode, ratio: int, latents: Tensor, picture: Path, seconds: float = 4.0) -> None:
    """Draw each latent swept from -3 to +3, the others held at a lively frame of (8, frames)."""
    frames, held = int(seconds * SAMPLE_RATE) // ratio, lively(latents)
    plot = _plot()
    figure, axes = plot.subplots(
        2, LATENTS // 2, figsize=(11, 5.5), sharex=True, sharey=True, layout="constrained"
    )
    for place, axis in enumerate(axes.flat):
        path = held.unsqueeze(1).repeat(1, frames)
        path[place] = torch.linspace(-3.0, 3.0, frames)
        extent = (-3.0, 3.0, 0.0, _TOP_HZ / 1000)
        level = _decibels(decode(path))
        axis.imshow(
            level, origin="lower", aspect="auto", extent=extent, vmin=-80, vmax=0, cmap="magma"
        )
        axis.set(title=f"latent {place + 1}")
    for axis in axes[-1]:
        axis.set_xlabel("latent units")
    for axis in axes[:, 0]:
        axis.set_ylabel("kHz")
    _save(figure, picture)


def lively(latents: Tensor) -> Tensor:
    """Return the frame (8,) of (8, frames) nearest to the median distance from the centre."""
    size = latents.norm(dim=0)
    return latents[:, int((size - size.median()).abs().argmin())]


def gestures(theirs: Tensor, made: Tensor, rate: float, picture: Path) -> None:
    """Draw latents (8, points) of music over made-up ones, `rate` points a second."""
    plot = _plot()
    figure, axes = plot.subplots(2, 1, figsize=(9, 5.5), sharex=True, layout="constrained")
    for axis, latents, title in zip(axes, (theirs, made), ("of music", "made up"), strict=True):
        for place, line in enumerate(latents):
            axis.plot(torch.arange(len(line)) / rate, line + 5.0 * place, linewidth=0.8)
        axis.set_yticks([5.0 * place for place in range(LATENTS)], range(1, LATENTS + 1))
        axis.set_title(title, fontsize=9, loc="left")
    axes[-1].set_xlabel("s")
    _save(figure, picture)
