"""The waveform generator: latents to 16 PQMF bands, a RAVE v2 tree of causal convolutions."""

# ruff: noqa: D102, D107 (a module's class says what it is made of)

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.training.layers import PlainLayers
from models.training.pqmf import BANDS

SLOPE = 0.2


@dataclass(frozen=True)
class Shape:
    """Sizes of a generator; ratio is samples per latent frame."""

    latents: int = 8
    widths: tuple[int, ...] = (160, 128, 96, 64, 32)
    ratios: tuple[int, ...] = (4, 4, 2, 2)
    dilations: tuple[tuple[int, ...], ...] = ((1, 3), (1, 3, 9), (1, 3, 9), (1, 3, 9))
    noise_hidden: int = 32
    noise_ratios: tuple[int, ...] = (2, 2, 2)
    noise_bands: int = 5

    @property
    def ratio(self) -> int:
        """Samples per latent frame."""
        return BANDS * math.prod(self.ratios)


class CachedSequential(nn.Sequential):
    """A sequence; the name is the one readers of exported models look for."""


class DilatedUnit(nn.Module):
    """Activation, dilated convolution of 3, activation, convolution of 1."""

    def __init__(self, layers: PlainLayers, width: int, dilation: int) -> None:
        super().__init__()
        self.net = CachedSequential(
            nn.LeakyReLU(SLOPE),
            layers.conv(width, width, 3, left=2 * dilation, dilation=dilation),
            nn.LeakyReLU(SLOPE),
            layers.conv(width, width, 1, left=0),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class AlignBranches(nn.Module):
    """Runs branches on one input, each behind its own delay."""

    def __init__(self, branches: list[nn.Module], delays: list[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.paddings = nn.ModuleList(delays)

    def forward(self, x: Tensor) -> list[Tensor]:
        out: list[Tensor] = []
        for branch, padding in zip(self.branches, self.paddings):  # noqa: B905 (TorchScript knows no strict)
            out.append(branch(padding(x)))
        return out


class Residual(nn.Module):
    """x + unit(x)."""

    def __init__(self, layers: PlainLayers, width: int, dilation: int) -> None:
        super().__init__()
        branches: list[nn.Module] = [DilatedUnit(layers, width, dilation), nn.Identity()]
        self.aligned = AlignBranches(branches, [layers.delay(width), layers.delay(width)])

    def forward(self, x: Tensor) -> Tensor:
        changed, same = self.aligned(x)
        return changed + same


class NoiseGeneratorV2(nn.Module):
    """White noise shaped block by block in every band by filters that the features predict.

    Features (batch, width, time) -> (batch, 16, time); a block is the product of the ratios, 8 band
    instants.
    """

    target_size: Tensor

    def __init__(self, layers: PlainLayers, width: int, shape: Shape) -> None:
        super().__init__()
        sizes = [
            width,
            *[shape.noise_hidden] * (len(shape.noise_ratios) - 1),
            BANDS * shape.noise_bands,
        ]
        net: list[nn.Module] = []
        for place, ratio in enumerate(shape.noise_ratios):
            net.append(
                layers.conv(sizes[place], sizes[place + 1], 2 * ratio, left=ratio, stride=ratio)
            )
            if place + 1 < len(shape.noise_ratios):
                net.append(nn.LeakyReLU(SLOPE))
        self.net = nn.Sequential(*net)
        self.data_size = BANDS
        self.n_channels = 1
        self.register_buffer("target_size", torch.tensor(math.prod(shape.noise_ratios)))

    def forward(self, x: Tensor) -> Tensor:
        amplitude = mod_sigmoid(self.net(x) - 5.0).permute(0, 2, 1)
        amplitude = amplitude.reshape(
            amplitude.shape[0], amplitude.shape[1], self.n_channels * self.data_size, -1
        )
        response = impulse_response(amplitude, int(self.target_size))
        noise = fft_convolve(torch.rand_like(response) * 2.0 - 1.0, response).permute(0, 2, 1, 3)
        return noise.reshape(noise.shape[0], noise.shape[1], -1)


def mod_sigmoid(x: Tensor) -> Tensor:
    """Return 2 sigmoid(x)^2.3 + 1e-7: amplitudes in 0..2, steep in dB."""
    return 2.0 * torch.sigmoid(x) ** 2.3 + 1e-7


def impulse_response(amplitude: Tensor, size: int) -> Tensor:
    """Return filters (..., size), centred on instant 0 with wrap, of amplitudes (..., bands)."""
    response = torch.fft.irfft(torch.complex(amplitude, torch.zeros_like(amplitude)))
    taps = response.shape[-1]
    response = torch.roll(response, taps // 2, -1) * torch.hann_window(
        taps, dtype=response.dtype, device=response.device
    )
    response = nn.functional.pad(response, (0, size - taps))
    return torch.roll(response, -taps // 2, -1)


def fft_convolve(signal: Tensor, kernel: Tensor) -> Tensor:
    """Return the first n instants of the convolution of signal and kernel, both (..., n)."""
    signal = nn.functional.pad(signal, (0, signal.shape[-1]))
    kernel = nn.functional.pad(kernel, (kernel.shape[-1], 0))
    product = torch.fft.irfft(torch.fft.rfft(signal) * torch.fft.rfft(kernel))
    return product[..., product.shape[-1] // 2 :]


class GeneratorV2(nn.Module):
    """Latents (batch, 8, frames) to PQMF bands (batch, 16, frames * ratio / 16) in -1..1."""

    def __init__(self, layers: PlainLayers, shape: Shape) -> None:
        super().__init__()
        self.latents = shape.latents
        self.ratio = shape.ratio
        net: list[nn.Module] = [layers.conv(shape.latents, shape.widths[0], 3, left=2)]
        for place, (ratio, dilations) in enumerate(zip(shape.ratios, shape.dilations, strict=True)):
            width = shape.widths[place + 1]
            net += [nn.LeakyReLU(SLOPE), layers.up(shape.widths[place], width, ratio)]
            net += [Residual(layers, width, dilation) for dilation in dilations]
        net.append(nn.LeakyReLU(SLOPE))
        self.net = CachedSequential(*net)
        self.waveform_module = layers.conv(shape.widths[-1], 2 * BANDS, 7, left=6)
        self.noise_module = NoiseGeneratorV2(layers, shape.widths[-1], shape)
        self.amplitude_modulation = True

    def forward(self, x: Tensor) -> Tensor:
        x = self.net(x)
        noise = self.noise_module(x)
        x = self.waveform_module(x)
        if self.amplitude_modulation:
            x, amplitude = x.split(x.shape[1] // 2, 1)
            x = x * torch.sigmoid(amplitude)
        return torch.tanh(x + noise)
