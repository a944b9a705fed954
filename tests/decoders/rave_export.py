"""Writes TorchScript files with the tree and dataflow of RAVE exports, weights at random.

Class names, attribute names, buffers and the order of computation are those of the exports of
acids-ircam/RAVE 2.3.1; `wrapper="trace"` is the wrapper of version 1, without a list of methods.
"""

import functools
import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from scipy.signal import firwin
from torch import Tensor, nn
from torch.nn import functional

from tests.decoders import rave_early
from tests.decoders.rave_layers import ROWS, CachedConv1d, Layers
from tests.decoders.rave_networks import (
    BANDS,
    Encoder,
    EncoderV2,
    Generator,
    GeneratorV2,
    VariationalEncoder,
    noisy_v2,
)

LEVEL = 0.1  # root mean square of decoded audio with latents from N(0, 1), -20 dBFS
RATE = 44100
Wrapper = Literal["variational", "wasserstein", "trace", "early", "combined"]
_TAPS = 512


def _reverse_half(x: Tensor) -> Tensor:
    mask = torch.ones_like(x)
    mask[..., 1::2, ::2] = -1.0
    return x * mask


class CachedPQMF(nn.Module):
    """A cosine-modulated bank of 16 bands behind one low-pass prototype of 377 taps."""

    hk: Tensor

    def __init__(self) -> None:
        super().__init__()
        window: Any = ("kaiser", 9.0)  # scipy takes a pair here, its stubs do not know
        prototype = np.asarray(firwin(377, 0.56 / BANDS, window=window, scale=False))
        taps = np.pad(prototype, (68, 67))
        band, time = np.arange(BANDS)[:, None], np.arange(_TAPS) - _TAPS // 2
        phase = (-1.0) ** band * math.pi / 4
        bank = 2 * taps * np.cos((2 * band + 1) * math.pi / (2 * BANDS) * time + phase)
        bank = torch.from_numpy(bank).float()
        self.n_band, self.n_channels = BANDS, 1
        self.register_buffer("hk", bank)
        self.register_buffer("h", torch.from_numpy(prototype).float())
        shape: Any = {"dilation": 1, "bias": False, "delay": 0, "pads": (256, 256)}
        self.forward_conv = CachedConv1d(1, BANDS, _TAPS + 1, stride=BANDS, **shape)
        self.forward_conv.weight.copy_(functional.pad(bank, (0, 1))[:, None])
        shape["pads"] = (16, 16)
        self.inverse_conv = CachedConv1d(BANDS, BANDS, _TAPS // BANDS + 1, stride=1, **shape)
        phases = bank.flip(-1).reshape(BANDS, -1, BANDS).permute(2, 0, 1)
        self.inverse_conv.weight.copy_(functional.pad(phases, (1, 0)))

    def forward(self, x: Tensor) -> Tensor:
        return _reverse_half(self.forward_conv(x))

    @torch.jit.export
    def inverse(self, x: Tensor) -> Tensor:
        y = self.inverse_conv(_reverse_half(x)) * self.hk.shape[0]
        return y.flip(1).transpose(1, 2).reshape(x.shape[0], 1, -1)


class AdaptiveInstanceNormalization(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for side in ("x", "y"):
            self.register_buffer(f"mean_{side}", torch.zeros(ROWS, 0, 1))
            self.register_buffer(f"std_{side}", torch.zeros(ROWS, 0, 1))
            self.register_buffer(f"learn_{side}", torch.zeros(1))
            self.register_buffer(f"num_update_{side}", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return x


class DumbPrior(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Resampling(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(2, -1)[..., ::2]


class _Export(nn.Module):
    latent_pca: Tensor
    latent_mean: Tensor

    def __init__(
        self, full: int, latents: int, ratio: int, encoder: nn.Module, decoder: nn.Module,
        *, channels: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.pqmf = CachedPQMF()
        self.encoder, self.decoder = VariationalEncoder(encoder), decoder
        self._full, self._latents, self.channels = full, latents, channels
        rotation = torch.linalg.qr(torch.randn(full, full))[0]
        self.register_buffer("latent_pca", rotation)
        self.register_buffer("latent_mean", torch.randn(full))
        for method, params in {
            "encode": [1, 1, latents, ratio],
            "decode": [latents, ratio, channels, 1],
            "forward": [1, 1, channels, 1],
        }.items():
            self.register_buffer(f"{method}_params", torch.tensor(params))
            ends = [f"(signal) {place + 1}" for place in range(max(latents, channels))]
            setattr(self, f"{method}_input_labels", ends[: params[0]])
            setattr(self, f"{method}_output_labels", ends[: params[2]])

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        mean, scale = self.encoder(self.pqmf(x)).split(self._full, 1)
        z = mean + torch.randn_like(mean) * (functional.softplus(scale) + 1e-4)
        z = functional.conv1d(z - self.latent_mean[:, None], self.latent_pca[..., None])
        return z[:, : self._latents]

    @torch.jit.export
    def decode(self, z: Tensor, from_forward: bool = False) -> Tensor:
        if self.channels > 1:
            z = z.repeat(self.channels, 1, 1)
        hidden = torch.randn(z.shape[0], self._full - z.shape[1], z.shape[-1])
        z = functional.conv1d(torch.cat([z, hidden], 1), self.latent_pca.T[..., None])
        y = self.pqmf.inverse(self.decoder(z + self.latent_mean[:, None]))
        if self.channels > 1:
            y = torch.cat(y.chunk(self.channels, 0), 1)
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x), from_forward=True)


class VariationalScriptedRAVE(_Export):
    def __init__(self, *args: Any, resampled: bool, adain: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fake_adain, self.prior_module = AdaptiveInstanceNormalization(), DumbPrior()
        self.resampler = Resampling() if resampled else None
        self.spectrogram = None
        self.sr, self.n_channels, self.target_channels = RATE, 1, self.channels
        self.full_latent_size, self.latent_size = self._full, self._latents
        self.input_mode = self.output_mode = "pqmf"
        self.stereo_mode, self.is_using_adain = False, adain
        self.register_buffer("fidelity", torch.linspace(0.5, 1.0, self._full))
        for name in ("learn_target", "reset_target", "learn_source", "reset_source"):
            self.register_buffer(f"{name}_params", torch.tensor([0]))
            setattr(self, name, (False,))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["learn_target", "reset_target", "learn_source", "reset_source"]


class WasserteinScriptedRAVE(VariationalScriptedRAVE):
    """Upstream spells it so."""


class TraceModel(_Export):
    def __init__(
        self, *args: Any, resampled: bool, adain: bool, early: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.resample: nn.Module = Resampling() if resampled else nn.Identity()
        if early:
            self.resample = rave_early.Resampling(identity=not resampled)
        self.cropped_latent_size = self._latents
        self.stereo, self.deterministic, self.trained_cropped = self.channels > 1, False, False
        self.register_buffer("latent_size", torch.tensor(self._full))
        self.register_buffer("sampling_rate", torch.tensor(RATE))
        self.register_buffer("max_batch_size", torch.tensor(ROWS))


class Combined(nn.Module):
    """Version 1 with a prior: everything lies one level down."""

    def __init__(self, rave: TraceModel) -> None:
        super().__init__()
        self._rave, self._prior = rave, DumbPrior()
        self.register_buffer("prior_params", torch.tensor([1, 1, 1, 1]))

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        return self._rave.decode(z)

    def forward(self, x: Tensor) -> Tensor:
        return self._rave(x)


_WRAPPERS: dict[str, Any] = {
    "variational": VariationalScriptedRAVE,
    "wasserstein": WasserteinScriptedRAVE,
    "trace": TraceModel,
    "early": functools.partial(TraceModel, early=True),
    "combined": TraceModel,
}


@torch.no_grad()
def make_rave(
    path: Path, generation: Literal["v1", "v2"] = "v2", *, causal: bool = True,
    noise: bool = False, latents: int = 8, full: int = 128, seed: int = 0, capacity: int = 4,
    ratios: tuple[int, ...] = (4, 4, 4, 2), wrapper: Wrapper = "variational",
    warmed_up: bool = True, loud_stride: int = 1, modulated: bool = True, bias: bool = False,
    streaming: bool = True, channels: int = 1, resampled: bool = False, adain: bool = False,
    cache: float = 0.0,
) -> Path:  # fmt: skip
    """Write an export to `path` and return `path`; `cache` is what its caches are left with.

    Decoded audio stands at -20 dBFS with latents from N(0, 1).
    """
    layers = Layers(causal, streaming, bias)
    widths = [capacity << place for place in range(len(ratios) + 1)]
    down, up = (full, widths, ratios), (full, widths[::-1], ratios)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder: nn.Module
        if generation == "v1":
            shape = _noise_shape(ratios[:3]) if noise else None
            encoder: nn.Module = Encoder(layers, *down)
            kind = rave_early.Generator if wrapper == "early" else Generator
            decoder = kind(layers, *up, shape, loud_stride, warmed_up)
        else:
            encoder = EncoderV2(layers, *down)
            shape = _noise_shape(ratios[-1:] * 3)
            decoder = noisy_v2(layers, *up, shape) if noise else GeneratorV2(layers, *up, modulated)
        model: Any = _WRAPPERS[wrapper](
            full, latents, BANDS * math.prod(ratios), encoder, decoder, channels=channels,
            resampled=resampled, adain=adain,
        ).eval()  # fmt: skip
        _draw_weights(model)
        loudness = model.decode(torch.randn(4, latents, 24))[..., -12 * BANDS * math.prod(ratios) :]
        model.pqmf.inverse_conv.weight.mul_(LEVEL / loudness.square().mean().sqrt())
        for name, buffer in model.named_buffers():
            if name.endswith((".cache", ".pad")):
                buffer.fill_(cache)
        torch.jit.save(torch.jit.script(Combined(model) if wrapper == "combined" else model), path)
    return path


def _noise_shape(ratios: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """Return the ratios and the stock 5 amplitudes, or as many as the block has room for."""
    return ratios, min(5, math.prod(ratios) // 2 + 1)


def _draw_weights(model: nn.Module) -> None:
    """Draw weights that keep signals near unit power from layer to layer."""
    for name, part in model.named_modules():
        if isinstance(part, nn.Conv1d | nn.ConvTranspose1d) and "pqmf" not in name:
            taps = part.kernel_size[0] / (part.stride[0] if part.transposed else 1)
            gain = 0.5 if ".branches.0." in name else 1.4
            if ".net." in name and (".noise_module." in name or ".synth.branches.2." in name):
                gain = 2.5  # noise is 5 below its amplitudes' middle: strong enough to hear
            part.weight.normal_(0, gain * (part.in_channels * taps) ** -0.5)
            if part.bias is not None:
                part.bias.normal_(0, 0.3)
        elif isinstance(part, nn.BatchNorm1d):
            assert part.running_mean is not None and part.running_var is not None
            part.running_mean.normal_(0, 0.2)
            part.running_var.uniform_(0.5, 1.5)
