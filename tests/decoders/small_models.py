"""Tiny TorchScript models of no known family, sound and unsound."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

LATENTS, RATIO = 8, 64


class Tone(nn.Module):
    """Samples from a matrix over a fading memory of the latents, with a little noise."""

    memory: Tensor
    matrix: Tensor

    def __init__(self, latents: int = LATENTS, channels: int = 1) -> None:
        super().__init__()
        self.channels, self.ratio = channels, RATIO
        self.register_buffer("decode_params", torch.tensor([latents, RATIO, channels, 1]))
        generator = torch.Generator().manual_seed(0)
        matrix = torch.randn(channels * RATIO, latents, generator=generator)
        self.register_buffer("matrix", 0.03 * matrix)
        self.register_buffer("memory", torch.zeros(1, latents, 1))

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        self.memory.mul_(0.5).add_(z)
        y = self.matrix @ self.memory[0] + 0.01 * torch.randn(self.channels * self.ratio, 1)
        return y.reshape(1, self.channels, self.ratio)

    def forward(self, z: Tensor) -> Tensor:
        return self.decode(z)


class Deaf(nn.Module):
    """It encodes and cannot decode."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("encode_params", torch.tensor([1, 1, LATENTS, RATIO]))

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        return x


class Bare(nn.Module):
    """It decodes and does not say how."""

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        return z.repeat(1, 1, 64)[:, :1]

    def forward(self, z: Tensor) -> Tensor:
        return z


class Strange(nn.Module):
    """It decodes as `fault` says, from the frame `start` on."""

    frame: Tensor

    def __init__(self, fault: str, start: int = 0) -> None:
        super().__init__()
        self.fault, self.start = fault, start
        self.register_buffer("decode_params", torch.tensor([LATENTS, RATIO, 1, 1]))
        self.register_buffer("frame", torch.tensor(0))

    @torch.jit.export
    def decode(self, z: Tensor) -> Tensor:
        self.frame.add_(1)
        y = torch.ones(1, 1, 64)
        if int(self.frame) > self.start:
            if self.fault == "raises":
                raise ValueError("no sound today")
            if self.fault == "silent":
                y = y * 0.0
            if self.fault == "short":
                y = y[..., 1:]
            if self.fault == "flat":
                y = y[0]
            if self.fault == "batch":
                y = torch.cat([y, y])
            if self.fault == "nan":
                y = y * float("nan")
            if self.fault == "infinite":
                y = y / 0.0
            if self.fault == "integer":
                y = y.long()
        return y

    def forward(self, z: Tensor) -> Tensor:
        return self.decode(z)


class Liar(Tone):
    """Its list of methods cannot be had."""

    @torch.jit.export
    def get_methods(self) -> list[str]:
        raise ValueError("no list")


class Named(Tone):
    """It lists `names` as its methods."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return self.names


class Part(nn.Module):
    def __init__(self, sr: float) -> None:
        super().__init__()
        self.sr = sr

    def forward(self, x: Tensor) -> Tensor:
        return x


def save(model: nn.Module, path: Path) -> Path:
    """Script `model`, write it to `path` and return `path`."""
    scripted: Any = torch.jit.script(model.eval())
    torch.jit.save(scripted, str(path))
    return path
