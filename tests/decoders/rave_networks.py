"""Encoders, decoders and noise branches of RAVE v1 and v2, small and with weights at random."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.decoders.rave_layers import (
    CachedSequential,
    DilatedUnit,
    Layers,
    Residual,
    ResidualStack,
    UpsampleLayer,
    aligned,
    delay_of,
    downsampling,
)

BANDS = 16


def mod_sigmoid(x: Tensor) -> Tensor:
    return 2 * torch.sigmoid(x) ** 2.3 + 1e-7


def impulse_response(amplitude: Tensor, size: int) -> Tensor:
    """Return zero-phase filters (..., size), wrapped about 0, of amplitudes (..., bands)."""
    taps = torch.fft.irfft(torch.complex(amplitude, torch.zeros_like(amplitude)))
    length = taps.shape[-1]
    taps = taps.roll(length // 2, -1) * torch.hann_window(length)
    return functional.pad(taps, (0, size - length)).roll(-(length // 2), -1)


def block_convolve(signal: Tensor, taps: Tensor) -> Tensor:
    """Return the first n instants of signal * taps, both (..., n), by Fourier transform."""
    size = signal.shape[-1]
    spectrum = torch.fft.rfft(signal, 2 * size) * torch.fft.rfft(taps, 2 * size)
    return torch.fft.irfft(spectrum, 2 * size)[..., :size]


class _Noise(nn.Module):
    target_size: Tensor

    def __init__(self, net: nn.Module, block: int, channels: int) -> None:
        super().__init__()
        self.net, self.data_size, self.n_channels = net, BANDS * channels, channels
        self.register_buffer("target_size", torch.tensor(block))

    def forward(self, x: Tensor) -> Tensor:
        amplitude = mod_sigmoid(self.net(x) - 5).permute(0, 2, 1)
        amplitude = amplitude.reshape(amplitude.shape[0], amplitude.shape[1], self.data_size, -1)
        taps = impulse_response(amplitude, int(self.target_size))
        noise = block_convolve(torch.rand_like(taps) * 2 - 1, taps)
        return noise.permute(0, 2, 1, 3).reshape(noise.shape[0], self.data_size, -1)


class NoiseGenerator(_Noise):
    def __init__(self, layers: Layers, width: int, ratios: tuple[int, ...], bands: int) -> None:
        sizes = [width] * len(ratios) + [BANDS * layers.channels * bands]
        net = CachedSequential(*downsampling(layers, sizes, [3] * len(ratios), ratios))
        super().__init__(net, math.prod(ratios), layers.channels)
        self.cumulative_delay = net.cumulative_delay * math.prod(ratios)


class NoiseGeneratorV2(_Noise):
    def __init__(self, layers: Layers, width: int, ratios: tuple[int, ...], bands: int) -> None:
        sizes = [width] * len(ratios) + [BANDS * layers.channels * bands]
        kernels, pads = [2 * ratio for ratio in ratios], [(ratio, 0) for ratio in ratios]
        net = downsampling(layers, sizes, kernels, ratios, pads)
        super().__init__(nn.Sequential(*net), math.prod(ratios), layers.channels)


class Generator(nn.Module):
    warmed_up: Tensor

    def __init__(
        self, layers: Layers, full: int, widths: list[int], ratios: tuple[int, ...],
        noise: tuple[tuple[int, ...], int] | None, loud_stride: int, warmed_up: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        net: list[nn.Module] = [layers.conv(full, widths[0], 7)]
        for place, ratio in enumerate(ratios):
            size_in, size_out = widths[place : place + 2]
            net.append(UpsampleLayer(layers, size_in, size_out, ratio, delay_of(net[-1])))
            net.append(ResidualStack(layers, size_out, (1, 3, 5), delay_of(net[-1])))
        self.net = CachedSequential(*net)
        width = widths[len(ratios)]
        branches = [
            layers.conv(width, BANDS * layers.channels, 7),
            layers.conv(width, 1, 2 * loud_stride + 1, stride=loud_stride),
        ]
        if noise is not None:
            branches.append(NoiseGenerator(layers, width, *noise))
        self.synth = aligned(layers, width, *branches)
        self.use_noise, self.loud_stride = noise is not None, loud_stride
        self.quiet = False
        self.cumulative_delay = self.net.cumulative_delay + self.synth.cumulative_delay
        self.register_buffer("warmed_up", torch.tensor(int(warmed_up)))

    def forward(self, x: Tensor) -> Tensor:
        parts = self.synth(self.net(x))
        level = parts[1].repeat_interleave(self.loud_stride, -1)
        y = torch.tanh(parts[0]) * mod_sigmoid(level)
        if self.use_noise and bool(self.warmed_up) and not self.quiet:
            y = y + parts[2]
        return y


def _v2_net(
    layers: Layers, full: int, widths: list[int], ratios: tuple[int, ...]
) -> list[nn.Module]:
    net: list[nn.Module] = [layers.conv(full, widths[0], 3)]
    for place, ratio in enumerate(ratios):
        size_in, size_out = widths[place : place + 2]
        net += [layers.activation(size_in), layers.up(size_in, size_out, ratio)]
        for dilation in (1, 3) if place == 0 else (1, 3, 9):
            unit = DilatedUnit(layers, size_out, dilation)
            net += [*layers.adaptive(size_out), Residual(layers, size_out, unit)]
    return [*net, layers.activation(widths[len(ratios)])]


class GeneratorV2(nn.Module):
    """The plain one: the waveform convolution is the last layer of the network."""

    def __init__(
        self, layers: Layers, full: int, widths: list[int], ratios: tuple[int, ...],
        modulated: bool, bands: int = BANDS, recurrent: nn.Module | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        net = _v2_net(layers, full, widths, ratios)
        width = widths[len(ratios)]
        net.append(layers.conv(width, bands * layers.channels * (1 + modulated), 7))
        self.net = CachedSequential(*([] if recurrent is None else [recurrent]), *net)
        self.amplitude_modulation = modulated
        self.waveform_module = self.noise_module = None

    def forward(self, x: Tensor) -> Tensor:
        y = self.net(x)
        if self.amplitude_modulation:
            y, gate = y.split(y.shape[1] // 2, 1)
            y = y * torch.sigmoid(gate)
        return torch.tanh(y)


def noisy_v2(
    layers: Layers, full: int, widths: list[int], ratios: tuple[int, ...],
    noise: tuple[tuple[int, ...], int],
) -> nn.Module:  # fmt: skip
    """Return a GeneratorV2 whose network feeds a waveform and a noise branch."""

    class GeneratorV2(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            width = widths[len(ratios)]
            self.net = CachedSequential(*_v2_net(layers, full, widths, ratios))
            self.waveform_module = layers.conv(width, 2 * BANDS * layers.channels, 7)
            self.noise_module = NoiseGeneratorV2(layers, width, *noise)
            self.amplitude_modulation = True

        def forward(self, x: Tensor) -> Tensor:
            x = self.net(x)
            noise = self.noise_module(x)
            y = self.waveform_module(x)
            y, gate = y.split(y.shape[1] // 2, 1)
            return torch.tanh(y * torch.sigmoid(gate) + noise)

    return GeneratorV2()
