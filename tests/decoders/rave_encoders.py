"""Encoders of RAVE v1 and v2, small and with weights at random."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from tests.decoders.rave_layers import (
    SLOPE,
    CachedSequential,
    DilatedUnit,
    Layers,
    Residual,
    delay_of,
)


class Encoder(nn.Module):
    def __init__(
        self, layers: Layers, bands: int, widths: list[int], ratios: tuple[int, ...], outputs: int
    ) -> None:
        super().__init__()
        last = layers.conv(bands * layers.channels, widths[0], 7)
        net: list[nn.Module] = [last]
        for (size_in, size_out), ratio in zip(pairwise(widths), ratios, strict=True):
            net += [nn.BatchNorm1d(size_in), nn.LeakyReLU(SLOPE)]
            delay = delay_of(last)
            last = layers.conv(size_in, size_out, 2 * ratio + 1, stride=ratio, delay=delay)
            net.append(last)
        last = layers.conv(widths[-1], outputs, 5, delay=delay_of(last), groups=2)
        self.net = CachedSequential(*net, nn.LeakyReLU(SLOPE), last)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class EncoderV2(nn.Module):
    def __init__(
        self, layers: Layers, bands: int, widths: list[int], ratios: tuple[int, ...], outputs: int
    ) -> None:
        super().__init__()
        net: list[nn.Module] = [layers.conv(bands * layers.channels, widths[0], 7)]
        for place, ratio in enumerate(ratios):
            size_in, size_out = widths[place : place + 2]
            for dilation in (1, 3, 9) if place + 1 < len(ratios) else (1, 3):
                unit = DilatedUnit(layers, size_in, dilation)
                net += [*layers.adaptive(size_in), Residual(layers, size_in, unit)]
            net.append(layers.activation(size_in))
            net.append(layers.conv(size_in, size_out, 2 * ratio, stride=ratio))
        last = layers.conv(widths[-1], outputs, 3)
        self.net = CachedSequential(*net, layers.activation(widths[-1]), last)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Absent(nn.Module):
    """Stands where an export of version 1 would have its encoder."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


class LatentEncoder(nn.Module):
    """The encoder and what decoding needs of it."""

    def __init__(self, encoder: nn.Module, noise: int, rvq: nn.Module | None) -> None:
        super().__init__()
        self.encoder, self.noise_augmentation = encoder, noise
        self.rvq = nn.Identity() if rvq is None else rvq
        self.register_buffer("warmed_up", torch.tensor(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)
