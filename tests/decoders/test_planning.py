"""Choosing precisions matrix by matrix, by invented and by real measurements."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from appliance.decoders import survey as survey_module
from appliance.decoders.card import Card, read_card
from appliance.decoders.distance import log_mel_distance, ratio_db
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.decoders.planning import choose
from appliance.decoders.precision import Matrix, Plan, Precision
from appliance.decoders.quality import Quality
from appliance.decoders.survey import Choice, Surveyed
from appliance.errors import ModelError
from tests.decoders.conftest import Rave
from tests.decoders.imports import latents, play

FP32, INT8, BLOCKS8, BLOCKS4 = (Precision(p) for p in ("fp32", "int8", "blocks8", "blocks4"))


def matrix(**seconds_and_noise: tuple[float, float]) -> Surveyed:
    return Surveyed(
        Matrix(1, 100, 100),
        tuple(Choice(Precision(p), *numbers) for p, numbers in seconds_and_noise.items()),
    )


def judge(surveyed: Sequence[Surveyed], most: float, asked: list[Plan]):
    """Accept plans whose noises add up to no more than `most`."""

    def rule(plan: Plan) -> Quality:
        asked.append(plan)
        noise = sum(
            choice.noise
            for part, precision in zip(surveyed, plan, strict=True)
            for choice in part.choices
            if choice.precision is precision
        )
        return Quality(-10 * np.log10(noise + 1e-30), None, noise <= most)

    return rule


def test_the_fastest_that_is_good_enough() -> None:
    cheap = matrix(fp32=(10, 0), int8=(1, 0.001))
    bad = matrix(fp32=(3, 0), blocks8=(2, 0.001), int8=(1, 0.1))
    surveyed = [cheap, bad, cheap]
    for most, plan in (
        (1.0, (INT8, INT8, INT8)),
        (0.01, (INT8, BLOCKS8, INT8)),
        (0.0025, (INT8, FP32, INT8)),
    ):
        chosen = choose(surveyed, judge(surveyed, most, []))
        assert chosen is not None and chosen.plan == plan
        assert chosen.quality.accepted
    assert choose(surveyed, judge(surveyed, 0.0, [])) is None


def test_a_finer_one_that_costs_nothing_is_taken() -> None:
    surveyed = [matrix(fp32=(10, 0), blocks8=(1.001, 0.001), int8=(1, 0.01))]
    chosen = choose(surveyed, judge(surveyed, 1.0, []))
    assert chosen is not None and chosen.plan == (BLOCKS8,)


def test_four_bits_only_where_they_bring_much() -> None:
    for seconds, taken in ((0.9, INT8), (0.5, BLOCKS4)):
        surveyed = [matrix(fp32=(10, 0), int8=(1, 0.001), blocks4=(seconds, 0.1))]
        chosen = choose(surveyed, judge(surveyed, 1.0, []))
        assert chosen is not None and chosen.plan == (taken,)
    surveyed = [matrix(fp32=(10, 0), int8=(1, 0.001), blocks4=(0.1, 0.1))]
    chosen = choose(surveyed, judge(surveyed, 0.01, []))
    assert chosen is not None and chosen.plan == (INT8,)


def test_what_the_card_says_of_each_matrix() -> None:
    surveyed = [matrix(fp32=(2e-5, 0), int8=(1e-5, 0.001)), matrix(fp32=(1e-5, 0), int8=(1, 0.1))]
    chosen = choose(surveyed, judge(surveyed, 1.0, []))
    assert chosen is not None
    assert chosen.lines == ("1 x 100 x 100: int8, 10 us, 30 dB", "1 x 100 x 100: fp32, 10 us")


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time be the bytes of the weights, the same on every machine."""
    costs = {FP32: 4.0, Precision.FP16: 2.0, BLOCKS8: 1.1, INT8: 1.0, BLOCKS4: 0.95}
    choice = survey_module._choice

    def timed(matrix: Matrix, *given: object) -> Choice:
        measured = choice(matrix, *given)  # pyright: ignore[reportArgumentType]
        seconds = costs[measured.precision] * 1e-9 * matrix.inputs * matrix.outputs
        return Choice(measured.precision, seconds, measured.noise)

    monkeypatch.setattr(survey_module, "_choice", timed)


def imported(folder: Path) -> Card:
    card = read_card(folder)
    for variant in card.variants.values():
        assert variant.bytes == (folder / variant.file).stat().st_size
    return card


@pytest.mark.usefixtures("steady")
@pytest.mark.parametrize("noisy", [True, False])
def test_auto_keeps_the_rule(noisy: bool, rave: Rave, folder: Path) -> None:
    """A model without any variation of its own must stay at 35 dB, matrix by matrix finer."""
    options = {"full": 128 if noisy else 8}
    import_model(rave(capacity=16, ratios=(4, 2), **options), folder, name="bell")
    card = imported(folder / "bell")
    assert card.random is noisy
    (coarse,) = set(card.variants) - {"fp32"}
    variant = card.variants[coarse]
    assert variant.snr_db is not None and variant.mel_db is not None
    least = 35.0 if card.variation_db is None else min(card.variation_db + 10, 35)
    assert variant.snr_db >= least - 0.1
    assert variant.mel_db <= 0.5
    assert variant.matrices
    fine, rough = (
        play(Library([folder]).open("bell", [0], precision=p), latents(40, 1)).astype(np.float64)
        for p in ("fp32", coarse)
    )
    assert ratio_db(fine, rough - fine) >= least - 3  # other latents than those it was chosen by


@pytest.mark.parametrize("precision", ["fp32", "blocks8", "blocks4", "int8"])
def test_one_precision_for_all(precision: str, rave: Rave, folder: Path) -> None:
    card = import_model(rave(capacity=16, ratios=(2,)), folder, name="bell", precision=precision)
    assert card.precision == precision
    assert card.variants.keys() == {"fp32", precision}
    for line in card.variants[precision].matrices:
        assert f": {precision}, " in line


def test_an_unknown_precision(rave: Rave, folder: Path) -> None:
    with pytest.raises(ModelError, match=r"no precision 'int4'\. Use one of auto, fp32, "):
        import_model(rave(ratios=(2,)), folder, precision="int4")
    assert not folder.exists()


def test_log_mel_distance() -> None:
    random = np.random.default_rng(0)
    sound = random.standard_normal(44100)
    assert log_mel_distance(sound, sound, 44100) == 0
    assert log_mel_distance(sound, sound * 10 ** (3 / 20), 44100) == pytest.approx(3, abs=1e-6)
    assert log_mel_distance(sound[:100], sound[:100] * 0.5, 44100) == pytest.approx(6, abs=0.1)
    other = random.standard_normal(44100)
    assert 0.5 < log_mel_distance(sound, other, 44100) < 6
    assert log_mel_distance(np.zeros(100), np.zeros(100), 44100) == 0
