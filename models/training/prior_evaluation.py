"""Hold a shipped prior against its bars: are its latents like those of music it never heard?"""

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from appliance.errors import ModelError
from appliance.priors import Prior
from appliance.priors.card import CARD_FILE
from models.training import restoring, waveform
from models.training.bars import MEGABYTE, Verdict, judge
from models.training.evaluation import DIGITS, Music
from models.training.record import rounded
from models.training.shipped import folder_megabytes

HEARD_FILE = "heard.npy"
"""Latents of the corpus, float16 (8, points): what a made-up point may be near to."""

_WINDOWS = 32  # made up and judged
_TIMES = 8  # of the flow, in the middle of as many equal parts
_LAGS = (1, 4, 16)


@dataclass(frozen=True)
class PriorEvaluation:
    """All figures of one prior, and those of held-out music that have no bar of their own."""

    model: str
    seconds: tuple[float, float]
    figures: dict[str, float]
    music: dict[str, float]

    @property
    def verdicts(self) -> list[Verdict]:
        """Each bar with its figure."""
        return judge(self.figures, "prior", False)

    @property
    def missed(self) -> list[str]:
        """The figures that do not reach their bars."""
        return [verdict.bar.figure for verdict in self.verdicts if not verdict.met]

    def record(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self) | {"seconds": list(self.seconds), "missed": self.missed}


@dataclass(frozen=True)
class ShippedPrior:
    """One folder of graph, card and heard latents; the family's spectral model lies beside it."""

    folder: Path

    @cached_property
    def prior(self) -> Prior:
        """The generator that the instrument uses."""
        return Prior(self.folder)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Card and record; raises ModelError if the folder has none."""
        path = self.folder / CARD_FILE
        if not path.is_file():
            raise ModelError(f"{self.folder} has no {CARD_FILE}. Train a prior first.")
        return yaml.safe_load(path.read_text("utf-8"))

    @cached_property
    def heard(self) -> Tensor:
        """Latents of the corpus, (8, points), standardised."""
        return self.standardised(torch.from_numpy(np.load(self.folder / HEARD_FILE)).float())

    def standardised(self, latents: Tensor) -> Tensor:
        """Return latents (8, points) in the prior's units."""
        card = self.prior.card
        mean, deviation = (torch.tensor(x).unsqueeze(1) for x in (card.mean, card.deviation))
        return (latents - mean) / deviation

    def latents(self, music: Music) -> Tensor:
        """Return the latents (8, points) of held-out music, standardised."""
        family, ratio = self.facts["corpus"]["family"], self.prior.card.ratio
        name = f"{family}-spectral"
        network = restoring.spectral(self.folder.parent / name / f"{name}.ts")
        return self.standardised(network.latents(music.samples, ratio, waveform.lead(ratio)))


@torch.no_grad()
def evaluate(shipped: ShippedPrior, music: Music) -> PriorEvaluation:
    """Return every figure of a prior on held-out music and whether its bars are met."""
    prior, card = shipped.prior, shipped.prior.card
    held_out = shipped.latents(music)
    made = torch.stack(
        [
            shipped.standardised(torch.from_numpy(prior.generate(card.window, seed)))
            for seed in range(_WINDOWS)
        ]
    )
    theirs = held_out.unfold(1, card.window, card.window // 4).transpose(0, 1)
    likeness = {f"autocorrelation_{lag}": autocorrelation(made, lag) for lag in _LAGS}
    original = {f"autocorrelation_{lag}": autocorrelation(theirs, lag) for lag in _LAGS}
    original |= {
        "step_kurtosis": step_kurtosis(held_out[None]),
        "neighbour": neighbour(held_out, shipped.heard),
    }
    near = neighbour(made.transpose(0, 1).reshape(len(held_out), -1), shipped.heard)
    figures = {
        "flow_loss": flow_loss(prior, theirs),
        **likeness,
        "lag_16_apart": abs(likeness["autocorrelation_16"] - original["autocorrelation_16"]),
        "step_kurtosis": step_kurtosis(made),
        "neighbour_ratio": near / original["neighbour"],
        "joint_ratio": joint_ratio(prior),
        "file_mb_largest": (shipped.folder / card.file).stat().st_size / MEGABYTE,
        "factory_mb": folder_megabytes(shipped.folder.parent),
    }
    seconds = (len(music.samples) / card.rate, _WINDOWS * card.window / prior.points_per_second)
    return PriorEvaluation(card.name, seconds, rounded(figures, DIGITS), rounded(original, DIGITS))


def flow_loss(prior: Prior, windows: Tensor) -> float:
    """Return the mean squared error of the velocity on windows (rows, 8, window) of real latents.

    Times are spread evenly; zero velocities would score 2.
    """
    dice = np.random.default_rng(5)
    errors: list[float] = []
    for window in windows.numpy():
        for place in range(_TIMES):
            time = (place + 0.5) / _TIMES
            noise = dice.standard_normal(window.shape).astype(np.float32)
            x = ((1 - time) * noise + time * window).astype(np.float32)
            errors.append(float(np.square(prior.velocity(x, 0, time) - (window - noise)).mean()))
    return float(np.mean(errors))


def autocorrelation(windows: Tensor, lag: int) -> float:
    """Return the correlation of points a lag apart, of standardised latents (rows, 8, points)."""
    product = (windows[..., lag:] * windows[..., :-lag]).mean((0, 2))
    power = windows.square().mean((0, 2))
    return float((product / power).mean())


def step_kurtosis(windows: Tensor) -> float:
    """Return the kurtosis of the steps from point to point, mean over the latents; 3 is normal."""
    step = windows.diff(dim=2).transpose(0, 1).flatten(1)
    step = step - step.mean(1, keepdim=True)
    return float((step.pow(4).mean(1) / step.square().mean(1).square()).mean())


def neighbour(latents: Tensor, heard: Tensor) -> float:
    """Return the mean distance of points (8, points) to the nearest of those heard (8, points)."""
    return float(torch.cdist(latents.T, heard.T).min(1).values.mean())


def joint_ratio(prior: Prior, seeds: int = 8) -> float:
    """Return how far latents step where windows meet, to how far they step elsewhere."""
    card = prior.card
    joints: list[float] = []
    steps: list[float] = []
    for seed in range(seeds):
        made = prior.generate(2 * card.window - card.overlap, 1000 + seed)
        size = np.linalg.norm(np.diff(made, axis=1), axis=0)
        joints.append(float(size[card.window - 1]))
        steps.append(float(size.mean()))
    return float(np.mean(joints) / np.mean(steps))
