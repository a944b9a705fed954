"""Measure exported models the way a player meets them: held-out audio, latents at random."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.training.corpus import FAMILIES
from models.training.metrics import in_key, level_dbfs, log_mel, report, spectrum
from models.training.spectral import LATENTS

_SECONDS = 20


def load(path: Path) -> Any:  # noqa: ANN401 (a scripted module has no static type)
    """Return the model with empty caches, in inference mode."""
    return torch.jit.load(str(path)).eval()


@torch.no_grad()
def decode(model: Any, latents: Tensor) -> Tensor:  # noqa: ANN401
    """Return audio (samples,) of latents (8, frames)."""
    return model.decode(latents.unsqueeze(0))[0, 0]


def reconstruction(path: Path, latents: Tensor, audio: Tensor) -> dict[str, float]:
    """Return how near the model comes to held-out audio (samples,) from its latents (8, frames)."""
    torch.manual_seed(11)
    return report(audio, decode(load(path), latents))


@torch.no_grad()
def through(path: Path, audio: Tensor, delay: int) -> dict[str, float]:
    """Return how near audio (samples,) comes to itself, `delay` late, by encode and decode."""
    torch.manual_seed(11)
    model = load(path)
    whole = len(audio) // int(model.encode_params[3])
    heard = audio[: whole * int(model.encode_params[3])].reshape(1, 1, -1)
    made = model.decode(model.encode(heard))[0, 0]
    return {f"chain_{key}": value for key, value in report(audio, made[delay:]).items()}


def behaviour(path: Path, family: str) -> dict[str, dict[str, float]]:
    """Return level, peak, DC and share in key of 20 s of latents of six kinds.

    At random every frame (N(0, 1), +-3, +-8), the first and last also held for a second, and zeros.
    """
    model = load(path)
    frames = _SECONDS * 44_100 // int(model.decode_params[1])
    dice = torch.Generator().manual_seed(23)
    shape = (LATENTS, frames)
    second = 44_100 // int(model.decode_params[1])
    kinds = {
        "normal": torch.randn(shape, generator=dice),
        "uniform_3": 6.0 * torch.rand(shape, generator=dice) - 3.0,
        "extreme_8": 8.0 * torch.sign(torch.randn(shape, generator=dice)),
        "zeros": torch.zeros(shape),
    }
    for kind in ("normal", "extreme_8"):
        held = kinds[kind][:, ::second].repeat_interleave(second, 1)
        kinds[f"{kind}_held"] = held[:, :frames]
    found: dict[str, dict[str, float]] = {}
    for name, latents in kinds.items():
        torch.manual_seed(29)
        audio = decode(model, latents)
        found[name] = {
            "level_dbfs": level_dbfs(audio),
            "peak": float(audio.abs().max()),
            "dc": float(audio.mean()),
            "finite": float(torch.isfinite(audio).all()),
            "in_key": in_key(audio, FAMILIES[family].root, FAMILIES[family].scale),
        }
    return found


def per_latent(path: Path, latents: Tensor, count: int = 48) -> list[float]:
    """Return how far, in dB, each latent moves the log-mel spectrum from -1.5 to +1.5.

    The other latents are held at frames of real audio, latents (8, frames).
    """
    model = load(path)
    pick = torch.linspace(0, latents.shape[1] - 1, count).long()
    hold = max(4, 8192 // int(model.decode_params[1]))
    moved: list[float] = []
    for place in range(LATENTS):
        spectra: list[Tensor] = []
        for value in (-1.5, 1.5):
            torch.manual_seed(31)
            held = latents[:, pick].clone()
            held[place] = value
            spectra.append(_mean_mel(decode(model, held.repeat_interleave(hold, 1)), count))
        moved.append(float((spectra[0] - spectra[1]).abs().mean()))
    return moved


def _mean_mel(audio: Tensor, count: int) -> Tensor:
    """Return mean log-mel spectra (bands, count) of the second halves of equal stretches."""
    stretches = audio.reshape(count, -1)
    late = stretches[:, stretches.shape[1] // 2 :]
    return torch.stack([log_mel(spectrum(part, 2048, 512)).mean(1) for part in late], 1)
