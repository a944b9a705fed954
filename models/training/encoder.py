"""The waveform encoder: 16 PQMF bands to latents, a RAVE v2 tree of causal strided convolutions."""

# ruff: noqa: D102, D107 (a module's class says what it is made of)

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.training.generator import SLOPE, CachedSequential, Residual
from models.training.layers import PlainLayers
from models.training.pqmf import BANDS


@dataclass(frozen=True)
class EncoderShape:
    """Sizes of an encoder; ratio is samples per latent frame."""

    latents: int = 8
    widths: tuple[int, ...] = (32, 48, 64, 96, 128)
    ratios: tuple[int, ...] = (2, 2, 4, 4)
    dilations: tuple[tuple[int, ...], ...] = ((1, 3, 9), (1, 3, 9), (1, 3), (1, 3))

    @property
    def ratio(self) -> int:
        """Samples per latent frame."""
        return BANDS * math.prod(self.ratios)


class EncoderV2(nn.Module):
    """PQMF bands (batch, 16, frames * ratio / 16) to means and scales (batch, 16, frames)."""

    def __init__(self, layers: PlainLayers, shape: EncoderShape) -> None:
        super().__init__()
        net: list[nn.Module] = [layers.conv(BANDS, shape.widths[0], 7, left=6)]
        for place, (ratio, dilations) in enumerate(zip(shape.ratios, shape.dilations, strict=True)):
            width = shape.widths[place]
            net += [Residual(layers, width, dilation) for dilation in dilations]
            net.append(nn.LeakyReLU(SLOPE))
            net.append(
                layers.conv(width, shape.widths[place + 1], 2 * ratio, left=ratio, stride=ratio)
            )
        net.append(nn.LeakyReLU(SLOPE))
        net.append(layers.conv(shape.widths[-1], 2 * shape.latents, 3, left=2))
        self.net = CachedSequential(*net)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class VariationalEncoder(nn.Module):
    """An encoder whose output is means, then scales, of latents that are drawn from them."""

    def __init__(self, encoder: EncoderV2) -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("warmed_up", torch.tensor(1))

    @torch.jit.export
    def reparametrize(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return latents (batch, n, frames) drawn from (batch, 2 n, frames), and a zero."""
        mean, scale = z.chunk(2, 1)
        spread = nn.functional.softplus(scale) + 1e-4
        return torch.randn_like(mean) * spread + mean, torch.zeros(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)
