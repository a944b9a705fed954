"""The signal transforms inside a vschaos2 export, by the names and dataflow of acids_transforms."""

# What a part of a module is, only TorchScript knows.
# pyright: reportCallIssue=false

import math

import torch
from torch import Tensor, nn

_MAX_N_FFT = 16384


class Mono(nn.Module):
    def __init__(self, normalize: bool = False) -> None:
        super().__init__()
        self.sr, self.mode, self.squeeze, self.normalize = 44100, "mix", True, normalize
        self.inversion_mode = "mono"

    def forward(self, x: Tensor) -> Tensor:
        return x.squeeze(-2)

    @torch.jit.export
    def invert(self, x: Tensor, inversion_mode: str | None = None) -> Tensor:
        return x.unsqueeze(-2)


class Unsqueeze(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.sr, self.dim = 44100, dim

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(self.dim)

    @torch.jit.export
    def invert(self, x: Tensor, inversion_mode: str | None = None) -> Tensor:
        return x.squeeze(self.dim)


class Normalize(nn.Module):
    offset: Tensor
    scale: Tensor

    def __init__(self, mode: str, offset: float, scale: float) -> None:
        super().__init__()
        self.sr, self.mode, self.needs_scaling = 44100, mode, False
        self.register_buffer("offset", torch.tensor(offset))
        self.register_buffer("scale", torch.tensor(scale))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.offset) / self.scale

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        return x * self.scale + self.offset


class Magnitude(nn.Module):
    eps: Tensor
    inverse_mel_bank: Tensor

    def __init__(
        self,
        n_fft: int,
        contrast: str = "log1p",
        *,
        mel: int = 0,
        keep_nyquist: bool = True,
        banks: bool = False,
    ) -> None:
        super().__init__()
        self.sr, self.contrast_mode = 44100, contrast
        self.mel, self.keep_nyquist = mel, keep_nyquist
        self.norm = Normalize("unipolar", 2.5e-5, 5.5)
        bins = n_fft // 2 + 1 if banks or mel else 1
        self.register_buffer("eps", torch.tensor(torch.finfo(torch.float32).eps))
        self.register_buffer("mel_bank", torch.eye(bins).unsqueeze(0))
        self.register_buffer("inverse_mel_bank", torch.eye(bins).unsqueeze(0))

    def forward(self, x: Tensor) -> Tensor:
        m = x.abs()
        if self.contrast_mode == "log1p":
            m = torch.log(1 + m)
        elif self.contrast_mode == "log":
            m = torch.log(m.clamp(min=float(self.eps)))
        elif self.contrast_mode == "log10":
            m = torch.log10(m.clamp(min=float(self.eps)))
        m = self.norm(m)
        return m if self.keep_nyquist else m[..., 1:]

    @torch.jit.export
    def invert(self, x: Tensor, inversion_mode: str | None = None) -> Tensor:
        m = self.norm.invert(x)
        if not self.keep_nyquist:
            m = torch.cat([m, torch.zeros_like(m[..., :1])], -1)
        if self.contrast_mode == "log1p":
            m = torch.exp(m) - 1
        elif self.contrast_mode == "log":
            m = torch.exp(m) - self.eps
        elif self.contrast_mode == "log10":
            m = torch.tensor(10).pow(m)
        if self.mel:
            m = torch.matmul(m, self.inverse_mel_bank)[0]
        return m


class RealtimeDGT(nn.Module):
    """Gaussian-window transform of single frames; phases from the last analysed one, or random."""

    n_fft: Tensor
    window: Tensor
    inv_window: Tensor
    phase_buffer: Tensor

    def __init__(self, n_fft: int, hop: int, inversion_mode: str) -> None:
        super().__init__()
        self.sr, self.inversion_mode, self.batch_size = 44100, inversion_mode, [2]
        spread = math.sqrt(-(n_fft**2) / (8 * math.log(0.01)))
        place = torch.arange(n_fft) - n_fft / 2 + 0.5
        window = torch.exp(-(place**2) / (2 * spread**2))
        shifts = [torch.roll(window.square(), i * hop) for i in range(n_fft // hop)]
        padding = (0, _MAX_N_FFT - n_fft)
        dual = window / torch.stack(shifts).sum(0)
        bins = n_fft // 2 + 1
        self.register_buffer("n_fft", torch.tensor([n_fft]))
        self.register_buffer("hop_length", torch.tensor([hop]))
        self.register_buffer("window", nn.functional.pad(window, padding))
        self.register_buffer("inv_window", nn.functional.pad(dual, padding))
        self.register_buffer("gamma", torch.tensor([spread]))
        self.register_buffer("eps", torch.tensor(torch.finfo(torch.float32).eps))
        self.register_buffer("phase_buffer", torch.zeros(0))
        self.register_buffer("tolerance", torch.tensor(1e-2))
        self.register_buffer("hgi_mag_buffer", torch.zeros(2, 2, bins))
        self.register_buffer("hgi_phase_buffer", torch.zeros(2, bins))
        self.register_buffer("random_phase", 2 * torch.pi * torch.rand(bins))
        self.register_buffer("time_index", torch.tensor(0.0))

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(x * self.window[: int(self.n_fft)])
        self.phase_buffer = spectrum.angle()
        return spectrum

    @torch.jit.export
    def invert(self, x: Tensor, inversion_mode: str | None = None) -> Tensor:
        if torch.is_complex(x):
            return torch.fft.irfft(x) * self.inv_window[: int(self.n_fft)]
        return self.invert_without_phase(x, inversion_mode)

    def invert_without_phase(self, x: Tensor, inversion_mode: str | None = None) -> Tensor:
        mode = self.inversion_mode if inversion_mode is None else inversion_mode
        phase = torch.zeros(0)
        if mode == "keep_input":
            phase = self.phase_buffer
        elif mode != "random":
            raise ValueError("inversion mode not valid.")
        if phase.shape[0] == 0:
            phase = torch.pi * 2 * torch.rand_like(x)
        x = x * torch.exp(phase * torch.full(phase.shape, 1j))
        return torch.fft.irfft(x) * self.inv_window[: int(self.n_fft)]


class ComposeAudioTransform(nn.Module):
    def __init__(self, transforms: list[nn.Module]) -> None:
        super().__init__()
        self.sr = 44100
        self.transforms = nn.ModuleList(transforms)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.transforms:
            x = part(x)
        return x

    @torch.jit.export
    def invert(self, x: Tensor, inversion_mode: str | None = None) -> Tensor:
        for part in self.transforms[::-1]:
            x = part.invert(x, inversion_mode=inversion_mode)
        return x


class OverlapAdd(nn.Module):
    """Keeps what hangs over the last hop; starts from zero when the batch shape changes."""

    n_fft: Tensor
    hop_length: Tensor
    input_buffer: Tensor
    output_buffer: Tensor
    gain_compensation: Tensor

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.sr, self.frames_out = 44100, n_fft // hop - 1
        self.register_buffer("n_fft", torch.tensor(n_fft))
        self.register_buffer("hop_length", torch.tensor(hop))
        self.register_buffer("input_buffer", torch.zeros(n_fft - hop))
        self.register_buffer("output_buffer", torch.zeros(n_fft - hop))
        self.register_buffer("gain_compensation", torch.tensor(2.0))

    def forward(self, x: Tensor) -> Tensor:
        past, kept = self.input_buffer, self.frames_out * int(self.hop_length)
        if past.shape[:-1] != x.shape[:-1]:
            past = torch.zeros_like(x[..., :1]).repeat_interleave(kept, -1)
        self.input_buffer = x[..., -kept:]
        return torch.cat([past, x], -1).unfold(-1, int(self.n_fft), int(self.hop_length))

    @torch.jit.export
    def invert(self, x: Tensor, inversion_mode: str | None = None) -> Tensor:
        n_fft, hop = int(self.n_fft), int(self.hop_length)
        past, kept = self.output_buffer, self.frames_out * int(self.hop_length)
        if past.shape[:-1] != x.shape[:-2]:
            past = torch.zeros_like(x[..., 0, :1]).repeat_interleave(kept, -1)
        joined = nn.functional.pad(past, (0, x.shape[-2] * hop))
        for i in range(x.shape[-2]):
            joined[..., i * hop : i * hop + n_fft] += x[..., i, :]
        self.output_buffer = joined[..., -kept:]
        return joined[..., :-kept] / self.gain_compensation
