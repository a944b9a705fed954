"""Latent priors: what is learnt, exported and shipped, and the figures that judge them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from appliance.priors import Prior
from models.training import corpus, export_prior, prior, prior_evaluation, prior_publication
from models.training.bars import judge
from models.training.evaluation import Music
from models.training.prior_evaluation import ShippedPrior
from models.training.recipes import RECIPES
from tests.models.conftest import check_font
from tests.models.test_factory import FACTORY, FAMILIES

PRIORS = sorted(path.parent.name for path in FACTORY.glob("*/prior.yaml"))
QUICK = RECIPES["choir"].quick().prior


def gestures(points: int, seed: int) -> Tensor:
    """Return latents (8, points) that stand still and jump now and then."""
    dice = torch.Generator().manual_seed(seed)
    held = torch.randn(8, points // 20 + 1, generator=dice).repeat_interleave(20, 1)
    return held[:, :points] + 0.05 * torch.randn(8, points, generator=dice)


class Wrong(nn.Module):
    """The right velocity towards zeros, but for one point and for all that are known."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def forward(self, x: Tensor, mask: Tensor, time: Tensor) -> Tensor:
        made = -x / (1.0 - time.unsqueeze(-1))
        made[..., self.place] += 3.0
        return torch.where(mask > 0, 9.0, made)


def test_training_learns_the_flow_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    latents, recipe = gestures(2000, 1), replace(QUICK, steps=300, batch=8, rate=4e-3)
    network, run = prior.train(latents, recipe)
    assert run.losses[-1] < 0.85 * run.losses[0] < 1.8  # zero velocities would score 2
    kept = tmp_path / "prior.pt"
    prior.train(latents, replace(recipe, steps=200), kept)
    again, resumed = prior.train(latents, recipe, kept)
    assert (resumed.step, len(resumed.losses)) == (300, 3)
    assert resumed.losses[2] < run.losses[0]
    assert not torch.equal(again.entry.weight, network.entry.weight)  # another rate, half way


def test_known_points_do_not_count_and_the_first_after_them_count_more() -> None:
    shape, dice = QUICK.shape, torch.Generator().manual_seed(2)
    masks = prior.beginnings(400, 0.5, shape, dice)
    assert 0.4 < float(masks[:, 0, 0].mean()) < 0.6
    assert not masks[..., -shape.window // 4 :].any()
    assert (masks.diff(dim=2) <= 0).all()
    wanted = torch.zeros(2, 8, shape.window)
    mask = (torch.arange(shape.window) < 40).float().expand(2, 1, -1)

    losses: list[float] = []
    for place in (20, 40, 200):
        time = torch.full((2, 1), 0.5)
        losses.append(float(prior.flow_loss(Wrong(place), wanted, mask, time, dice, 10.0)))
    assert losses[0] == pytest.approx(0.0, abs=1e-6)
    assert losses[1] > 8 * losses[2] > 0


def test_the_graph_is_the_network(tmp_path: Path) -> None:
    torch.manual_seed(4)
    network = prior.Flow(QUICK.shape).eval()
    latents = gestures(1000, 3)
    facts = {"models": ["x-wave"], "corpus": {"family": "x"}}
    prior_publication.export(
        network, QUICK.shape, prior.standardised(latents), tmp_path / "x-prior", facts
    )
    made = Prior(tmp_path / "x-prior")
    x = torch.randn(8, QUICK.shape.window)
    mask = (torch.arange(QUICK.shape.window) < 30).float()[None, None]
    with torch.no_grad():
        wanted = network(x[None], mask, torch.tensor([[0.3]]))[0].numpy()
    assert np.allclose(made.velocity(x.numpy(), 30, 0.3), wanted, atol=1e-5)
    heard = ShippedPrior(tmp_path / "x-prior").heard
    assert float(heard.mean().abs()) < 0.01 and float(heard.std()) == pytest.approx(1, abs=0.02)
    export_prior.export(network, QUICK.shape, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (
        tmp_path / "x-prior" / "prior.onnx"
    ).read_bytes()


def test_the_figures_tell_gestures_from_noise() -> None:
    still, noise = gestures(4000, 5), torch.randn(8, 4000)
    rows = [part.unfold(1, 200, 200).transpose(0, 1) for part in (still, noise)]
    near, far = (prior_evaluation.autocorrelation(part, 4) for part in rows)
    assert near > 0.75
    assert abs(far) < 0.05
    sudden, even = (prior_evaluation.step_kurtosis(part) for part in rows)
    assert sudden > 10 and even == pytest.approx(3.0, abs=0.3)
    heard = gestures(2000, 5)
    assert prior_evaluation.neighbour(heard, heard) < 0.01
    assert prior_evaluation.neighbour(noise, heard) > 1.0


def test_every_family_ships_a_prior() -> None:
    assert [f"{family}-prior" for family in FAMILIES] == PRIORS


@pytest.mark.parametrize("name", PRIORS)
def test_a_prior_misses_the_bars_that_its_record_says_and_no_other(
    name: str, music: Callable[[str], Music]
) -> None:
    shipped = ShippedPrior(FACTORY / name)
    family = shipped.facts["corpus"]["family"]
    check_font(family, shipped.facts["corpus"])
    stated = shipped.facts["evaluation"]
    found = prior_evaluation.evaluate(shipped, music(family))
    assert found.missed == stated["missed"]
    for figure, reach in {"flow_loss": 0.01, "lag_16_apart": 0.01, "neighbour_ratio": 0.02}.items():
        assert found.figures[figure] == pytest.approx(stated["figures"][figure], abs=reach)


@pytest.mark.parametrize("name", PRIORS)
def test_a_priors_page_shows_every_bar_and_names_the_missed(name: str) -> None:
    shipped = ShippedPrior(FACTORY / name)
    stated = shipped.facts["evaluation"]
    page = (shipped.folder / "README.md").read_text(encoding="utf-8")
    assert ("Frank Wen" in page) == corpus.needs_font(shipped.facts["corpus"]["family"])
    assert set(shipped.prior.card.models) <= {path.name for path in FACTORY.iterdir()}
    for verdict in judge(stated["figures"], "prior", False):
        row = f"| {verdict.bar.words} | {verdict.shown} | {verdict.bar.rule} | "
        assert row + ("met" if verdict.met else "**missed**") in page
    assert page.count("**missed**") == len(stated["missed"])
