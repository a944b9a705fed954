"""The outermost modules of RAVE exports: how inlets become a latent, and what is read of a file."""

# What a part of a module is, only TorchScript knows.
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false, reportIndexIssue=false
# pyright: reportOperatorIssue=false, reportArgumentType=false

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.decoders.rave_bank import CachedPQMF, Resampler
from tests.decoders.rave_encoders import Absent, LatentEncoder
from tests.decoders.rave_modules import (
    ROWS,
    AdaptiveInstanceNormalization,
    sphere_angles,
    sphere_point,
)

RATE = 44100


class DumbPrior(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


class Export(nn.Module):
    """`n` channels come of the network and `out` of the export."""

    latent_pca: Tensor
    latent_mean: Tensor

    def __init__(
        self, full: int, latents: int, ratio: int, encoder: nn.Module | None, decoder: nn.Module,
        *, channels: tuple[int, int], streaming: bool, resampled: bool, noise: int, banked: bool,
        rvq: nn.Module | None, flag: str,
    ) -> None:  # fmt: skip
        super().__init__()
        self.pqmf = CachedPQMF(streaming, channels[0]) if banked else None
        self.encoder = self.outer(nn.Identity() if encoder is None else encoder, noise, rvq)
        self.decoder, self._encodes = decoder, encoder is not None
        self._full, self._latents, self._hidden = full, latents, noise
        self._n, self._out = channels
        rotation = torch.linalg.qr(torch.randn(full, full))[0]
        self.register_buffer("latent_pca", rotation)
        self.register_buffer("latent_mean", torch.randn(full))
        ratio *= 1 + resampled
        for method, params in {
            "encode": [channels[0], 1, latents, ratio],
            "decode": [latents, ratio, channels[1], 1],
            "forward": [channels[0], 1, channels[1], 1],
        }.items():
            if method == "encode" and not self._encodes:
                continue
            self.register_buffer(f"{method}_params", torch.tensor(params))
            ends = [f"(signal) {place + 1}" for place in range(max(latents, channels[1]))]
            setattr(self, f"{method}_input_labels", ends[: params[0]])
            setattr(self, f"{method}_output_labels", ends[: params[2]])

    def outer(self, encoder: nn.Module, noise: int, rvq: nn.Module | None) -> nn.Module:
        return LatentEncoder(encoder, noise, rvq)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        x = self.lowered(x)
        rows = x.shape[0]
        pqmf = self.pqmf
        if pqmf is not None:
            x = pqmf(x.reshape(-1, 1, x.shape[-1]))
            x = x.reshape(rows, -1, x.shape[-1])
        return self.read(x)

    def read(self, bands: Tensor) -> Tensor:
        mean, scale = self.encoder(bands).chunk(2, 1)
        return self.turned(mean + torch.randn_like(mean) * (functional.softplus(scale) + 1e-4))

    def turned(self, z: Tensor) -> Tensor:
        z = functional.conv1d(z - self.latent_mean[:, None], self.latent_pca[..., None])
        return z[:, : self._latents]

    def lowered(self, x: Tensor) -> Tensor:
        return x

    def latent(self, z: Tensor) -> Tensor:
        hidden = torch.randn(z.shape[0], self._full - z.shape[1], z.shape[-1])
        z = functional.conv1d(torch.cat([z, hidden], 1), self.latent_pca.T[..., None])
        return z + self.latent_mean[:, None]

    def raised(self, y: Tensor) -> Tensor:
        return y

    @torch.jit.export
    def decode(self, z: Tensor, from_forward: bool = False) -> Tensor:
        if self._out > self._n:
            z = z.repeat(self._out, 1, 1)
        y = self.decoder(self.latent(z))
        pqmf = self.pqmf
        if pqmf is not None:
            y = pqmf.inverse(y.reshape(y.shape[0] * self._n, -1, y.shape[-1]))
            y = y.reshape(z.shape[0], self._n, -1)
        y = self.raised(y)
        if self._out > self._n:
            y = torch.cat(y.chunk(self._out, 0), 1)
        return y[:, : self._out]

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x), from_forward=True)


class VariationalScriptedRAVE(Export):
    def __init__(
        self, *args: Any, streaming: bool, resampled: bool, flag: str, **more: Any
    ) -> None:
        super().__init__(*args, streaming=streaming, resampled=resampled, flag=flag, **more)
        self.fake_adain, self.prior_module = AdaptiveInstanceNormalization(0), DumbPrior()
        self.resampler = Resampler(streaming) if resampled else None
        self.spectrogram = None
        self.sr, self.n_channels, self.target_channels = RATE, self._n, self._out
        self.full_latent_size, self.latent_size = self._full, self._latents
        self.input_mode = "mel" if flag == "mel" else "pqmf" if self.pqmf is not None else "raw"
        self.output_mode = "raw" if self.pqmf is None else "pqmf"
        self.stereo_mode = flag == "stereo_mode"
        self.is_using_adain = any(
            isinstance(part, AdaptiveInstanceNormalization) for part in self.decoder.modules()
        )
        self.register_buffer("fidelity", torch.linspace(0.5, 1.0, self._full))
        for name in ("learn_target", "reset_target", "learn_source", "reset_source"):
            self.register_buffer(f"{name}_params", torch.tensor([0]))
            setattr(self, name, (name == flag,))

    def raised(self, y: Tensor) -> Tensor:
        resampler = self.resampler
        return y if resampler is None else resampler(y)

    def lowered(self, x: Tensor) -> Tensor:
        resampler = self.resampler
        return x if resampler is None else resampler.lower(x)

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"] if self._encodes else ["decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["learn_target", "reset_target", "learn_source", "reset_source"]


def _noisy(z: Tensor, noise: int) -> Tensor:
    return torch.cat([z, torch.randn(z.shape[0], noise, z.shape[-1])], 1) if noise > 0 else z


class WasserteinScriptedRAVE(VariationalScriptedRAVE):
    """Upstream spells it so."""

    def latent(self, z: Tensor) -> Tensor:
        return _noisy(z, self._hidden)

    def read(self, bands: Tensor) -> Tensor:
        return self.encoder(bands)


class SphericalScriptedRAVE(VariationalScriptedRAVE):
    def latent(self, z: Tensor) -> Tensor:
        return sphere_point(z)

    def read(self, bands: Tensor) -> Tensor:
        return sphere_angles(self.encoder(bands))


class DiscreteScriptedRAVE(VariationalScriptedRAVE):
    def latent(self, z: Tensor) -> Tensor:
        return _noisy(self.encoder.rvq(z), self._hidden)

    def read(self, bands: Tensor) -> Tensor:
        return self.encoder.rvq.encode(self.encoder(bands)).float()


class UnknownScriptedRAVE(VariationalScriptedRAVE):
    """No export is called so."""


class TraceModel(Export):
    def __init__(
        self, *args: Any, streaming: bool, resampled: bool, flag: str, early: bool = False,
        **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, streaming=streaming, resampled=resampled, flag=flag, **more)
        # The earliest files have a stage that may do nothing.
        stage = resampled or early
        self.resample = Resampler(streaming, not resampled) if stage else nn.Identity()
        self.cropped_latent_size = self._latents
        self.stereo, self.deterministic = self._out > 1, flag == "deterministic"
        self.trained_cropped = False
        self.register_buffer("latent_size", torch.tensor(self._full))
        self.register_buffer("sampling_rate", torch.tensor(RATE))
        self.register_buffer("max_batch_size", torch.tensor(ROWS))
        network: Any = self.decoder
        network.quiet = self.deterministic

    def latent(self, z: Tensor) -> Tensor:
        hidden = torch.randn(z.shape[0], self._full - z.shape[1], z.shape[-1])
        if self.deterministic:
            hidden = torch.zeros_like(hidden)
        z = functional.conv1d(torch.cat([z, hidden], 1), self.latent_pca.T[..., None])
        return z + self.latent_mean[:, None]

    def outer(self, encoder: nn.Module, noise: int, rvq: nn.Module | None) -> nn.Module:
        return Absent() if isinstance(encoder, nn.Identity) else encoder

    def read(self, bands: Tensor) -> Tensor:
        mean, scale = self.encoder(bands)
        if not self.deterministic:
            mean = mean + torch.randn_like(mean) * (functional.softplus(scale) + 1e-4)
        return self.turned(mean)

    def lowered(self, x: Tensor) -> Tensor:
        return self.resample.lower(x) if hasattr(self.resample, "upsample") else x

    def raised(self, y: Tensor) -> Tensor:
        return self.resample(y)


class Walk(nn.Module):
    """A prior: each step draws a class around the one before, at a temperature."""

    def __init__(self, latents: int) -> None:
        super().__init__()
        self.register_buffer("previous_step", torch.zeros(1, latents, 1))

    def forward(self, temperature: Tensor) -> Tensor:
        heat = functional.softplus(temperature.mean(-1, keepdim=True)) / math.log(2)
        steps: list[Tensor] = []
        for _ in range(temperature.shape[-1]):
            drawn = 0.9 * self.previous_step + heat * torch.randn_like(self.previous_step)
            self.previous_step.copy_(drawn)
            steps.append(drawn.clone())
        return torch.cat(steps, -1)


class Combined(nn.Module):
    """Version 1 with a prior: everything lies one level down."""

    def __init__(self, rave: TraceModel) -> None:
        super().__init__()
        self._rave, self._prior = rave, Walk(int(rave.decode_params[0]))
        latents, ratio = rave.decode_params[:2].tolist()
        self.register_buffer("prior_params", torch.tensor([1, ratio, latents, ratio]))

    @torch.jit.export
    def prior(self, temperature: Tensor) -> Tensor:
        return self._prior(temperature)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        return self._rave.decode(z)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return self._rave.encode(x)

    def forward(self, x: Tensor) -> Tensor:
        return self._rave(x)
