"""Transforms between audio and magnitudes, in the form the spectral export scripts them.

Class and attribute names are those of acids_transforms, by which readers of exported models find
their way; each transform has `forward` and, back again, `invert`.
"""

# ruff: noqa: D102, D107 (a transform's class says what it does)

import torch
from torch import Tensor, nn

from models.training.features import FLOOR, HOP, N_FFT, SAMPLE_RATE, dual_window, gaussian_window


class Mono(nn.Module):
    """Takes the channel axis away and brings it back."""

    def forward(self, x: Tensor) -> Tensor:
        return x.squeeze(-2)

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        """Return (batch, 1, samples) of (batch, samples)."""
        return x.unsqueeze(-2)


class RealtimeDGT(nn.Module):
    """One windowed Fourier transform a frame; phases are the last input's, or random."""

    window: Tensor
    inv_window: Tensor
    n_fft: Tensor
    hop_length: Tensor
    phase_buffer: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = gaussian_window()
        unit = float(window.sum()) / 2.0 * FLOOR
        self.sr = SAMPLE_RATE
        self.inversion_mode = "keep_input"
        self.register_buffer("n_fft", torch.tensor([N_FFT]))
        self.register_buffer("hop_length", torch.tensor([HOP]))
        self.register_buffer("window", window / unit)
        self.register_buffer("inv_window", dual_window(window) * unit)
        self.register_buffer("phase_buffer", torch.zeros(0))

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(x * self.window)
        self.phase_buffer = spectrum.angle()
        return spectrum

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        """Return windowed frames (batch, 2048) of magnitudes (batch, 1025)."""
        phase = self.phase_buffer
        if self.inversion_mode == "random" or phase.shape != x.shape:
            phase = 2.0 * torch.pi * torch.rand_like(x)
        return torch.fft.irfft(torch.polar(x, phase)) * self.inv_window


class Normalize(nn.Module):
    """The magnitude's last step: (x - offset) / scale."""

    scale: Tensor
    offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.mode = "unipolar"
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("offset", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.offset) / self.scale

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        """Return x * scale + offset."""
        return x * self.scale + self.offset


class Magnitude(nn.Module):
    """log(1 + |x|), normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.contrast_mode = "log1p"
        self.mel = 0
        self.keep_nyquist = True
        self.norm = Normalize()

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(torch.log(1.0 + x.abs()))

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        """Return magnitudes, at least 0."""
        return torch.exp(self.norm.invert(x)) - 1.0


class Unsqueeze(nn.Module):
    """Puts an axis of one before the bins."""

    def __init__(self) -> None:
        super().__init__()
        self.dim = -2

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(self.dim)

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        """Take the axis away."""
        return x.squeeze(self.dim)


class ComposeAudioTransform(nn.Module):
    """Transforms one after the other, and back in reverse."""

    def __init__(self) -> None:
        super().__init__()
        self.transforms = nn.ModuleList([Mono(), RealtimeDGT(), Magnitude(), Unsqueeze()])

    def forward(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        """Return frames (batch, 1, 2048) of normalised magnitudes (batch, 1, 1025)."""
        for transform in self.transforms[::-1]:
            x = transform.invert(x)  # pyright: ignore[reportCallIssue]
        return x


class OverlapAdd(nn.Module):
    """Frames of 2048 every 512 samples, in both directions, with the overlap kept between calls."""

    n_fft: Tensor
    hop_length: Tensor
    input_buffer: Tensor
    output_buffer: Tensor
    gain_compensation: Tensor

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.sr = SAMPLE_RATE
        self.frames_out = N_FFT // HOP - 1
        self.register_buffer("n_fft", torch.tensor(N_FFT))
        self.register_buffer("hop_length", torch.tensor(HOP))
        self.register_buffer("input_buffer", torch.zeros(self.frames_out * HOP))
        self.register_buffer("output_buffer", torch.zeros(self.frames_out * HOP))
        self.register_buffer("gain_compensation", torch.tensor(2.0 / gain))

    def forward(self, x: Tensor) -> Tensor:
        past = self.input_buffer
        if past.shape[:-1] != x.shape[:-1]:
            past = torch.zeros_like(x[..., :1]).repeat_interleave(
                self.frames_out * int(self.hop_length), -1
            )
        x = torch.cat([past, x], -1)
        self.input_buffer = x[..., -self.frames_out * int(self.hop_length) :].clone()
        return x.unfold(-1, int(self.n_fft), int(self.hop_length))

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        """Return audio (..., 512 frames) of frames (..., frames, 2048)."""
        hop, size = int(self.hop_length), int(self.n_fft)
        waiting = self.frames_out * hop
        past = self.output_buffer
        if past.shape[:-1] != x.shape[:-2]:
            past = torch.zeros_like(x[..., 0, :waiting])
        out = torch.cat(
            [past, torch.zeros_like(x[..., 0, :1]).repeat_interleave(x.shape[-2] * hop, -1)], -1
        )
        for i in range(x.shape[-2]):
            out[..., i * hop : i * hop + size] += x[..., i, :]
        self.output_buffer = out[..., -waiting:].clone()
        return out[..., :-waiting] / self.gain_compensation
