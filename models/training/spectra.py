"""How well a family's latents describe its sound: spectra before phases, and the latents' spread.

Baselines for the spectral error: the mean frame, another moment of the same music, and the best
that eight linear axes can do, taken from the very audio they are judged on.
"""

from pathlib import Path

import torch
from torch import Tensor

from appliance.decoders.contract import open_model
from models.training.features import DB_PER_NEPER, CompactAxis, magnitudes
from models.training.spectral import LATENTS

_EVERY = 4  # frames overlap four times


@torch.no_grad()
def spectral_error(model_path: Path, audio: Tensor) -> dict[str, float]:
    """Return log-spectral L1 errors (dB) on audio (samples,) of a model and of its baselines."""
    model, _ = open_model(model_path)
    axis = CompactAxis()
    magnitude = magnitudes(audio)[::_EVERY]
    wanted = axis.wanted(magnitude)
    code = model.encoder(torch.log1p(magnitude))[:, :LATENTS]
    made = axis.wanted(torch.expm1(model.decoder(code)))
    mean = wanted.mean(0)
    axes = torch.linalg.eigh(torch.cov((wanted - mean).T)).eigenvectors[:, -LATENTS:]
    rivals = {
        "spectrum_db": made,
        "spectrum_mean_db": mean,
        "spectrum_other_db": wanted.roll(len(wanted) // 2, 0),
        "spectrum_pca8_db": (wanted - mean) @ axes @ axes.T + mean,
    }
    found = {
        name: DB_PER_NEPER * float((rival - wanted).abs().mean()) for name, rival in rivals.items()
    }
    for name in ("mean", "other", "pca8"):
        found[f"spectrum_to_{name}"] = found["spectrum_db"] / found[f"spectrum_{name}_db"]
    return found


@torch.no_grad()
def latent_spread(model_path: Path, audio: Tensor) -> dict[str, float]:
    """Return KL to N(0, 1) (nats), mean and standard deviation of the latents of audio (samples,).

    `latent_mean` is the mean of the eight means' sizes: minutes hold few phrases, so a single mean
    says more of the music than of the encoder.
    """
    model, _ = open_model(model_path)
    code = model.encoder(torch.log1p(magnitudes(audio)[::_EVERY]))
    mean, log_variance = code[:, :LATENTS], code[:, LATENTS:].clamp(-10.0, 4.0)
    divergence = (0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)).mean(0)
    return {
        "latent_kl_smallest": float(divergence.min()),
        "latent_kl_largest": float(divergence.max()),
        "latent_mean": float(mean.mean(0).abs().mean()),
        "latent_mean_largest": float(mean.mean(0).abs().max()),
        "latent_std_smallest": float(mean.std(0).min()),
        "latent_std_largest": float(mean.std(0).max()),
    }
