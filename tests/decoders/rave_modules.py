"""Small modules that later RAVE exports hold: activations, adaptive statistics, recurrence."""

# What a part of a module is, only TorchScript knows.
# pyright: reportCallIssue=false, reportAttributeAccessIssue=false

import torch
from torch import Tensor, nn

ROWS = 64  # caches have room for this many streams


class Snake(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.rand(channels, 1) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sin(self.alpha * x) ** 2 / (self.alpha + 1e-9)


class AdaptiveInstanceNormalization(nn.Module):
    """Moves statistics of a source to those of a target, once both are learnt."""

    def __init__(self, channels: int, learnt: bool = False) -> None:
        super().__init__()
        for side in ("x", "y"):
            mean = torch.randn(ROWS, channels, 1) * 0.2 * learnt
            spread = 1 + torch.rand(ROWS, channels, 1) * learnt
            self.register_buffer(f"mean_{side}", mean)
            self.register_buffer(f"std_{side}", spread)
            self.register_buffer(f"learn_{side}", torch.zeros(1))
            self.register_buffer(f"num_update_{side}", torch.full((1,), float(learnt)))

    mean_x: Tensor
    std_x: Tensor
    num_update_x: Tensor
    mean_y: Tensor
    std_y: Tensor
    num_update_y: Tensor

    def forward(self, x: Tensor) -> Tensor:
        if bool(self.num_update_x) and bool(self.num_update_y):
            rows = x.shape[0]
            plain = (x - self.mean_x[:rows]) / (self.std_x[:rows] + 1e-5)
            x = plain * self.std_y[:rows] + self.mean_y[:rows]
        return x


class GRU(nn.Module):
    def __init__(self, width: int, enabled: bool = True) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, num_layers=2, batch_first=True)
        self.register_buffer("gru_state", torch.tensor(0))
        self.enabled = enabled

    def forward(self, x: Tensor) -> Tensor:
        if self.enabled:
            x = self.gru(x.transpose(1, 2))[0].transpose(1, 2)
        return x


class EuclideanCodebook(nn.Module):
    embed: Tensor

    def __init__(self, codes: int, width: int) -> None:
        super().__init__()
        self.codebook_size = codes
        self.register_buffer("embed", torch.randn(codes, width))


class VectorQuantization(nn.Module):
    def __init__(self, codes: int, width: int, inner: int) -> None:
        super().__init__()
        self.codebook_size = codes
        self.project_in = nn.Identity() if inner == width else nn.Linear(width, inner)
        self.project_out = nn.Identity() if inner == width else nn.Linear(inner, width)
        self._codebook = EuclideanCodebook(codes, inner)

    def forward(self, places: Tensor) -> Tensor:
        return self.project_out(self._codebook.embed[places]).transpose(1, 2)

    @torch.jit.export
    def nearest(self, x: Tensor) -> Tensor:
        x, entries = self.project_in(x.transpose(1, 2)), self._codebook.embed
        gap = x.square().sum(-1, keepdim=True) - 2 * x @ entries.t() + entries.square().sum(-1)
        return (-gap).max(-1).indices


class ResidualVectorQuantization(nn.Module):
    def __init__(self, books: int, codes: int, width: int, inner: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(VectorQuantization(codes, width, inner) for _ in range(books))
        self.codes = codes

    def forward(self, places: Tensor) -> Tensor:
        places = places.clamp(0, self.codes - 1).long()
        total = torch.zeros(1)
        for place, book in enumerate(self.layers):
            total = total + book(places[:, place])
        return total

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        found: list[Tensor] = []
        for book in self.layers:
            found.append(book.nearest(x))
            x = x - book(found[-1])
        return torch.stack(found, 1)


def sphere_point(angles: Tensor) -> Tensor:
    """Return unit vectors (batch, n + 1, steps) of angles (batch, n, steps) in half turns."""
    turns = (angles / 2 + 0.5) % 1
    angles = torch.cat([turns[:, :-1] * torch.pi, turns[:, -1:] * 2 * torch.pi], 1)
    ones = torch.ones_like(angles[:, :1])
    sines = torch.cat([ones, angles.sin().cumprod(1)], 1)
    return torch.cat([angles.cos(), ones], 1) * sines


def sphere_angles(x: Tensor) -> Tensor:
    """Return the angles that `sphere_point` takes, of vectors (batch, n + 1, steps)."""
    behind = x.square().flip(1).cumsum(1).flip(1)[:, :-1].sqrt()
    angles = torch.arccos(x[:, :-1] / behind) / torch.pi
    last = torch.where(x[:, -1:] >= 0, angles[:, -1:], 2 - angles[:, -1:]) / 2
    return 2 * torch.cat([angles[:, :-1], last], 1) - 1
