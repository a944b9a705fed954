"""Causal layers of two kinds: plain ones for training, cached ones for streaming.

A plain and a cached layer hold the same parameters and give the same samples; cached ones keep the
end of the last block instead of padding with zeros. Their names and attributes are those of the
cached_conv package, since readers of exported models find their way by them.
"""

# ruff: noqa: A002, ARG002, D102, D107 (torch names the arguments; classes say what they hold)

import torch
from torch import Tensor, nn
from torch.nn import functional

ROWS = 64  # streams an exported model can play at once: nn~'s multichannel object asks for no more


class CausalConv1d(nn.Conv1d):
    """Convolution after `left` zeros: (batch, in, time) -> (batch, out, time / stride)."""

    def __init__(
        self,
        size_in: int,
        size_out: int,
        kernel: int,
        *,
        left: int,
        stride: int = 1,
        dilation: int = 1,
    ) -> None:
        super().__init__(size_in, size_out, kernel, stride=stride, dilation=dilation)
        self.left = left

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(functional.pad(input, (self.left, 0)))


class CausalConvTranspose1d(nn.ConvTranspose1d):
    """Upsampling by `ratio` with a kernel of twice that; the tail of the last frame is dropped."""

    def __init__(self, size_in: int, size_out: int, ratio: int) -> None:
        super().__init__(size_in, size_out, 2 * ratio, stride=ratio)
        self.ratio = ratio

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return super().forward(input)[..., : input.shape[-1] * self.ratio]


class CachedPadding1d(nn.Module):
    """Puts the last `padding` instants of the previous block first; with `crop`, a pure delay."""

    pad: Tensor

    def __init__(self, channels: int, padding: int, crop: bool = False) -> None:
        super().__init__()
        self.initialized = 1
        self.padding = padding
        self.crop = crop
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
    """Convolution over a cached stretch of `left` instants."""

    def __init__(
        self,
        size_in: int,
        size_out: int,
        kernel: int,
        *,
        left: int,
        stride: int = 1,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(size_in, size_out, kernel, stride=stride, dilation=dilation, bias=bias)
        self.cumulative_delay = 0
        self.cache = CachedPadding1d(size_in, left)
        self.downsampling_delay = CachedPadding1d(size_in, 0, crop=True)

    def forward(self, input: Tensor) -> Tensor:
        x = self.cache(self.downsampling_delay(input))
        return functional.conv1d(
            x, self.weight, self.bias, self.stride, (0,), self.dilation, self.groups
        )


class CachedConvTranspose1d(nn.ConvTranspose1d):
    """Upsampling whose tail, `ratio` instants, waits in a cache and is added to the next block."""

    cache: Tensor

    def __init__(self, size_in: int, size_out: int, ratio: int) -> None:
        # this padding is never applied: readers take the cache length, 2 * padding, from it
        super().__init__(size_in, size_out, 2 * ratio, stride=ratio, padding=ratio // 2)
        self.initialized = 1
        self.cumulative_delay = ratio // 2
        self.register_buffer("cache", torch.zeros(ROWS, size_out, ratio))

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        y = functional.conv_transpose1d(input, self.weight, None, self.stride)
        tail, rows = self.cache.shape[-1], input.shape[0]
        y[..., :tail] += self.cache[:rows]
        self.cache[:rows].copy_(y[..., -tail:])
        y = y[..., :-tail]
        bias = self.bias
        if bias is not None:
            y = y + bias.unsqueeze(-1)
        return y


class PlainLayers:
    """Makes layers for training."""

    def conv(
        self,
        size_in: int,
        size_out: int,
        kernel: int,
        *,
        left: int,
        stride: int = 1,
        dilation: int = 1,
    ) -> nn.Module:
        """Return a convolution padded on the left."""
        return CausalConv1d(size_in, size_out, kernel, left=left, stride=stride, dilation=dilation)

    def up(self, size_in: int, size_out: int, ratio: int) -> nn.Module:
        """Return an upsampling layer."""
        return CausalConvTranspose1d(size_in, size_out, ratio)

    def delay(self, channels: int) -> nn.Module:
        """Return the delay that aligns two branches: none, all is causal."""
        return nn.Identity()


class CachedLayers(PlainLayers):
    """Makes layers for streaming."""

    def conv(
        self,
        size_in: int,
        size_out: int,
        kernel: int,
        *,
        left: int,
        stride: int = 1,
        dilation: int = 1,
    ) -> nn.Module:
        return CachedConv1d(size_in, size_out, kernel, left=left, stride=stride, dilation=dilation)

    def up(self, size_in: int, size_out: int, ratio: int) -> nn.Module:
        return CachedConvTranspose1d(size_in, size_out, ratio)

    def delay(self, channels: int) -> nn.Module:
        return CachedPadding1d(channels, 0, crop=True)
