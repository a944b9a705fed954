"""Writes TorchScript files with the tree and dataflow of a vschaos2 export, weights at random.

Class names, attribute names, buffers and the order of computation are those of
ScriptableSpectralAutoEncoder (acids-ircam/vschaos2, domkirke/acids_transforms) with the stock
convolutional model.
"""

# What a part of a module is, only TorchScript knows.
# pyright: reportCallIssue=false, reportPrivateImportUsage=false, reportReturnType=false
# pyright: reportOperatorIssue=false

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.decoders.vschaos2_labels import (
    CLASSES,
    WIDTHS,
    Prediction,
    embeddings,
    projections,
)
from tests.decoders.vschaos2_network import (
    LATENTS,
    SIZES,
    ConvEncoder,
    DeconvEncoder,
    Size,
)
from tests.decoders.vschaos2_transforms import (
    ComposeAudioTransform,
    Magnitude,
    Mono,
    OverlapAdd,
    RealtimeDGT,
    Unsqueeze,
)

LEVEL = 0.1  # root mean square of decoded audio with latents from N(0, 1), -20 dBFS


class ScriptableSpectralAutoEncoder(nn.Module):
    def __init__(
        self,
        size: Size,
        transform: nn.Module,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        dimred: str,
        tasks: list[str],
        predicted: bool,
        temperature: float,
    ) -> None:
        super().__init__()
        self.input_shape = [1, size.n_fft // 2 + 1]
        self.latent_dim = LATENTS
        self.win_length, self.hop_length = size.n_fft, size.hop
        self.use_oa = self.export_for_nn = True
        self.use_dimred = False
        self.spectral_transform_idx = 1
        self.overlap_add = OverlapAdd(size.n_fft, size.hop)
        self.transform, self.encoder, self.decoder = transform, encoder, decoder
        self.concat_embeddings = nn.ModuleDict(embeddings(tasks))
        self.prediction_modules = nn.ModuleDict(
            {task: Prediction(CLASSES[task]) for task in tasks if predicted}
        )
        self.dimreds = nn.ModuleDict(projections())
        self._decoder_ordered_tasks = torch.jit.Attribute(tasks, list[str])
        self.register_buffer("latent_mean", 0.3 * torch.randn(LATENTS))
        self._methods = ["forward", "encode", "decode"]
        for method, params in {
            "forward": [1, 1, 1, 1],
            "encode": [1, 1, LATENTS + len(self.prediction_modules), size.hop],
            "decode": [LATENTS + len(tasks), size.hop, 1, 1],
        }.items():
            self.register_buffer(f"{method}_params", torch.tensor(params))
            setattr(self, f"{method}_input_labels", [f"(signal) {i}" for i in range(params[0])])
            setattr(self, f"{method}_output_labels", [f"(signal) {i}" for i in range(params[2])])
        self.decode_input_labels = [f"(signal) latent dim {i + 1}" for i in range(LATENTS)]
        self.decode_input_labels += [f"(signal) {task} label (0-{CLASSES[task]})" for task in tasks]
        self._attributes = ["inversion_mode", "temperature", "dimred", "min_buffer_size"]
        self.inversion_mode, self.temperature = ("keep_input",), (temperature,)
        self.dimred, self.min_buffer_size = (dimred,), (size.n_fft,)
        for name, code in zip(self._attributes, (3, 2, 3, 1), strict=True):
            self.register_buffer(f"{name}_params", torch.tensor([code]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["encode", "decode", "forward"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return self._attributes

    @torch.jit.export
    def set_dimred(self, dimred: str) -> int:
        known = dimred == "none"
        for name in self.dimreds.keys():  # noqa: SIM118 - TorchScript's dictionaries
            known = known or name == dimred
        if not known:
            return -1
        self.dimred = (dimred,)
        return 0

    def project_z(self, z: Tensor) -> Tensor:
        if self.dimred[0] == "none":
            return z
        flat = z.reshape([-1, z.shape[-2], z.shape[-1]]) - self.latent_mean
        for name, part in self.dimreds.items():
            if name == self.dimred[0]:
                flat = part(flat)
        return flat.reshape(z.shape)

    def unproject_z(self, z: Tensor) -> Tensor:
        if self.dimred[0] == "none":
            return z
        flat = z.reshape([-1, z.shape[-2], z.shape[-1]])
        for name, part in self.dimreds.items():
            if name == self.dimred[0]:
                flat = part.invert(flat)
        return (flat + self.latent_mean).reshape(z.shape)

    def transform_label(self, y: Tensor, task: str) -> Tensor:
        for name, part in self.concat_embeddings.items():
            if name == task:
                y = part(y)
        return y

    def get_decoder_input(self, z: Tensor) -> Tensor:
        parts = [self.unproject_z(z[..., : self.latent_dim])]
        place = self.latent_dim
        for task in self.ordered():
            parts.append(self.transform_label(z[..., place : place + 1], task).float())
            place += 1
        return torch.cat(parts, -1)

    def ordered(self) -> list[str]:
        if torch.jit.is_scripting():
            return self._decoder_ordered_tasks
        return self._decoder_ordered_tasks.value

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        frames = self.overlap_add(x)
        done = [self.transform(frames[..., i, :]) for i in range(frames.shape[-2])]
        mean, spread = self.encoder(torch.stack(done, -3))
        z = self.project_z(mean + self.temperature[0] * spread * torch.randn_like(mean))
        for part in self.prediction_modules.values():
            z = torch.cat([z, part(z).argmax(-1).unsqueeze(-1).float()], -1)
        return z.transpose(-2, -1)

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        x = self.decoder(self.get_decoder_input(z.transpose(-2, -1)))
        if x.dim() == 3:
            x = x.unsqueeze(-2)
        done: list[Tensor] = []
        for i in range(x.shape[-3]):
            frame = x.index_select(-3, torch.tensor(i)).squeeze(-3)
            done.append(self.transform.invert(frame))
        return self.overlap_add.invert(torch.stack(done, -2))

    def forward(self, x: Tensor) -> Tensor:
        frames = self.overlap_add(x)
        done: list[Tensor] = []
        for i in range(frames.shape[-2]):
            z, _ = self.encoder(self.transform(frames[..., i, :]))
            done.append(self.transform.invert(self.decoder(z)))
        return self.overlap_add.invert(torch.stack(done, -2))


@torch.no_grad()
def make_vschaos2(
    path: Path,
    size: str = "normal",
    seed: int = 0,
    *,
    inversion_mode: str = "keep_input",
    dimred: str = "none",
    conditioned: bool = False,
    predicted: bool = False,
    contrast: str = "log1p",
    keep_nyquist: bool = True,
    mel: int = 0,
    banks: bool = False,
    plain: bool = False,
    temperature: float = 0.0,
    normalize: bool = False,
) -> Path:
    """Write an export of `size` "normal", "precise" or "small" to `path` and return `path`.

    Decoded audio stands near -20 dBFS with latents from N(0, 1) (contrast "log1p"). `banks` adds
    the mel matrices that a genuine file carries unread, 8 or 134 MB. `plain` makes the decoder a
    sequence of standard layers. `conditioned` lets it read an octave and a pitch class, `predicted`
    lets the encoder give them.
    """
    sizes = SIZES[size]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        transform = ComposeAudioTransform([
            Mono(), RealtimeDGT(sizes.n_fft, sizes.hop, inversion_mode),
            Magnitude(sizes.n_fft, contrast, mel=mel, keep_nyquist=keep_nyquist, banks=banks),
            Unsqueeze(-2),
        ])  # fmt: skip
        inputs, bins = LATENTS, sizes.n_fft // 2 + keep_nyquist
        if conditioned:
            inputs += sum(WIDTHS.values())
        transform.transforms[0] = Mono(normalize)
        decoder = _plain(inputs, bins) if plain else DeconvEncoder(sizes, inputs, bins)
        model: Any = ScriptableSpectralAutoEncoder(
            sizes, transform, ConvEncoder(sizes, bins), decoder, dimred=dimred,
            tasks=list(CLASSES) if conditioned else [], predicted=predicted,
            temperature=temperature,
        )  # fmt: skip
        _disturb(model)
        _level(model, sizes)
        torch.jit.save(torch.jit.script(model.eval()), str(path))
    return path


def _plain(inputs: int, bins: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(inputs, 200), nn.LayerNorm(200), nn.SiLU(), nn.Linear(200, bins), nn.Softplus()
    )


def _disturb(model: nn.Module) -> None:
    """Draw weights under which all inputs matter, and statistics as training leaves them."""
    for part in model.modules():
        if isinstance(part, nn.Linear):
            part.weight.normal_(0, part.in_features**-0.5)
            part.bias.normal_(0, 0.3)
        elif isinstance(part, nn.Conv1d | nn.ConvTranspose1d):
            taps = part.kernel_size[0] / (part.stride[0] if part.transposed else 1)
            part.weight.normal_(0, (part.in_channels * taps) ** -0.5)
            assert part.bias is not None
            part.bias.normal_(0, 0.3)
        elif isinstance(part, nn.BatchNorm1d):
            assert part.running_mean is not None and part.running_var is not None
            part.running_mean.normal_(0, 0.2)
            part.running_var.uniform_(0.2, 1.0)
            part.weight.uniform_(0.8, 1.6)
            part.bias.normal_(0, 0.3)


def _level(model: Any, size: Size) -> None:
    """Scale the last layer so that log magnitudes spread and decoded audio has the level LEVEL."""
    model.eval()
    decoder = model.decoder
    _, dgt, magnitude, _ = model.transform.transforms
    if isinstance(decoder, nn.Sequential):
        start, last = decoder[:-2], decoder[-2]
    else:
        start = nn.Sequential(decoder.flatten_module, *decoder.conv_modules)
        last = decoder.final_conv
    inputs = next(part for part in decoder.modules() if isinstance(part, nn.Linear)).in_features
    x = start(nn.functional.pad(torch.randn(32, LATENTS), (0, inputs - LATENTS)))
    last.bias.zero_()
    last.weight.mul_(0.2 / last(x).std())
    spectrum = last(x).flatten(1)
    window = dgt.inv_window.square().sum() / size.hop / model.overlap_add.gain_compensation**2
    low, high = -8.0, 8.0
    for _ in range(16):
        middle = (low + high) / 2
        bins = magnitude.invert(nn.functional.softplus(spectrum + middle))
        power = 2 / size.n_fft**2 * bins.square().sum(-1).mean() * window
        low, high = (low, middle) if power.sqrt() > LEVEL else (middle, high)
    last.bias.fill_(low)
