"""The first public v1 files: plain residual stacks, noise without a warm-up switch."""

from typing import Any

import torch
from torch import Tensor, nn

from tests.decoders import rave_encoders, rave_layers, rave_networks
from tests.decoders.rave_layers import SLOPE, CachedSequential, Layers, Residual
from tests.decoders.rave_networks import mod_sigmoid


class ResidualStack(nn.Module):
    def __init__(self, layers: Layers, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        units: list[nn.Module] = []
        for dilation in dilations:
            wide = layers.conv(width, width, 3, dilation=dilation)
            narrow = layers.conv(width, width, 3, delay=rave_layers.delay_of(wide))
            net = CachedSequential(nn.LeakyReLU(SLOPE), wide, nn.LeakyReLU(SLOPE), narrow)
            units.append(Residual(layers, width, net))
        self.net = CachedSequential(*units)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Generator(rave_networks.Generator):
    def __init__(self, layers: Layers, *shape: Any) -> None:
        super().__init__(layers, *shape)
        del self.warmed_up
        for place, part in enumerate(self.net):
            if isinstance(part, rave_layers.ResidualStack):
                width = int(self.net[place - 1].net[1].weight.shape[1])  # type: ignore[index,union-attr]
                self.net[place] = ResidualStack(layers, width, (1, 3, 5))

    def forward(self, x: Tensor) -> Tensor:
        parts = self.synth(self.net(x))
        level = parts[1].repeat_interleave(self.loud_stride, -1)
        y = torch.tanh(parts[0]) * mod_sigmoid(level)
        if self.use_noise:
            y = y + parts[2]
        return y


class Encoder(rave_encoders.Encoder):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        mean, scale = self.net(x).chunk(2, 1)
        return mean, scale
