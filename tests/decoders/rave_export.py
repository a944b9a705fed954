"""Writes TorchScript files with the tree and dataflow of RAVE exports, weights at random.

Class names, attribute names, buffers and the order of computation are those of the exports of
acids-ircam/RAVE 2.3.1; `wrapper="trace"` is the wrapper of version 1, without a list of methods.
"""

import functools
import math
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from tests.decoders import rave_early, rave_encoders, rave_wrappers
from tests.decoders.rave_layers import Layers
from tests.decoders.rave_modules import GRU, ResidualVectorQuantization
from tests.decoders.rave_networks import (
    BANDS,
    Generator,
    GeneratorV2,
    noisy_v2,
)

LEVEL = 0.1  # root mean square of decoded audio with latents from N(0, 1), -20 dBFS
CODES = 32
Wrapper = Literal[
    "variational", "wasserstein", "spherical", "discrete", "unknown", "trace", "early", "combined"
]
_WRAPPERS: dict[str, Any] = {
    "variational": rave_wrappers.VariationalScriptedRAVE,
    "wasserstein": rave_wrappers.WasserteinScriptedRAVE,
    "spherical": rave_wrappers.SphericalScriptedRAVE,
    "discrete": rave_wrappers.DiscreteScriptedRAVE,
    "unknown": rave_wrappers.UnknownScriptedRAVE,
    "trace": rave_wrappers.TraceModel,
    "early": functools.partial(rave_wrappers.TraceModel, early=True),
    "combined": rave_wrappers.TraceModel,
}


@torch.no_grad()
def make_rave(
    path: Path, generation: Literal["v1", "v2"] = "v2", *, causal: bool = True,
    noise: bool = False, latents: int = 8, full: int = 128, seed: int = 0, capacity: int = 4,
    ratios: tuple[int, ...] = (4, 4, 4, 2), wrapper: Wrapper = "variational",
    warmed_up: bool = True, loud_stride: int = 1, modulated: bool = True, bias: bool = False,
    streaming: bool = True, channels: int = 1, inner_channels: int = 1, resampled: bool = False,
    snake: bool = False, adain: Literal["", "fresh", "learnt"] = "", axes: int = 0,
    width: int = 8, banked: bool = True, recurrent: Literal["", "on", "off"] = "",
    amplitudes: int = 5, flag: str = "", encoded: bool = True, cache: float = 0.0,
) -> Path:  # fmt: skip
    """Write an export to `path` and return `path`; `cache` is what its caches are left with.

    `channels` leave the export, `inner_channels` its network; `axes` random ones stand behind the
    latent; `width` is that of a codebook's entries; `flag` is the attribute that is set; without
    `encoded` there is no encoder. Decoded audio stands at -20 dBFS with latents from N(0, 1), what
    an encoder gives for noise at -20 dBFS spreads like N(0, 1).
    """
    layers = Layers(causal, streaming, bias, snake, adain, inner_channels)
    widths = [capacity << place for place in range(len(ratios) + 1)]
    inputs = {"wasserstein": latents + axes, "spherical": latents + 1, "discrete": full + axes}
    up = (inputs.get(wrapper, full), widths[::-1], ratios)
    outputs = {"wasserstein": latents, "spherical": latents + 1, "discrete": full}
    down = (BANDS if banked else 1, widths, ratios, outputs.get(wrapper, 2 * full))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder: nn.Module
        encoder: nn.Module | None = None
        if encoded and generation == "v1":
            trace = wrapper in ("trace", "early", "combined")
            encoder = (rave_early if trace else rave_encoders).Encoder(layers, *down)
        elif encoded:
            encoder = rave_encoders.EncoderV2(layers, *down)
        if generation == "v1":
            shape = _noise_shape(ratios[:3], amplitudes) if noise else None
            kind = rave_early.Generator if wrapper == "early" else Generator
            decoder = kind(layers, *up, shape, loud_stride, warmed_up)
        else:
            shape = _noise_shape(ratios[-1:] * 3, amplitudes)
            gates = GRU(up[0], recurrent == "on") if recurrent else None
            decoder = GeneratorV2(layers, *up, modulated, BANDS if banked else 1, gates)
            if noise:
                decoder = noisy_v2(layers, *up, shape)
        model: Any = _WRAPPERS[wrapper](
            full, latents, (BANDS if banked else 1) * math.prod(ratios),
            encoder, decoder,
            channels=(inner_channels, channels), streaming=streaming, resampled=resampled,
            noise=axes, banked=banked, flag=flag,
            rvq=ResidualVectorQuantization(latents, CODES, full, width)
            if wrapper == "discrete" else None,
        ).eval()  # fmt: skip
        _draw_weights(model)
        _set_level(model, torch.randn(4, latents, 64))
        if encoder is not None:
            _set_spread(model, encoder, LEVEL * torch.randn(1, inner_channels, 1 << 14))
        for name, buffer in model.named_buffers():
            if name.endswith((".cache", ".pad")):
                buffer.fill_(cache)
        whole = rave_wrappers.Combined(model) if wrapper == "combined" else model
        torch.jit.save(torch.jit.script(whole), path)
    return path


def _set_level(model: Any, z: torch.Tensor) -> None:
    """Scale the last linear stage so that the decoded audio is as loud as it should be."""
    audio = model.decode(z)
    power = audio[..., audio.shape[-1] // 2 :].square().mean()
    if model.pqmf is not None:
        model.pqmf.inverse_conv.weight.mul_(LEVEL / power.sqrt())


def _set_spread(model: Any, encoder: Any, sound: torch.Tensor) -> None:
    """Scale the encoder's first and last layer so that both spread like N(0, 1) for `sound`."""
    bands = sound if model.pqmf is None else model.pqmf(sound.reshape(-1, 1, sound.shape[-1]))
    bands = bands.reshape(1, -1, bands.shape[-1])
    encoder.net[0].weight.mul_(1 / encoder.net[0](bands).std())
    given = encoder.net(bands)
    encoder.net[-1].weight.mul_(1 / given[..., given.shape[-1] // 2 :].std())


def _noise_shape(ratios: tuple[int, ...], most: int) -> tuple[tuple[int, ...], int]:
    """Return the ratios and `most` amplitudes, of the stock 5 as many as the block has room for."""
    return ratios, most if most > 5 else min(most, math.prod(ratios) // 2 + 1)


def _draw_weights(model: nn.Module) -> None:
    """Draw weights that keep signals near unit power from layer to layer."""
    for name, part in model.named_modules():
        if isinstance(part, nn.Conv1d | nn.ConvTranspose1d) and not name.startswith(
            ("pqmf", "resample")
        ):
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
