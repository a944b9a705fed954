"""A two-channel model whose channels play apart, in two slots, from one decode."""

import numpy as np
import pytest

from appliance.config import Config, DecoderConfig
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.split_decoder import BOTH, SplitDecoder, decodes
from appliance.engine.instrument import Instrument
from appliance.errors import ModelError
from tests.decoders.rave_export import make_rave

Z = np.linspace(-1, 1, 24, dtype=np.float32).reshape(3, 8)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("split")
    duo = make_rave(folder / "duo.ts", ratios=(4, 2), channels=2, inner_channels=2, noise=True)
    twin = make_rave(folder / "twin.ts", ratios=(2,), channels=2, encoded=False)
    for source in (duo, twin):
        import_model(source, folder / "models", precision="fp32")
    return Library([folder / "models"])


def played(library: Library, seeds: list[int], channels: list[int]) -> np.ndarray:
    decoder = library.open("duo", seeds, channels=channels)
    audio = np.zeros((len(seeds), decoder.ratio), np.float32)
    frames: list[np.ndarray] = []
    for _ in range(20):
        decoder.decode(Z[: len(seeds)], [True] * len(seeds), audio)
        frames.append(audio.copy())
    return np.concatenate(frames, axis=1)


def test_each_channel_was_compared_with_the_file(library: Library) -> None:
    card = library.card("duo")
    assert card.split and card.verified is not None and card.verified <= 2e-5
    exact = library.open("duo", [0])
    assert isinstance(exact, OnnxDecoder) and exact.channels == 2
    assert not library.card("twin").split


def test_left_and_right_are_the_halves_of_one_decode(library: Library) -> None:
    left, right = played(library, [4, 4], [0, 1])
    (mixed,) = played(library, [4], [BOTH])
    assert np.abs(left - right).max() > 1e-3
    assert np.allclose((left + right) / 2, mixed, atol=1e-6)


def test_slots_share_a_decode_where_they_can() -> None:
    assert decodes([4, 4], [1, 0]) == [0, 0]
    assert decodes([4, 5], [0, 1]) == [0, 1]
    assert decodes([4, 4, 4, 4, 4], [0, 0, BOTH, 1, 1]) == [0, 1, 2, 0, 1]


def test_a_slot_that_is_off_leaves_its_partner_sounding(library: Library) -> None:
    decoder = library.open("duo", [4, 4], channels=[0, 1])
    assert isinstance(decoder, SplitDecoder)
    audio = np.zeros((2, decoder.ratio), np.float32)
    for _ in range(20):
        decoder.decode(Z[:2], [False, True], audio)
    assert not audio[0].any() and audio[1].any()
    assert np.array_equal(audio[1], played(library, [4, 4], [0, 1])[1, -decoder.ratio :])


def test_two_slots_of_an_instrument(library: Library) -> None:
    slots = [
        DecoderConfig(model="duo", channel="left"),
        DecoderConfig(model="duo", channel="right"),
    ]
    instrument = Instrument(Config(decoders=slots), library)
    out = np.zeros((2, 4096), np.float32)
    instrument.render(out)
    assert np.abs(out).max() > 1e-4


def test_a_model_without_two_channels(library: Library) -> None:
    with pytest.raises(ModelError, match="'twin' has no left and right channel"):
        library.open("twin", [0], channels=[0])
