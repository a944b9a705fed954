"""Export a trained spectral model as vschaos2-type TorchScript, for nn~ and for this instrument.

Tree (class names as readers know them)::

    ScriptableSpectralAutoEncoder
      |   latent_mean (8,) = 0; encode_params [1, 1, 8, 512], decode_params [8, 512, 1, 1],
      |   forward_params [1, 1, 1, 1]; sr 44100, latent_dim 8, win_length 2048, hop_length 512,
      |   inversion_mode ("keep_input",), temperature (0.0,), dimred ("none",),
      |   min_buffer_size (2048,), spectral_transform_idx 1
      +- transform ComposeAudioTransform > transforms ModuleList
      |    0 Mono            (batch, 1, samples) <-> (batch, samples)
      |    1 RealtimeDGT     n_fft [2048], hop_length [512], window (2048,), inv_window (2048,),
      |                      phase_buffer, inversion_mode "keep_input" or "random"
      |    2 Magnitude       contrast_mode "log1p", mel 0; norm Normalize: mode "unipolar",
      |                      scale [1], offset [0]
      |    3 Unsqueeze       dim -2
      +- overlap_add OverlapAdd    n_fft, hop_length, frames_out 3, input_buffer (1536,),
      |                            output_buffer (1536,), gain_compensation 2 / output gain
      +- encoder Sequential        Linear(1025, C) fixed, 3 x [Linear, LayerNorm, SiLU],
      |                            Linear(160, 16): means, then log variances
      +- decoder Sequential        3 x [Linear, LayerNorm, SiLU] 8 -> 160 -> 320 -> 512,
                                   Linear(512, C), Linear(C, 1025) fixed, Softplus(beta 1);
                                   strictly in order

decode(z (batch, 8, frames)) -> (batch, 1, 512 frames)::

    m = decoder(z^T)                                      (batch, frames, 1025), at least 0
    magnitude = exp(m * scale + offset) - 1
    phase = 2 pi rand(batch, 1025) in every frame         (after an encode: that frame's phase)
    frame = irfft(magnitude * exp(i phase)) * inv_window  (batch, 2048)
    out[512 i : 512 i + 2048] += frame i                  1536 samples wait in output_buffer
    audio = out / gain_compensation

All randomness is one torch.rand_like(batch, 1025) a frame, in time order. Magnitudes are in units
of a floor 80 dB under a full-scale sine; the unit sits in the windows: `window` holds the Gaussian
divided by the unit, `inv_window` its dual times the unit. There is no look-ahead; the middle of a
frame's energy comes 1024 samples after its first sample. The mel banks of the original, which
nothing reads, are left out.
"""

# ruff: noqa: D107, ARG002 (classes say what they hold; upstream's setters name arguments)

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.training.contract import channel_labels, latent_labels, register_method, save_scripted
from models.training.features import HOP, N_FFT, SAMPLE_RATE
from models.training.spectral import LATENTS, SpectralVAE
from models.training.transforms import ComposeAudioTransform, OverlapAdd, RealtimeDGT


class ScriptableSpectralAutoEncoder(nn.Module):
    """The exported model: audio to latents and back, a frame at a time."""

    latent_mean: Tensor

    def __init__(self, trained: SpectralVAE, gain: float) -> None:
        super().__init__()
        self.sr = SAMPLE_RATE
        self.latent_dim = LATENTS
        self.win_length = N_FFT
        self.hop_length = HOP
        self.use_oa = True
        self.export_for_nn = True
        self.spectral_transform_idx = 1
        self.inversion_mode = ("keep_input",)
        self.temperature = (0.0,)
        self.dimred = ("none",)
        self.min_buffer_size = (N_FFT,)
        # one number per attribute value tells a host its type: 3 text, 2 real, 1 whole
        for name, kind in (
            ("inversion_mode", 3),
            ("temperature", 2),
            ("dimred", 3),
            ("min_buffer_size", 1),
        ):
            self.register_buffer(f"{name}_params", torch.tensor([kind]))
        self.register_buffer("latent_mean", torch.zeros(LATENTS))
        audio, latents = channel_labels(), latent_labels(LATENTS)
        register_method(self, "forward", (1, 1, 1, 1), (audio, audio))
        register_method(self, "encode", (1, 1, LATENTS, HOP), (audio, latents))
        register_method(self, "decode", (LATENTS, HOP, 1, 1), (latents, audio))
        self.transform = ComposeAudioTransform()
        self.overlap_add = OverlapAdd(gain)
        self.encoder = trained.encoder
        self.decoder = trained.decoder

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Return the methods a host may call."""
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Return the attributes a host may set."""
        return ["inversion_mode", "temperature", "dimred", "min_buffer_size"]

    @torch.jit.export
    def get_inversion_mode(self) -> str:
        """Return where phases come from."""
        return self.inversion_mode[0]

    @torch.jit.export
    def set_inversion_mode(self, inversion_mode: str) -> int:
        """Set where phases come from, "keep_input" or "random"; -1 if it is neither."""
        if inversion_mode not in ("keep_input", "random"):
            return -1
        self.inversion_mode = (inversion_mode,)
        for transform in self.transform.transforms:
            if hasattr(transform, "inversion_mode"):
                transform.inversion_mode = inversion_mode  # pyright: ignore[reportArgumentType]
        return 0

    @torch.jit.export
    def get_temperature(self) -> float:
        """Return how many standard deviations of noise an encode adds."""
        return self.temperature[0]

    @torch.jit.export
    def set_temperature(self, temperature: float) -> int:
        """Set the noise of an encode; -1 if negative."""
        if temperature < 0.0:
            return -1
        self.temperature = (temperature,)
        return 0

    @torch.jit.export
    def get_dimred(self) -> str:
        """Return the latent projection: none."""
        return self.dimred[0]

    @torch.jit.export
    def set_dimred(self, dimred: str) -> int:
        """Accept "none" only: all 8 latents are played directly."""
        return 0 if dimred == "none" else -1

    @torch.jit.export
    def get_min_buffer_size(self) -> int:
        """Return the smallest host buffer for encode and forward, in samples."""
        return self.min_buffer_size[0]

    @torch.jit.export
    def set_min_buffer_size(self, min_buffer_size: int) -> int:
        """Refuse: the window fixes it."""
        return -1

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        """Return latents (batch, 8, frames) of audio (batch, 1, 512 frames)."""
        frames = self.overlap_add(x)
        codes: list[Tensor] = []
        for i in range(frames.shape[-2]):
            mean, log_variance = (
                self.encoder(self.transform(frames[..., i, :])).squeeze(-2).chunk(2, -1)
            )
            codes.append(
                mean + self.temperature[0] * torch.exp(0.5 * log_variance) * torch.randn_like(mean)
            )
        return torch.stack(codes, -1)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        """Return audio (batch, 1, 512 frames) of latents (batch, 8, frames)."""
        x = self.decoder(z.transpose(-2, -1)).unsqueeze(-2)
        frames = [self.transform.invert(x[:, i]) for i in range(x.shape[-3])]
        return self.overlap_add.invert(torch.stack(frames, -2))

    def forward(self, x: Tensor) -> Tensor:
        """Return audio through encoder and decoder, (batch, 1, 512 frames)."""
        return self.decode(self.encode(x))


@torch.no_grad()
def resynthesis(magnitude: Tensor) -> Tensor:
    """Return audio (samples,) of magnitudes (frames, 1025): the most random phases can give."""
    torch.manual_seed(11)
    frames = RealtimeDGT().invert(magnitude)
    return OverlapAdd(2.0).invert(frames)


@torch.no_grad()
def render(model: Any, latents: Tensor) -> Tensor:  # noqa: ANN401 (a scripted module or the class above)
    """Return audio (samples,) of latents (8, frames) with random phases."""
    return model.decode(latents.unsqueeze(0))[0, 0]


def output_gain(trained: SpectralVAE, dbfs: float = -18.0, ceiling: float = 1.2) -> float:
    """Return the gain that brings N(0, 1) latents to a level and no latents over a ceiling.

    At random phases, that is: phases that follow the peaks stay 4 dB under it.
    """
    dice = torch.Generator().manual_seed(7)
    torch.manual_seed(7)
    normal = torch.randn(LATENTS, 8192, generator=dice)
    wide = (2.0 * torch.rand(LATENTS, 4096, generator=dice) - 1.0) * 3.0
    extreme = 8.0 * torch.sign(torch.randn(LATENTS, 8192, generator=dice))
    model = ScriptableSpectralAutoEncoder(trained, 1.0)
    peak = max(float(render(model, latents).abs().max()) for latents in (normal, wide, extreme))
    level = float(render(model, normal).square().mean())
    return min(10 ** (dbfs / 20) / math.sqrt(level), ceiling / peak)


def export(trained: SpectralVAE, path: Path) -> float:
    """Write the model to `path` and return the output gain used."""
    gain = output_gain(trained)
    save_scripted(ScriptableSpectralAutoEncoder(trained, gain).requires_grad_(False), path)
    return gain
