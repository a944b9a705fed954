"""The networks inside a vschaos2 export: stock convolutional encoder and decoder, as named there.

The activation of the fully connected layers is ELU: the stock configurations set SiLU for the
convolutions only.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Size:
    """Transform and frequency convolutions of one stock configuration."""

    n_fft: int
    hop: int
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    hidden: int = 800


SIZES = {
    "normal": Size(2048, 512, (9, 7, 5, 3), (4, 2, 2)),
    "precise": Size(8192, 2048, (17, 15, 13, 11), (8, 4, 4)),
    "small": Size(256, 64, (9, 7, 5, 3), (4, 2, 2), hidden=40),
}
CHANNELS = (8, 16, 32, 64)
LATENTS = 8


class Conv1d(nn.Conv1d):
    equalized_lr = False


class ConvTranspose1d(nn.ConvTranspose1d):
    equalized_lr = False


class Reshape(nn.Module):
    def __init__(self, *shape: int, incoming_dim: int) -> None:
        super().__init__()
        self.target_shape = list(shape)
        self.incoming_dim = incoming_dim

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(list(x.shape[: -self.incoming_dim]) + self.target_shape)


class MLPLayer(nn.Module):
    def __init__(self, input_dim: int, output_dim: int, *, last: bool) -> None:
        super().__init__()
        self.input_dim, self.output_dim = input_dim, output_dim
        self.linear = nn.Linear(input_dim, output_dim)
        self.nnlin = None if last else "ELU"
        if not last:
            self.norm = nn.BatchNorm1d(output_dim)
            self.activation = nn.ELU()

    def forward(self, x: Tensor) -> Tensor:
        out = self.linear(x)
        if hasattr(self, "norm"):
            out = self.norm(out)
        if hasattr(self, "activation"):
            out = self.activation(out)
        return out


class MLP(nn.Module):
    def __init__(self, input_dim: int, output_dim: int, hidden: int) -> None:
        super().__init__()
        self.module = nn.Sequential(
            MLPLayer(input_dim, hidden, last=False), MLPLayer(hidden, output_dim, last=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        for part in self.module:
            x = part(x)
        return x


class ConvLayer(nn.Module):
    def __init__(self, conv: nn.Module, channels: int) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm1d(channels)
        self.activation = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(self.norm(self.conv(x)))


class GatedDeconvLayer(ConvLayer):
    """Named as the stock configuration has it; it has no gate."""


class MLPNormal(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, spread = x.chunk(2, -1)
        return mean, torch.sigmoid(spread).clamp(min=1e-7)


class ConvEncoder(nn.Module):
    def __init__(self, size: Size, bins: int) -> None:
        super().__init__()
        self.input_shape = [1, bins]
        self.reshape_method = "flatten"
        widths, bins = (1, *reversed(CHANNELS)), self.input_shape[1]
        layers: list[nn.Module] = []
        for i, (kernel, stride) in enumerate(
            zip(reversed(size.kernels), (1, *reversed(size.strides)), strict=True)
        ):
            conv = Conv1d(widths[i], widths[i + 1], kernel, stride, kernel // 2)
            layers.append(ConvLayer(conv, widths[i + 1]))
            bins = (bins - 1) // stride + 1
        self.pre_conv = nn.ModuleList(layers[:1])
        self.conv_modules = nn.ModuleList(layers[1:])
        flat = CHANNELS[0] * bins
        self.flatten_module = nn.Sequential(
            Reshape(flat, incoming_dim=2), MLP(flat, 2 * LATENTS, size.hidden)
        )
        self.dist_module = MLPNormal()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        batch = x.shape[:-2]
        out = x.reshape([-1, x.shape[-2], x.shape[-1]])
        out = self.pre_conv[0](out)
        for part in self.conv_modules:
            out = part(out)
        out = self.flatten_module(out)
        return self.dist_module(out.reshape(list(batch) + list(out.shape[-1:])))


class DeconvEncoder(nn.Module):
    def __init__(self, size: Size, inputs: int, outputs: int) -> None:
        super().__init__()
        self.target_shape = [1, outputs]
        self.dim, self.mode, self.reshape_method = 1, "forward", "flatten"
        self.kernel_size, self.stride = list(size.kernels), [*size.strides, 1]
        self.out_nnlin = nn.Softplus()
        self.dist_module = self.out_nnlin
        bins = self.target_shape[1]
        layers: list[nn.Module] = []
        for i in reversed(range(len(size.strides))):
            kernel, stride = size.kernels[i], size.strides[i]
            less = (bins - 1) % stride
            bins = (bins - 1) // stride + 1
            conv = ConvTranspose1d(
                CHANNELS[i], CHANNELS[i + 1], kernel, stride, kernel // 2, output_padding=less
            )
            layers.insert(0, GatedDeconvLayer(conv, CHANNELS[i + 1]))
        self.conv_modules = nn.ModuleList(layers)
        self.flatten_module = nn.Sequential(
            MLP(inputs, CHANNELS[0] * bins, size.hidden), Reshape(CHANNELS[0], bins, incoming_dim=1)
        )
        self.final_conv = Conv1d(CHANNELS[-1], 1, size.kernels[-1], 1, size.kernels[-1] // 2)

    def forward(self, x: Tensor) -> Tensor:
        batch = x.shape[:-1]
        out = self.flatten_module(x.reshape([-1, x.shape[-1]]))
        for part in self.conv_modules:
            out = part(out)
        out = self.final_conv(out)
        return self.dist_module(out.reshape(list(batch) + list(out.shape[-2:])))
