"""The phase row: a spectral model plays by its card unless a player chooses."""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import pytest

from appliance.config import Config, DecoderConfig
from appliance.decoders.card import read_card, write_card
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from tests.decoders.test_phases import chord, decoder_file, spread
from tests.engine.tiny import write_model

HERTZ = 443.7


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Return a library of one steady tone under two cards, and of a decoder without phases."""
    folder: Path = tmp_path_factory.mktemp("models")
    for phases in ("random", "peaks"):
        write_model(folder, phases)
        decoder_file(folder / phases / "decoder.fp32.onnx", 0.1 * chord(HERTZ))
        card = msgspec.structs.replace(read_card(folder / phases), phases=phases)
        write_card(card, folder / phases)
    write_model(folder, "plain")
    return Library([folder])


def steady(library: Library, model: str, phase: str, block: int = 256) -> tuple[bool, np.ndarray]:
    """Return whether a decoder plays a tone rather than a noisy band, and its sound."""
    instrument = Instrument(Config(decoders=[DecoderConfig(model=model)]), library)
    instrument.values.set("/decoder/1/phase", phase)
    instrument.settle()
    out = np.zeros((2, 40_000), np.float32)
    for start in range(0, out.shape[1], block):
        instrument.render(out[:, start : start + block])
    return spread(out[0, 10_000:], HERTZ) < -30, out


@pytest.mark.parametrize(
    ("model", "phase", "tone"),
    [
        ("random", "model", False),
        ("peaks", "model", True),
        ("random", "peaks", True),
        ("peaks", "random", False),
    ],
)
def test_the_row_decides_and_the_card_where_it_does_not(
    library: Library, model: Literal["random", "peaks"], phase: str, tone: bool
) -> None:
    assert steady(library, model, phase)[0] == tone


def test_any_block_gives_the_same_sound(library: Library) -> None:
    whole = steady(library, "peaks", "model", 40_000)[1]
    for block in (64, 1000):
        assert np.array_equal(steady(library, "peaks", "model", block)[1], whole)


def test_a_model_without_phases_plays_as_ever(library: Library) -> None:
    sounds = [steady(library, "plain", phase)[1] for phase in ("model", "random", "peaks")]
    assert np.array_equal(sounds[0], sounds[1])
    assert np.array_equal(sounds[0], sounds[2])
