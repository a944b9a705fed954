"""The filters of a RAVE export: a filter bank of 16 bands and a resampler."""

import math
from typing import Any

import numpy as np
import torch
from scipy.signal import firwin
from torch import Tensor, nn
from torch.nn import functional

from tests.decoders.rave_layers import Layers
from tests.decoders.rave_networks import BANDS

_TAPS = 512


def _reverse_half(x: Tensor) -> Tensor:
    mask = torch.ones_like(x)
    mask[..., 1::2, ::2] = -1.0
    return x * mask


class CachedPQMF(nn.Module):
    """A cosine-modulated bank of 16 bands behind one low-pass prototype of 377 taps."""

    hk: Tensor

    def __init__(self, streaming: bool = True, channels: int = 1) -> None:
        super().__init__()
        window: Any = ("kaiser", 9.0)  # scipy takes a pair here, its stubs do not know
        prototype = np.asarray(firwin(377, 0.56 / BANDS, window=window, scale=False))
        taps = np.pad(prototype, (68, 67))
        band, time = np.arange(BANDS)[:, None], np.arange(_TAPS) - _TAPS // 2
        phase = (-1.0) ** band * math.pi / 4
        bank = 2 * taps * np.cos((2 * band + 1) * math.pi / (2 * BANDS) * time + phase)
        bank = torch.from_numpy(bank).float()
        self.n_band, self.n_channels = BANDS, channels
        self.register_buffer("hk", bank)
        self.register_buffer("h", torch.from_numpy(prototype).float())
        layers = Layers(streaming=streaming)
        self.forward_conv = layers.conv(1, BANDS, _TAPS + 1, stride=BANDS, pads=(256, 256))
        self.forward_conv.weight.copy_(functional.pad(bank, (0, 1))[:, None])
        self.inverse_conv = layers.conv(BANDS, BANDS, _TAPS // BANDS + 1, pads=(16, 16))
        phases = bank.flip(-1).reshape(BANDS, -1, BANDS).permute(2, 0, 1)
        self.inverse_conv.weight.copy_(functional.pad(phases, (1, 0)))

    def forward(self, x: Tensor) -> Tensor:
        return _reverse_half(self.forward_conv(x))

    @torch.jit.export
    def inverse(self, x: Tensor) -> Tensor:
        y = self.inverse_conv(_reverse_half(x)) * self.hk.shape[0]
        return y.flip(1).transpose(1, 2).reshape(x.shape[0], 1, -1)


class Resampler(nn.Module):
    """Doubles the sample rate: 19 taps for each of the two phases."""

    def __init__(self, streaming: bool = True, identity: bool = False) -> None:
        super().__init__()
        window: Any = ("kaiser", 9.0)
        taps = np.asarray(firwin(38, 0.5, window=window, scale=False)).reshape(19, 2)
        self.identity, self.ratio = identity, 2
        self.upsample = Layers(streaming=streaming).conv(1, 2, 19, pads=(9, 9))
        self.upsample.weight.copy_(torch.from_numpy(taps.T[:, None]).float())
        self.downsample = Layers(streaming=streaming).conv(1, 1, 39, stride=2, pads=(19, 19))
        low = np.asarray(firwin(39, 0.5, window=window, scale=False))
        self.downsample.weight.copy_(torch.from_numpy(low).float()[None, None])

    def forward(self, x: Tensor) -> Tensor:
        if self.identity:
            return x
        y = self.upsample(x.reshape(-1, 1, x.shape[-1])).transpose(1, 2)
        return y.reshape(x.shape[0], x.shape[1], -1)

    @torch.jit.export
    def lower(self, x: Tensor) -> Tensor:
        if self.identity:
            return x
        y = self.downsample(x.reshape(-1, 1, x.shape[-1]))
        return y.reshape(x.shape[0], x.shape[1], -1)
