"""Made-up latents: repeatable, endless, continuing what was before, stopped on request."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from appliance.cli.latents import latents
from appliance.decoders.library import Library
from appliance.errors import ModelError
from appliance.priors import Cancelled, Prior, open_prior
from tests.priors.conftest import CARD


@pytest.fixture
def prior(folder: Path) -> Prior:
    found = open_prior(Library([folder]), "hum-wave")
    assert isinstance(found, Prior)
    return found


def test_a_seed_makes_the_same_and_another_seed_other_latents(prior: Prior) -> None:
    first, again, other = (prior.generate(50, seed) for seed in (1, 1, 2))
    assert first.shape == (8, 50) and first.dtype == np.float32
    assert np.isfinite(first).all() and first.std() > 0.1
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


def test_longer_latents_begin_as_shorter_ones_and_go_on_for_ever(prior: Prior) -> None:
    long = prior.generate(100, 5)
    assert np.array_equal(prior.generate(3, 5), long[:, :3])
    parts = list(itertools.islice(prior.endless(5), 6))
    assert [part.shape[1] for part in parts] == [24, 18, 18, 18, 18, 18]
    assert np.array_equal(np.concatenate(parts, 1)[:, :100], long)


def test_what_is_known_stays_and_is_continued(prior: Prior) -> None:
    past = np.linspace(-1, 1, 8 * 30, dtype=np.float32).reshape(8, 30)
    long, short = (prior.generate(40, 7, after=past[:, start:]) for start in (0, 24))
    assert np.array_equal(long, short)  # it remembers six points
    assert np.abs(prior.generate(40, 7, after=-past) - long).max() > 1e-3
    x = np.random.default_rng(0).standard_normal((8, 24)).astype(np.float32)
    velocity = prior.velocity(x, 6, 0.4)
    assert not velocity[:, :6].any()
    assert np.abs(velocity[:, 6:]).min(1).max() > 0
    few = past[:, :2]
    assert prior.generate(30, 7, after=few).shape == (8, 30)


def test_windows_set_off_without_a_jump(prior: Prior) -> None:
    for seed in range(5):
        steps = np.linalg.norm(np.diff(prior.generate(60, seed), axis=1), axis=0)
        for joint in (23, 41):  # a window is 24 points, six of them known
            assert steps[joint] < 1.5 * steps[joint + 1] + 0.2 * steps.mean()


def test_steps_follow_the_flow(prior: Prior) -> None:
    exact = prior.generate(24, 3, steps=256)
    errors = [np.abs(prior.generate(24, 3, steps=n) - exact).max() for n in (4, 8, 16)]
    assert errors[0] > 2.5 * errors[1] > 6 * errors[2] > 0  # second order: four times, nearly


def test_spread_is_how_far_it_starts_from_the_middle(prior: Prior) -> None:
    calm, other = (prior.generate(24, seed, spread=0.0) for seed in (1, 2))
    assert np.array_equal(calm, other)
    assert prior.generate(24, 1, spread=1.0).std() > calm.std()


def test_progress_rises_to_the_end_and_a_wish_to_stop_is_heard(prior: Prior) -> None:
    heard: list[float] = []
    prior.generate(60, 1, progress=heard.append)
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(heard) >= 3 * 16
    calls = itertools.count()
    with pytest.raises(Cancelled):
        prior.generate(10_000, 1, cancelled=lambda: next(calls) == 20)
    assert next(calls) == 21


def test_it_is_found_by_its_name_and_by_its_models(folder: Path) -> None:
    library = Library([folder])
    for name in ("hum-prior", "hum-wave", "hum-spectral"):
        assert open_prior(library, name).name == "hum-prior"
    with pytest.raises(ModelError, match=r"no prior for 'hum-wafe'.*hum-wave"):
        open_prior(library, "hum-wafe")
    assert "hum-prior" not in library.names()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 9}, "format 9"),
        ({"overlap": 24}, "overlap of 24 in windows of 24"),
        ({"mean": [0.0]}, "8 numbers"),
        ({"deviation": [0.0] * 8}, "above 0"),
        ({"file": "../prior.onnx"}, "beside it"),
        ({"file": "none.onnx"}, "none.onnx"),
        ({"window": 25}, "no prior that can run"),
        ({"rate": "fast"}, "rate"),
    ],
)
def test_a_broken_prior_is_told_in_one_sentence(
    change: dict[str, object], words: str, folder: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(folder / "hum-prior", tmp_path / "hum-prior")
    (broken / "prior.yaml").write_text(yaml.safe_dump(CARD | change), "utf-8")
    with pytest.raises(ModelError, match=words) as told:
        Prior(broken)
    assert "\n" not in str(told.value)


def test_the_command_writes_an_array(
    folder: Path, prior: Prior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL_SYNTH_MODELS", str(folder))
    out, more = tmp_path / "made" / "a.npy", tmp_path / "b.npy"
    options = ["generate", "--model", "hum-spectral", "--seconds", "2", "--seed", "4"]
    said = CliRunner().invoke(latents, [*options, str(out)], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    assert "8 x 43" in said.output
    assert np.array_equal(np.load(out), prior.generate(43, 4))
    said = CliRunner().invoke(latents, [*options, "--after", str(out), str(more)])
    assert said.exit_code == 0, said.output
    assert np.array_equal(np.load(more), prior.generate(43, 4, after=np.load(out)))


@pytest.mark.parametrize("array", [np.zeros((3, 4)), np.full((8, 4), np.nan), np.zeros(8)])
def test_latents_to_continue_must_be_latents(
    array: np.ndarray, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL_SYNTH_MODELS", str(folder))
    np.save(tmp_path / "bad.npy", array)
    options = ["generate", "--model", "hum-wave", "--after", str(tmp_path / "bad.npy")]
    said = CliRunner().invoke(latents, [*options, str(tmp_path / "out.npy")])
    assert isinstance(said.exception, ModelError)
    assert "(8, points)" in str(said.exception)
    assert not (tmp_path / "out.npy").exists()
