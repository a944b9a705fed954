"""Exports a configuration of the published RAVE package. Runs in that package's own environment.

`python upstream.py CONFIG OUT.ts KEY=VALUE...` where CONFIG is gin files joined by "+". Weights are
random, each convolution scaled to unit spread, so that the decoder sounds at -20 dBFS. The package
expects older libraries: what moved in SciPy and the little of torchaudio that it touches is put in
its place first. Nothing of the package is kept here.
"""

# This file runs where the project's own environment cannot see it.
# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# pyright: reportCallIssue=false, reportArgumentType=false

import math
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

LEVEL = 0.1


class Spectrogram(nn.Module):
    """Powers of a windowed transform, as torchaudio gives them."""

    def __init__(self, n_fft: int = 400, win_length: int | None = None,
                 hop_length: int | None = None, power: float | None = 2.0,
                 normalized: bool = False, center: bool = True, **_: Any) -> None:  # fmt: skip
        super().__init__()
        self.n_fft, self.win_length = n_fft, win_length or n_fft
        self.hop_length = hop_length or self.win_length // 2
        self.power, self.normalized, self.center = power, normalized, center
        self.register_buffer("window", torch.hann_window(self.win_length))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bins(x)

    def bins(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        bins = torch.stft(flat, self.n_fft, self.hop_length, self.win_length, self.window,
                          self.center, "reflect", False, True, True)  # fmt: skip
        if self.normalized:
            bins = bins / self.window.pow(2).sum().sqrt()
        if self.power is not None:
            bins = bins.abs() ** self.power
        return bins.reshape(x.shape[:-1] + bins.shape[-2:])


class MelSpectrogram(Spectrogram):
    """The same in triangular bands; what they weigh is of no matter here."""

    def __init__(self, sample_rate: int = 16000, n_mels: int = 128, **options: Any) -> None:
        super().__init__(**options)
        count = self.n_fft // 2 + 1
        places = torch.linspace(0, 1, count)[:, None] ** 0.5 * (n_mels + 1)
        centres = torch.arange(1, n_mels + 1)[None]
        self.register_buffer("bands", (1 - (places - centres).abs()).clamp(min=0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.matmul(self.bins(x).transpose(-1, -2), self.bands).transpose(-1, -2)


def mend() -> None:
    """Put what the package looks for where it looks."""
    import scipy.signal
    import scipy.signal.windows

    for name in ("kaiser", "hann", "hamming", "blackman"):
        if not hasattr(scipy.signal, name):
            setattr(scipy.signal, name, getattr(scipy.signal.windows, name))
    order, design = scipy.signal.kaiserord, scipy.signal.firwin

    def one(value: Any) -> float:
        return float(np.ravel(value)[0])

    def firwin(taps: int, cutoff: Any, *rest: Any, nyq: float | None = None, **more: Any) -> Any:
        return design(taps, one(cutoff), *rest, **({"fs": 2 * nyq} if nyq else {}), **more)

    scipy.signal.kaiserord = lambda ripple, width: order(ripple, one(width))
    scipy.signal.firwin = firwin
    audio = types.ModuleType("torchaudio")
    audio.__version__, audio.__spec__ = "0", ModuleSpec("torchaudio", None)
    audio.transforms = types.ModuleType("torchaudio.transforms")
    audio.functional = types.ModuleType("torchaudio.functional")
    audio.transforms.Spectrogram, audio.transforms.MelSpectrogram = Spectrogram, MelSpectrogram
    audio.functional.resample = _resample
    for module in (audio, audio.transforms, audio.functional):
        sys.modules[module.__name__] = module


def _resample(x: torch.Tensor, before: int, after: int, **_: Any) -> torch.Tensor:
    import scipy.signal

    common = math.gcd(before, after)
    up, down = after // common, before // common
    return torch.from_numpy(scipy.signal.resample_poly(x.numpy(), up, down, axis=-1)).to(x)


def export(config: str, out: Path, options: dict[str, str]) -> None:
    """Build, scale, script and save one configuration."""
    mend()
    import cached_conv
    import gin

    torch.set_grad_enabled(False)
    torch.manual_seed(0)
    cached_conv.use_cached_conv(options.get("streaming", "yes") == "yes")
    import rave
    import rave.blocks
    import rave.core
    import scripts.export as upstream

    names = {"capacity": "CAPACITY", "model_rate": "SAMPLING_RATE"}
    bindings = [f"{names[k]} = {v}" for k, v in options.items() if k in names]
    home = Path(rave.__file__).parent
    gin.add_config_file_search_path(str(home))
    for name in config.split("+"):
        gin.parse_config(_readable((home / "configs" / f"{name}.gin").read_text()))
    gin.parse_config(bindings)
    channels = int(options.get("model_channels", 1))
    model = rave.RAVE(n_channels=channels).eval()
    for part in model.modules():
        if hasattr(part, "weight_g"):
            nn.utils.remove_weight_norm(part)
        if isinstance(getattr(part, "warmed_up", None), torch.Tensor):
            part.warmed_up.fill_(1)
    if model.output_mode == "raw" and model.pqmf is not None:
        _raw(model.pqmf)
    kind = type(model.encoder).__name__.removesuffix("Encoder")
    fidelity = _furnish(model, kind, int(options.get("latents", 8)))
    _scale(model, kind)
    wrapper_class = getattr(upstream, f"{kind}ScriptedRAVE")
    wanted = int(options["channels"]) if "channels" in options else None
    if wanted is not None:  # its own test of several channels refuses what works
        _untested(wrapper_class)
    rate = int(options["export_rate"]) if "export_rate" in options else None
    wrapper = wrapper_class(pretrained=model, channels=wanted, fidelity=fidelity, target_sr=rate,
                            prior=None)  # fmt: skip
    for name, buffer in wrapper.named_buffers():
        if name.endswith((".cache", ".pad")):
            buffer.zero_()
    wrapper.export_to_ts(str(out))


def _readable(text: str) -> str:
    """Return a configuration without its blocks on training data, which some misspell."""
    kept: list[str] = []
    skipping = False
    for line in text.splitlines():
        if line and not line[0].isspace() and line[0] not in "])#":
            skipping = line.startswith(("dataset.", "augmentations/"))
        if not skipping:
            kept.append(line)
    return "\n".join(kept)


def _raw(bank: Any) -> None:
    """Let a model that gives samples keep them: the package's export joins bands all the same."""
    own = type(bank)
    bank.inverse(torch.zeros(1, 16, 256))  # caches come with the first sound

    class CachedPQMF(own):  # the tree's class name stays
        def inverse(self, x: torch.Tensor) -> torch.Tensor:
            return x

    bank.__class__ = CachedPQMF


def _untested(wrapper_class: Any) -> None:
    register = wrapper_class.register_method

    def quietly(self: Any, *given: Any, **named: Any) -> Any:
        return register(self, *given, **(named | {"test_method": False}))

    wrapper_class.register_method = quietly


def _furnish(model: Any, kind: str, latents: int) -> float:
    """Give the latent space a rotation or codebooks; return the fidelity that keeps `latents`."""
    if kind == "Variational":
        model.latent_pca.copy_(torch.linalg.qr(torch.randn_like(model.latent_pca))[0])
        model.latent_mean.copy_(0.5 * torch.randn_like(model.latent_mean))
        model.fidelity.copy_(torch.linspace(0, 1, model.fidelity.numel()))
        return float(model.fidelity[latents - 1]) - 1e-6
    if kind == "Discrete":
        for layer in model.encoder.rvq.layers:
            for name, buffer in layer.named_buffers():
                if name.endswith("embed"):
                    buffer.copy_(0.3 * torch.randn_like(buffer))
                if name.endswith("inited"):
                    buffer.fill_(1)
    return 0.95


def _latent(model: Any, kind: str) -> torch.Tensor:
    z = torch.randn(1, model.latent_size, 64)
    if kind == "Spherical":
        return z / z.norm(dim=1, keepdim=True)
    if kind == "Discrete":
        z = model.encoder.rvq.decode(torch.randint(0, 1024, (1, model.encoder.num_quantizers, 64)))
    extra = getattr(model.encoder, "noise_augmentation", 0) or 0
    return torch.cat([z, torch.randn(1, extra, 64)], 1) if extra else z


def _scale(model: Any, kind: str) -> None:
    """Bring each convolution of the decoder to unit spread, then the sound to its level."""
    convolutions = [
        part for part in model.decoder.modules() if isinstance(part, nn.Conv1d | nn.ConvTranspose1d)
    ]
    met: set[int] = set()

    def even(part: Any, _: Any, given: torch.Tensor) -> torch.Tensor | None:
        spread = float(given[..., given.shape[-1] // 2 :].std())
        if id(part) in met or spread < 1e-9:
            return None
        met.add(id(part))
        _multiply(part, 1 / spread)
        return given / spread

    hooks = [part.register_forward_hook(even) for part in convolutions]
    model.decoder(_latent(model, kind))
    for hook in hooks:
        hook.remove()
    last = _last(model.decoder, convolutions)
    for _ in range(8):
        sound = model.decoder(_latent(model, kind))
        if model.pqmf is not None and getattr(model, "output_mode", "pqmf") == "pqmf":
            bands = sound.reshape(sound.shape[0] * model.n_channels, -1, sound.shape[-1])
            sound = model.pqmf.inverse(bands)
        level = float(sound[..., sound.shape[-1] // 2 :].square().mean().sqrt())
        _multiply(last, min(8.0, max(0.125, LEVEL / max(level, 1e-9))))


def _last(decoder: Any, convolutions: list[Any]) -> Any:
    if hasattr(decoder, "synth"):
        return [p for p in decoder.synth.branches[0].modules() if isinstance(p, nn.Conv1d)][-1]
    wave = getattr(decoder, "waveform_module", None)
    if wave is not None:
        return next(p for p in wave.modules() if isinstance(p, nn.Conv1d))
    return convolutions[-1]


def _multiply(part: Any, gain: float) -> None:
    for tensor in (part.weight, part.bias):
        if tensor is not None:
            tensor.mul_(gain)


if __name__ == "__main__":
    export(sys.argv[1], Path(sys.argv[2]), dict(pair.split("=") for pair in sys.argv[3:]))
