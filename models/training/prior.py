"""Train a latent prior: flow matching over windows of a family's latents.

A network learns the velocity from noise to latents along straight lines (Lipman and others, "Flow
matching for generative modeling", 2023). In half of the windows the first points are given and
not judged, so that continuing what was played is part of what it learns.
"""

# ruff: noqa: D102, D107 (a module's class says what it is made of)

import math
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from models.training.progress import Average, Run, learning_rate
from models.training.spectral import LATENTS

RATIO = 2048  # samples per point: 46 ms, the frame of most RAVE models


@dataclass(frozen=True)
class PriorShape:
    """Sizes of a prior; a window is as many points as it makes at once."""

    width: int = 64
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 1, 2)
    window: int = 256
    overlap: int = 64


@dataclass(frozen=True)
class PriorRecipe:
    """Sizes of a prior's training; `given` is the share of windows that continue a beginning.

    The first points after a beginning count up to `joint` times more: few as they are, a jump there
    is heard.
    """

    steps: int = 12_000
    batch: int = 16
    rate: float = 1.5e-3
    given: float = 0.5
    joint: float = 10.0
    seed: int = 0
    shape: PriorShape = field(default_factory=PriorShape)


class FlowLayer(nn.Module):
    """A gated dilated convolution whose input is scaled and shifted by the time."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.film = nn.Linear(width, 2 * width)
        self.conv = nn.Conv1d(width, 2 * width, 3, padding=dilation, dilation=dilation)
        self.out = nn.Conv1d(width, 2 * width, 1)

    def forward(self, x: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = self.film(time).unsqueeze(-1).chunk(2, 1)
        gate, level = self.conv(x * (1.0 + scale) + shift).chunk(2, 1)
        more, skip = self.out(torch.tanh(level) * torch.sigmoid(gate)).chunk(2, 1)
        return (x + more) * math.sqrt(0.5), skip


class Flow(nn.Module):
    """Velocities (batch, 8, points) of x (batch, 8, points) at a time (batch, 1).

    `mask` (batch, 1, points) is 1 where x is known and does not move.
    """

    def __init__(self, shape: PriorShape) -> None:
        super().__init__()
        width = shape.width
        self.waves = width // 4
        self.time = nn.Sequential(
            nn.Linear(2 * self.waves, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.entry = nn.Conv1d(2 * LATENTS + 1, width, 1)
        self.layers = nn.ModuleList(FlowLayer(width, dilation) for dilation in shape.dilations)
        self.last = nn.Sequential(
            nn.SiLU(), nn.Conv1d(width, width, 1), nn.SiLU(), nn.Conv1d(width, LATENTS, 1)
        )

    def frequencies(self) -> Tensor:
        """Return the radians per unit of time (waves,) that the time is told by."""
        return math.tau * torch.logspace(-1.0, 1.0, self.waves)

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        angle = time * self.frequencies()
        told = self.time(torch.cat([torch.cos(angle), torch.sin(angle)], 1))
        y, skips = self.entry(torch.cat([x, x * mask, mask], 1)), []
        for layer in self.layers:
            y, skip = layer(y, told)
            skips.append(skip)
        velocity: Tensor = self.last(torch.stack(skips).sum(0) / math.sqrt(len(skips)))
        return velocity * (1.0 - mask)


def standardised(latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return latents (8, points) at mean 0 and deviation 1, the mean and the deviation (8, 1)."""
    mean, deviation = latents.mean(1, keepdim=True), latents.std(1, keepdim=True)
    return (latents - mean) / deviation, mean, deviation


def train(latents: Tensor, recipe: PriorRecipe, checkpoint: Path | None = None) -> tuple[Flow, Run]:
    """Train on standardised latents (8, points); return the averaged network and its run."""
    torch.manual_seed(recipe.seed)
    dice = torch.Generator().manual_seed(recipe.seed)
    network, window = Flow(recipe.shape), recipe.shape.window
    optimizer = torch.optim.AdamW(network.parameters(), recipe.rate)
    average = Average(network)
    run = Run("prior", recipe.steps, checkpoint)
    run.resume(network, optimizer, average, dice)
    for step in run.loop(lambda: run.save(network, optimizer, average, dice)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe.rate, 100, 0.3)
        starts = torch.randint(latents.shape[1] - window + 1, (recipe.batch,), generator=dice)
        wanted = torch.stack([latents[:, start : start + window] for start in starts.tolist()])
        mask = beginnings(recipe.batch, recipe.given, recipe.shape, dice)
        time = torch.rand(recipe.batch, 1, generator=dice)
        loss = flow_loss(network, wanted, mask, time, dice, recipe.joint)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        average.update(network, step)
        run.note(loss)
    network.load_state_dict(average.state)
    return network.eval().requires_grad_(False), run


def beginnings(rows: int, share: float, shape: PriorShape, dice: torch.Generator) -> Tensor:
    """Return masks (rows, 1, window): in a share of them the first points are known."""
    given = torch.rand(rows, 1, 1, generator=dice) < share
    count = torch.randint(1, 3 * shape.window // 4, (rows, 1, 1), generator=dice)
    return (given & (torch.arange(shape.window) < count)).float()


def flow_loss(
    network: nn.Module,
    wanted: Tensor,
    mask: Tensor,
    time: Tensor,
    dice: torch.Generator,
    joint: float = 0.0,
) -> Tensor:
    """Return the mean squared error of the velocity where nothing is known.

    Of latents (rows, 8, points) at times (rows, 1), on the way from noise by `dice`; the first
    points after known ones count up to `joint` times more. Zero velocities would score 2.
    """
    noise = torch.randn(wanted.shape, generator=dice)
    at = time.unsqueeze(-1)
    x = torch.where(mask > 0.0, wanted, (1.0 - at) * noise + at * wanted)
    weight = 1.0 - mask
    known = mask.sum(2, keepdim=True)
    after = (torch.arange(mask.shape[2]) - known).clamp_min(0.0)
    weight = weight * (1.0 + joint * (known > 0.0) * torch.exp(-after / 2.0))
    error = (network(x, mask, time) - (wanted - noise)).square() * weight
    return error.sum() / (weight.sum() * wanted.shape[1])
