"""The labels and the projections inside a vschaos2 export, as named there."""

# What a part of a module is, only TorchScript knows.
# pyright: reportCallIssue=false, reportOperatorIssue=false, reportArgumentType=false

import math

import torch
from torch import Tensor, nn

from tests.decoders.vschaos2_network import LATENTS

CLASSES = {"octave": 9, "pitch": 12}
"""Classes of each label, in the order of the inlets."""
WIDTHS = {"octave": 9, "pitch": 5}
"""How many numbers the decoder reads of each."""


class OneHot(nn.Module):
    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.n_classes = n_classes

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.one_hot(x, self.n_classes)


class EmbeddingWrapper(nn.Module):
    def __init__(self, embedding_module: nn.Module) -> None:
        super().__init__()
        self.embedding_module = embedding_module
        self.needs_long = True

    def forward(self, x: Tensor) -> Tensor:
        x = x.mean(-1)
        if self.needs_long:
            x = x.long()
        return self.embedding_module(x)


class Prediction(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.net = nn.Linear(LATENTS, classes)

    def forward(self, z: Tensor) -> Tensor:
        return self.net(z[..., : self.net.in_features]).softmax(-1)


class PCA(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_dim = self.n_components = LATENTS
        self.register_buffer("latent_mean", 0.5 * torch.randn(LATENTS))
        self.register_buffer("components", torch.linalg.qr(torch.randn(LATENTS, LATENTS))[0])

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x - self.latent_mean, self.components.t())

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.components) + self.latent_mean


class ICA(PCA):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mixing", torch.randn(LATENTS, LATENTS))

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.mixing.t()) + self.latent_mean


class Spherical(nn.Module):
    """Its inverse only turns degrees to radians, and in what it is given: published files do."""

    def forward(self, x: Tensor) -> Tensor:
        turned = torch.zeros_like(x)
        turned[..., 0] = x.pow(2).sum(-1).sqrt()
        last = x.size(-1) - 2
        for i in range(x.size(-1) - 1):
            angle = torch.acos(x[..., i] / x[..., i:].pow(2).sum(-1).sqrt())
            if i == last:
                angle = torch.where(x[..., -1] >= 0, angle, 2 * math.pi - angle)
            turned[..., i + 1] = angle
        turned[..., 1:] = (180 / math.pi) * turned[..., 1:]
        return turned

    @torch.jit.export
    def invert(self, x_sph: Tensor) -> Tensor:
        x_sph[..., 1:] = (math.pi / 180) * x_sph[..., 1:]
        return x_sph


class DimredWrapper(nn.Module):
    def __init__(self, dimred_module: nn.Module) -> None:
        super().__init__()
        self.dimred_module = dimred_module

    def forward(self, x: Tensor) -> Tensor:
        return self.dimred_module(x)

    @torch.jit.export
    def invert(self, x: Tensor) -> Tensor:
        return self.dimred_module.invert(x)


def embeddings(tasks: list[str]) -> dict[str, nn.Module]:
    """Return what reads each label, in another order than that of the inlets."""
    kinds: dict[str, nn.Module] = {
        "pitch": nn.Embedding(CLASSES["pitch"], WIDTHS["pitch"]),
        "octave": OneHot(CLASSES["octave"]),
    }
    return {name: EmbeddingWrapper(part) for name, part in kinds.items() if name in tasks}


def projections() -> dict[str, nn.Module]:
    """Return the projections of the latents, PCA and ICA fitted."""
    return {
        "PCA": DimredWrapper(PCA()),
        "ICA": DimredWrapper(ICA()),
        "spherical": Spherical(),
    }
