"""Layers with the names, attributes, caches and delays that RAVE exports show.

A layer counts `cumulative_delay`, the instants its output lags behind the input that it centres on:
a convolution adds the taps it hears ahead, and a strided one waits until that sum is a whole number
of its own steps, in `downsampling_delay`.
"""

# ruff: noqa: A002 (torch names the arguments)

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.decoders.rave_modules import ROWS, AdaptiveInstanceNormalization, Snake

SLOPE = 0.2


class CachedPadding1d(nn.Module):
    pad: Tensor

    def __init__(self, channels: int, padding: int, crop: bool = False) -> None:
        super().__init__()
        self.initialized, self.padding, self.crop = 1, padding, crop
        self.register_buffer("pad", torch.zeros(ROWS, channels, padding))

    def forward(self, x: Tensor) -> Tensor:
        if self.padding > 0:
            rows = x.shape[0]
            x = torch.cat([self.pad[:rows], x], -1)
            self.pad[:rows].copy_(x[..., -self.padding :])
            if self.crop:
                x = x[..., : -self.padding]
        return x


class CachedConv1d(nn.Conv1d):
    def __init__(
        self, size_in: int, size_out: int, kernel: int, *, pads: tuple[int, int], stride: int,
        dilation: int, bias: bool, groups: int, delay: int,
    ) -> None:  # fmt: skip
        super().__init__(
            size_in, size_out, kernel, stride=stride, dilation=dilation, groups=groups, bias=bias
        )
        wait = -(pads[1] + delay) % stride
        self.cumulative_delay = (pads[1] + delay + wait) // stride
        self.cache = CachedPadding1d(size_in, sum(pads))
        self.downsampling_delay = CachedPadding1d(size_in, wait, crop=True)

    def forward(self, input: Tensor) -> Tensor:
        x = self.cache(self.downsampling_delay(input))
        return functional.conv1d(
            x, self.weight, self.bias, self.stride, (0,), self.dilation, self.groups
        )


class CachedConvTranspose1d(nn.ConvTranspose1d):
    cache: Tensor

    def __init__(self, size_in: int, size_out: int, ratio: int, *, bias: bool, delay: int) -> None:
        super().__init__(size_in, size_out, 2 * ratio, stride=ratio, padding=ratio // 2, bias=bias)
        self.initialized = 1
        self.cumulative_delay = ratio // 2 + delay * ratio
        self.register_buffer("cache", torch.zeros(ROWS, size_out, 2 * (ratio // 2)))

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        y = functional.conv_transpose1d(input, self.weight, None, self.stride)
        rows, tail = y.shape[0], self.cache.shape[-1]
        y[..., :tail] += self.cache[:rows]
        self.cache[:rows].copy_(y[..., -tail:])
        y = y[..., :-tail]
        bias = self.bias
        return y if bias is None else y + bias.unsqueeze(-1)


class Conv1d(nn.Conv1d):
    """What an export without --streaming holds: zeros on both sides of every call."""

    def __init__(
        self, size_in: int, size_out: int, kernel: int, *, pads: tuple[int, int], stride: int,
        dilation: int, bias: bool, groups: int,
    ) -> None:  # fmt: skip
        super().__init__(
            size_in, size_out, kernel, stride=stride, dilation=dilation, groups=groups, bias=bias
        )
        self._pad, self.cumulative_delay = pads, 0

    def forward(self, input: Tensor) -> Tensor:
        x = functional.pad(input, (self._pad[0], self._pad[1]))
        return functional.conv1d(
            x, self.weight, self.bias, self.stride, (0,), self.dilation, self.groups
        )


class ConvTranspose1d(nn.ConvTranspose1d):
    cumulative_delay = 0


@dataclass(frozen=True)
class Layers:
    """Makes the layers of one export."""

    causal: bool = False
    streaming: bool = True
    bias: bool = False
    snake: bool = False
    adain: Literal["", "fresh", "learnt"] = ""
    channels: int = 1

    def activation(self, width: int) -> nn.Module:
        return Snake(width) if self.snake else nn.LeakyReLU(SLOPE)

    def adaptive(self, width: int) -> list[nn.Module]:
        if not self.adain:
            return []
        return [AdaptiveInstanceNormalization(width, self.adain == "learnt")]

    def conv(
        self, size_in: int, size_out: int, kernel: int, *, stride: int = 1, dilation: int = 1,
        delay: int = 0, pads: tuple[int, int] | None = None, groups: int = 1,
    ) -> Any:  # fmt: skip
        if pads is None:
            reach = (kernel - 1) * dilation
            pads = (reach, 0) if self.causal else (reach // 2, reach - reach // 2)
        shape: Any = {"pads": pads, "stride": stride, "dilation": dilation, "groups": groups}
        shape["bias"] = self.bias
        if not self.streaming:
            return Conv1d(size_in, size_out, kernel, **shape)
        return CachedConv1d(size_in, size_out, kernel, **shape, delay=delay)

    def up(self, size_in: int, size_out: int, ratio: int, *, delay: int = 0) -> nn.Module:
        if not self.streaming:
            return ConvTranspose1d(size_in, size_out, 2 * ratio, ratio, ratio // 2, bias=self.bias)
        return CachedConvTranspose1d(size_in, size_out, ratio, bias=self.bias, delay=delay)

    def padding(self, channels: int, delay: int) -> nn.Module:
        return CachedPadding1d(channels, delay, crop=True)


class CachedSequential(nn.Sequential):
    def __init__(self, *parts: nn.Module) -> None:
        super().__init__(*parts)
        counted = [part for part in parts if hasattr(part, "cumulative_delay")]
        self.cumulative_delay = delay_of(counted[-1])


def delay_of(part: nn.Module) -> int:
    return int(getattr(part, "cumulative_delay", 0))


class AlignBranches(nn.Module):
    """Runs branches on one input, the faster ones later, so that they agree in time."""

    def __init__(self, layers: Layers, channels: int, *branches: nn.Module) -> None:
        super().__init__()
        delays = [delay_of(branch) for branch in branches]
        self.branches = nn.ModuleList(branches)
        self.paddings = nn.ModuleList(layers.padding(channels, max(delays) - d) for d in delays)
        self.cumulative_delay = max(delays)

    def forward(self, x: Tensor) -> list[Tensor]:
        out: list[Tensor] = []
        for branch, padding in zip(self.branches, self.paddings):  # noqa: B905 (TorchScript)
            out.append(branch(padding(x)))
        return out


class Branches(nn.Module):
    """What AlignBranches is in an export without --streaming."""

    cumulative_delay = 0

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [branch(x) for branch in self.branches]


def aligned(layers: Layers, channels: int, *branches: nn.Module) -> Any:
    """Return branches on one input of `channels`, aligned if they stream."""
    return AlignBranches(layers, channels, *branches) if layers.streaming else Branches(*branches)


class Residual(nn.Module):
    def __init__(self, layers: Layers, width: int, unit: nn.Module, delay: int = 0) -> None:
        super().__init__()
        self.aligned = aligned(layers, width, unit, nn.Identity())
        self.cumulative_delay = self.aligned.cumulative_delay + delay

    def forward(self, x: Tensor) -> Tensor:
        changed, same = self.aligned(x)
        return changed + same


class DilatedUnit(nn.Module):
    def __init__(self, layers: Layers, width: int, dilation: int) -> None:
        super().__init__()
        wide = layers.conv(width, width, 3, dilation=dilation)
        narrow = layers.conv(width, width, 1, delay=delay_of(wide))
        first, second = layers.activation(width), layers.activation(width)
        self.net = CachedSequential(first, wide, second, narrow)
        self.cumulative_delay = self.net.cumulative_delay

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def _activated_pair(layers: Layers, width: int, dilation: int) -> CachedSequential:
    wide = layers.conv(width, width, 3, dilation=dilation)
    narrow = layers.conv(width, width, 3, delay=delay_of(wide))
    return CachedSequential(nn.LeakyReLU(SLOPE), wide, nn.LeakyReLU(SLOPE), narrow)


class ResidualLayer(nn.Module):
    def __init__(self, layers: Layers, width: int, dilation: int, delay: int) -> None:
        super().__init__()
        self.net = Residual(layers, width, _activated_pair(layers, width, dilation), delay)
        self.cumulative_delay = self.net.cumulative_delay

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class ResidualBlock(nn.Module):
    def __init__(self, layers: Layers, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for dilation in dilations:
            delay = delay_of(parts[-1]) if parts else 0
            parts.append(ResidualLayer(layers, width, dilation, delay))
        self.net = CachedSequential(*parts)
        self.cumulative_delay = self.net.cumulative_delay

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class ResidualStack(nn.Module):
    def __init__(
        self, layers: Layers, width: int, dilations: tuple[int, ...], delay: int = 0
    ) -> None:
        super().__init__()
        self.net = aligned(layers, width, ResidualBlock(layers, width, dilations))
        self.cumulative_delay = self.net.cumulative_delay + delay

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack(self.net(x)).sum(0)


class UpsampleLayer(nn.Module):
    def __init__(
        self, layers: Layers, size_in: int, size_out: int, ratio: int, delay: int = 0
    ) -> None:
        super().__init__()
        self.net = CachedSequential(nn.LeakyReLU(SLOPE), layers.up(size_in, size_out, ratio))
        self.cumulative_delay = self.net.cumulative_delay + delay * ratio

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


def downsampling(
    layers: Layers, sizes: list[int], kernels: list[int], ratios: tuple[int, ...],
    pads: list[tuple[int, int]] | None = None,
) -> list[nn.Module]:  # fmt: skip
    """Return strided convolutions with leaky activations between them."""
    net: list[nn.Module] = []
    for place, (size_in, size_out) in enumerate(pairwise(sizes)):
        if net:
            net.append(nn.LeakyReLU(SLOPE))
        net.append(
            layers.conv(
                size_in, size_out, kernels[place], stride=ratios[place],
                delay=delay_of(net[-2]) if net else 0, pads=pads[place] if pads else None,
            )
        )  # fmt: skip
    return net
