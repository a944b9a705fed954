"""The corpus: seeded, in key, in loudness, and rendered where fluidsynth is installed."""

# ruff: noqa: S311 (music, not secrets)

import hashlib
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.training import corpus, phrases
from models.training.levelling import level
from models.training.recipes import RECIPES

ENSEMBLES = {
    name: source for name, source in corpus.FAMILIES.items() if isinstance(source, phrases.Ensemble)
}
# The choir's latents rest on these very notes: other bytes would be another family.
CHOIR_SHA256 = "a4da45d00a4d06e81edb3c48f21a43751a6e722555e3f066151598a39ac7c36b"


def test_the_choir_sings_what_its_models_learnt() -> None:
    events = phrases.phrases(corpus.CHOIR, 3600.0, random.Random(1))
    assert hashlib.sha256(phrases.midi_file(events)).hexdigest() == CHOIR_SHA256


@pytest.mark.parametrize("name", ENSEMBLES)
def test_phrases_are_the_seeds_own_and_stay_in_key(name: str) -> None:
    ensemble = ENSEMBLES[name]
    first = phrases.phrases(ensemble, 60.0, random.Random(3))
    again = phrases.phrases(ensemble, 60.0, random.Random(3))
    other = phrases.phrases(ensemble, 60.0, random.Random(4))
    assert first == again
    assert first != other
    played = {message[1] for _, message in first if message[0] == 0x90}
    assert len(played) > 10
    assert all((pitch - ensemble.root) % 12 in ensemble.scale for pitch in played)


@pytest.mark.parametrize("name", ENSEMBLES)
def test_every_note_that_starts_also_stops(name: str) -> None:
    events = phrases.phrases(ENSEMBLES[name], 60.0, random.Random(3))
    on = sorted(message[1] for _, message in events if message[0] == 0x90)
    off = sorted(message[1] for _, message in events if message[0] == 0x80)
    assert on == off


def test_midi_file_states_its_own_length() -> None:
    content = phrases.midi_file([(0.0, bytes([0x90, 60, 64])), (200.0, bytes([0x80, 60, 0]))])
    assert content[:4] == b"MThd"
    assert content[14:18] == b"MTrk"
    assert int.from_bytes(content[18:22]) == len(content) - 22
    # 200 s are 192000 ticks: three bytes of seven bits
    assert bytes([0x8B, 0xDC, 0x00, 0x80, 60, 0]) in content


def test_levelling_raises_quiet_parts_and_holds_peaks() -> None:
    time = np.arange(44_100 * 12) / 44_100
    sound = np.sin(2 * np.pi * 220 * time).astype(np.float32)
    sound[: len(sound) // 2] *= 0.02
    sound += 0.05
    even = level(sound, 44_100)
    halves = [20 * np.log10(np.std(part)) for part in np.split(even, 2)]
    assert abs(halves[0] - halves[1]) < 2.0
    assert abs(20 * np.log10(np.std(even)) + 18.0) < 0.5
    assert abs(float(even.mean())) < 1e-3
    assert float(np.abs(even).max()) < 1.0


def test_an_unknown_family_is_named_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(corpus.CorpusError, match="choir"):
        corpus.render("brass", 1.0, 1, tmp_path)


def test_a_missing_font_is_named(tmp_path: Path) -> None:
    with pytest.raises(corpus.CorpusError, match="fluid-soundfont-gm"):
        corpus.render("choir", 1.0, 1, tmp_path, tmp_path / "none.sf2")


def test_a_family_of_its_own_synthesis_needs_no_font(tmp_path: Path) -> None:
    made = corpus.render("metal", 4.0, 7, tmp_path, tmp_path / "none.sf2")
    assert made.shape == (4 * 44_100,)
    assert not list(tmp_path.iterdir())
    assert not corpus.needs_font("metal")


def test_every_family_that_is_trained_has_a_corpus_and_says_whom_to_credit() -> None:
    for name, recipe in RECIPES.items():
        assert recipe.family == name and name in corpus.FAMILIES
        assert ("Frank Wen" in recipe.credits) == corpus.needs_font(name)


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not corpus.FONT.is_file(),
    reason="fluidsynth or its soundfont is not installed",
)
@pytest.mark.parametrize("family", sorted(corpus.FAMILIES))
def test_a_corpus_is_rendered_levelled_and_the_same_twice(family: str, tmp_path: Path) -> None:
    first = corpus.render(family, 12.0, 7, tmp_path)
    again = corpus.render(family, 12.0, 7, tmp_path)
    assert first.shape == (12 * 44_100,)
    assert np.array_equal(first, again)
    assert abs(20 * np.log10(first.std()) + 18.0) < 1.0
    assert not list(tmp_path.glob("*.raw.wav"))
