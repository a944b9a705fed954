"""Export a trained generator as streaming RAVE-type TorchScript, for nn~ and for this instrument.

Tree (class names as readers know them)::

    VariationalScriptedRAVE
      |   latent_pca (16, 16) = 1, latent_mean (16,) = 0, fidelity (16,),
      |   encode_params [1, 1, 8, 1024], decode_params [8, 1024, 1, 1],
      |   forward_params [1, 1, 1, 1]; methods encode, decode, forward;
      |   sr 44100, latent_size 8, full_latent_size 16, n_channels 1, target_channels 1,
      |   stereo_mode False, is_using_adain False, input_mode "pqmf", output_mode "pqmf",
      |   resampler None
      +- pqmf CachedPQMF          hk (16, 272), h (271,), n_band 16
      |    +- forward_conv        CachedConv1d weight (16, 1, 273), stride 16, cache 272
      |    +- inverse_conv        CachedConv1d weight (16, 16, 17), cache 16; times output gain
      +- encoder VariationalEncoder  warmed_up
      |    +- encoder EncoderV2
      |         +- net CachedSequential
      |              0 CachedConv1d (16 -> 32, k7)
      |              for (ratio, width, dilations) in
      |                (2, 48, 1 3 9), (2, 64, 1 3 9), (4, 96, 1 3), (4, 128, 1 3):
      |                one Residual per dilation, LeakyReLU(0.2),
      |                CachedConv1d(k 2r, stride r, cache r)
      |              LeakyReLU(0.2), CachedConv1d (128 -> 32, k3): 16 means, 16 scales
      +- decoder GeneratorV2      amplitude_modulation True
           +- net CachedSequential
           |    0 CachedConv1d (16 -> 160, k3)
           |    for (ratio, width, dilations) in
           |      (4, 128, 1 3), (4, 96, 1 3 9), (2, 64, 1 3 9), (2, 32, 1 3 9):
           |      LeakyReLU(0.2), CachedConvTranspose1d(k 2r, stride r, padding r/2),
           |      one Residual per dilation
           |    last LeakyReLU(0.2)
           |    Residual > aligned AlignBranches
           |      > branches [DilatedUnit, Identity], paddings [0, 0]
           |    DilatedUnit > net CachedSequential
           |      > LeakyReLU, CachedConv1d k3 dilated, LeakyReLU, CachedConv1d k1
           +- waveform_module     CachedConv1d (32 -> 32, k7)
           +- noise_module        NoiseGeneratorV2: data_size 16, target_size 8
                > net Sequential  CachedConv1d (32 -> 32, k4, s2), LeakyReLU(0.2), the same again,
                                  CachedConv1d (32 -> 80, k4, s2): 16 bands of 5 amplitudes

Every CachedConv1d has `cache` and `downsampling_delay` (CachedPadding1d: pad (64, channels,
padding), padding, crop) and, but for the two of the filter bank, a bias; CachedConvTranspose1d
has `cache` (64, out, ratio). All caches are zero.

decode(z (batch, 8, frames)) -> (batch, 1, 1024 frames)::

    z = conv1d(cat(z, randn(batch, 8, frames)), latent_pca^T) + latent_mean   (batch, 16, frames)
    x = net(z);  w, a = split(waveform_module(x));  y = tanh(w * sigmoid(a) + noise_module(x))
    noise_module: s = 2 sigmoid(net(x) - 5)^2.3 + 1e-7         (batch, blocks, 16, 5)
      taps = irfft(s), rolled by 4, times Hann, rolled back    (batch, blocks, 16, 8)
      the first 8 instants of (2 rand - 1) * taps, convolved by FFT, block after block
    y = reverse_half(y)           odd bands negated at even instants, counted within the call
    y = inverse_conv(y) * 16;  out[16 t + q] = y[15 - q, t]

The generator has learnt on latents with a little noise. The export goes on adding it: axes 9 to 16
enter the first convolution by the same weights as 1 to 8, times BREATH, so that a held latent still
moves and two decoders of one gesture differ, as upstream's padded latents make them.

encode(x (batch, 1, 1024 frames)) -> z (batch, 8, frames)::

    b = reverse_half(forward_conv(x));  m, s = split(encoder.net(b))          (batch, 16, frames)
    z = randn(batch, 16, frames) * (softplus(s) + 1e-4) + m, less latent_mean, times latent_pca
    the first 8 of them; the scales are next to nothing, the other 8 means are zero

It says what was heard 512 samples ago: by then most of the frame around an instant has passed.

Randomness in a decode: torch.randn(batch, 8, frames), then torch.rand_like(batch, blocks, 16, 8).
There is no look-ahead; the synthesis filter bank delays by 136 samples, and the generator has
learnt to make up for it.
"""

# ruff: noqa: D102, D107 (a module's class says what it is made of)

import math
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from models.training.contract import channel_labels, latent_labels, register_method, save_scripted
from models.training.encoder import EncoderShape, EncoderV2, VariationalEncoder
from models.training.features import SAMPLE_RATE
from models.training.generator import GeneratorV2, Shape
from models.training.layers import CachedConv1d, CachedLayers
from models.training.pqmf import (
    BANDS,
    TAPS,
    analysis_weight,
    filters,
    interleave,
    prototype,
    reverse_half,
    synthesis_weight,
)
from models.training.waveform import all_corners, render

Heard = tuple[EncoderV2, EncoderShape]  # an encoder and its sizes

BREATH = 0.02  # standard deviations; training has math.exp(-2) = 0.135


class CachedPQMF(nn.Module):
    """The filter bank, streaming in both directions."""

    hk: Tensor
    h: Tensor

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.n_band = BANDS
        self.n_channels = 1
        self.register_buffer("hk", filters().clone())
        self.register_buffer("h", torch.from_numpy(prototype()).float())
        self.forward_conv = CachedConv1d(1, BANDS, TAPS + 1, left=TAPS, stride=BANDS, bias=False)
        self.inverse_conv = CachedConv1d(
            BANDS, BANDS, TAPS // BANDS, left=TAPS // BANDS - 1, bias=False
        )
        self.forward_conv.weight.data.copy_(analysis_weight())
        self.inverse_conv.weight.data.copy_(synthesis_weight() * gain)

    def forward(self, x: Tensor) -> Tensor:
        return reverse_half(self.forward_conv(x))

    @torch.jit.export
    def inverse(self, x: Tensor) -> Tensor:
        """Return audio (batch, 1, 16 time) of bands (batch, 16, time)."""
        return interleave(self.inverse_conv(reverse_half(x)) * self.hk.shape[0])


STILL = -9.0  # of a scale, through softplus: 0.0001 standard deviations


def listening(trained: EncoderV2, full: int) -> dict[str, Tensor]:
    """Return the parameters of an encoder whose `full` latents end in silent ones of no spread."""
    state = dict(trained.state_dict())
    last = max(int(name.split(".")[1]) for name in state)
    weight, bias = state[f"net.{last}.weight"], state[f"net.{last}.bias"]
    latents = weight.shape[0] // 2
    wide, level = weight.new_zeros(2 * full, *weight.shape[1:]), bias.new_zeros(2 * full)
    wide[:latents], level[:latents], level[full:] = weight[:latents], bias[:latents], STILL
    state[f"net.{last}.weight"], state[f"net.{last}.bias"] = wide, level
    return state


def breathing(trained: GeneratorV2) -> dict[str, Tensor]:
    """Return the parameters of a generator with as many latents again, which dither the first."""
    state = dict(trained.state_dict())
    entry = state["net.0.weight"]
    state["net.0.weight"] = torch.cat([entry, BREATH * entry], 1)
    return state


class VariationalScriptedRAVE(nn.Module):
    """The exported model: audio to latents and latents to audio, state in its caches."""

    latent_pca: Tensor
    latent_mean: Tensor
    decode_params: Tensor

    def __init__(self, heard: Heard, trained: GeneratorV2, shape: Shape, gain: float) -> None:
        super().__init__()
        size, full = shape.latents, 2 * shape.latents
        self.sr = SAMPLE_RATE
        self.latent_size = size
        self.full_latent_size = full
        self.n_channels = 1
        self.target_channels = 1
        self.stereo_mode = False
        self.is_using_adain = False
        self.input_mode = "pqmf"
        self.output_mode = "pqmf"
        self.resampler = None
        self.register_buffer("latent_pca", torch.eye(full))
        self.register_buffer("latent_mean", torch.zeros(full))
        self.register_buffer("fidelity", (torch.arange(1, full + 1) / size).clamp(max=1.0))
        for name, method in (
            ("encode", (1, 1, size, shape.ratio)),
            ("decode", (size, shape.ratio, 1, 1)),
            ("forward", (1, 1, 1, 1)),
        ):
            ends = (channel_labels(), latent_labels(size))
            register_method(self, name, method, (ends[method[0] > 1], ends[method[2] > 1]))
        self.pqmf = CachedPQMF(gain)
        self.decoder = GeneratorV2(CachedLayers(), replace(shape, latents=full))
        _load(self.decoder, breathing(trained))
        network, sizes = heard
        encoder = EncoderV2(CachedLayers(), replace(sizes, latents=full))
        _load(encoder, listening(network, full))
        self.encoder = VariationalEncoder(encoder)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Return the methods a host may call."""
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Return the attributes a host may set: none."""
        empty: list[str] = []
        return empty

    def pre_process_latent(self, z: Tensor) -> Tensor:
        """Return latents (batch, full, frames) of the player's (batch, n, frames)."""
        noise = torch.randn(z.shape[0], self.full_latent_size - z.shape[1], z.shape[-1]).type_as(z)
        z = nn.functional.conv1d(torch.cat([z, noise], 1), self.latent_pca.T.unsqueeze(-1))
        return z + self.latent_mean.unsqueeze(-1)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        """Return audio (batch, 1, ratio * frames) of latents (batch, 8, frames)."""
        return self.pqmf.inverse(self.decoder(self.pre_process_latent(z)))

    def post_process_latent(self, z: Tensor) -> Tensor:
        """Return the player's latents (batch, 8, frames) of means and scales."""
        z = self.encoder.reparametrize(z)[0]
        z = nn.functional.conv1d(z - self.latent_mean.unsqueeze(-1), self.latent_pca.unsqueeze(-1))
        return z[:, : self.latent_size]

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Return latents (batch, 8, frames) of audio (batch, 1, ratio * frames)."""
        return self.post_process_latent(self.encoder(self.pqmf(x)))

    def forward(self, x: Tensor) -> Tensor:
        """Return audio through encoder and decoder, (batch, 1, ratio * frames)."""
        return self.decode(self.encode(x))


def _load(module: nn.Module, state: dict[str, Tensor]) -> None:
    """Load a trained network's parameters; only its caches may be missing from them."""
    missing, unexpected = module.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(name.rsplit(".", 1)[-1] in {"pad", "cache"} for name in missing)


def output_gain(
    network: GeneratorV2, shape: Shape, dbfs: float = -18.0, ceiling: float = 0.8
) -> float:
    """Return the gain that brings N(0, 1) latents to a level and no latents over a ceiling.

    The ceiling leaves 2 dB: minutes of latents hold rarer peaks than the seconds tried here.
    """
    dice = torch.Generator().manual_seed(7)
    torch.manual_seed(7)
    normal = torch.randn(shape.latents, 2048, generator=dice)
    wide = (2.0 * torch.rand(shape.latents, 1024, generator=dice) - 1.0) * 3.0
    corners = all_corners(shape.latents)
    jumping = corners[torch.randint(len(corners), (1024,), generator=dice)].T
    held = normal[:, ::8].repeat_interleave(16, 1)
    kinds = (normal, held, wide, jumping, corners.T.repeat_interleave(6, 1))
    audio = render(network, normal)
    peak = max(float(render(network, latents).abs().max()) for latents in kinds)
    return min(10 ** (dbfs / 20) / math.sqrt(float(audio.square().mean())), ceiling / peak)


def export(heard: Heard, network: GeneratorV2, shape: Shape, path: Path) -> float:
    """Write the model of a trained encoder and generator; return the output gain used."""
    gain = output_gain(network, shape)
    save_scripted(VariationalScriptedRAVE(heard, network, shape, gain).requires_grad_(False), path)
    return gain
