"""Importing and opening encoders, and running them in real time."""

import gc
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import yaml

from appliance.decoders import encoder_import
from appliance.decoders.card import read_card
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.decoders.measurement import encoded as latents
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.trials import trial_sound
from appliance.errors import ModelError
from tests.decoders.conftest import Rave
from tests.decoders.imports import NO_ENCODER, contents
from tests.decoders.small_models import Tone, save

RATIO = 128


@pytest.fixture(scope="module")
def library(rave: Rave, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Return a library with "bell", which encodes, and "deaf", which does not."""
    folder = tmp_path_factory.mktemp("imported")
    import_model(
        rave(capacity=16, ratios=(4, 2), encoded=True), folder, name="bell", precision="int8"
    )
    import_model(rave(full=8, ratios=(2,), capacity=2), folder, name="deaf")
    return Library([folder])


@pytest.fixture
def encoder(library: Library) -> OnnxEncoder:
    opened = library.open_encoder("bell")
    assert isinstance(opened, OnnxEncoder)
    return opened


def sound(frames: int, seed: int = 0) -> np.ndarray:
    return trial_sound(frames * RATIO, 44100, seed=seed)


def test_an_import_brings_the_encoder(library: Library) -> None:
    folder = library.folder("bell")
    card = read_card(folder)
    assert card.encoder is not None and card.notes == []
    assert (card.encoder.ratio, card.encoder.latents) == (RATIO, 8)
    assert card.encoder.precision == "int8" and card.encoder.verified <= 2e-5
    assert 256 < card.encoder.delay < card.encoder.memory < 44100
    assert card.encoder.variants.keys() == {"fp32", "int8"}
    for precision, variant in card.encoder.variants.items():
        assert variant.file == f"encoder.{precision}.onnx"
        assert variant.bytes == (folder / variant.file).stat().st_size
        assert 0 < variant.ms_per_frame < 100
    snr = card.encoder.variants["int8"].snr_db
    assert snr is not None and 20 <= snr < 80
    text = (folder / "card.yaml").read_text()
    assert "\nencoder:\n  ratio: 128\n  latents: 8\n  precision: int8\n" in text


def test_what_an_encoder_says_of_itself(encoder: OnnxEncoder) -> None:
    assert (encoder.ratio, encoder.rate, encoder.latents) == (RATIO, 44100, 8)
    assert encoder.temperature == 0
    z = encoder.encode(sound(1))
    assert z.shape == (8,) and z.dtype == np.float32
    assert encoder.encode(sound(1)) is not None and np.shares_memory(z, encoder.encode(sound(1)))


def test_precisions(library: Library) -> None:
    auto, fine, coarse = (
        np.array([encoder.encode(now).copy() for now in sound(60).reshape(60, -1)])
        for encoder in (library.open_encoder("bell", precision=p) for p in ("auto", "fp32", "int8"))
    )
    assert np.array_equal(auto, coarse) and not np.array_equal(auto, fine)
    with pytest.raises(ModelError, match="no precision 'int4', only fp32, int8"):
        library.open_encoder("bell", precision="int4")


def test_a_reset_starts_again(encoder: OnnxEncoder) -> None:
    first = latents(encoder, sound(30))
    encoder.encode(sound(1, seed=5))
    encoder.reset()
    assert np.array_equal(first, latents(encoder, sound(30)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e38])
def test_a_bad_sample_leaves_no_trace(bad: float, encoder: OnnxEncoder) -> None:
    fresh = latents(encoder, sound(30))
    for now in sound(10, seed=3).reshape(10, -1):
        encoder.encode(now)
    broken = sound(1)
    broken[17] = bad
    given = [encoder.encode(broken).copy()]
    given += [encoder.encode(now).copy() for now in sound(30).reshape(30, -1)]
    assert np.isfinite(given).all()
    if not np.isfinite(bad):
        assert not given[0].any()
        assert np.array_equal(given[1:], fresh)


def test_memory_does_not_grow(encoder: OnnxEncoder) -> None:
    frames = sound(200).reshape(200, -1)

    def run() -> None:
        for now in frames:
            encoder.encode(now)

    run()
    grown: list[int] = []
    tracemalloc.start()
    try:
        for _ in range(4):  # what leaks grows each time; the interpreter's own caches do not
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            run()
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    assert min(grown) < 1024


def test_what_an_encoder_gives_its_decoder_takes(library: Library) -> None:
    """Through both, a loud sound comes out, later."""
    encoder, decoder = library.open_encoder("bell"), library.open("bell", [0])
    assert (encoder.ratio, encoder.latents, encoder.rate) == (
        decoder.ratio, decoder.latents, decoder.rate,
    )  # fmt: skip
    heard: list[np.ndarray] = []
    for now in sound(60).reshape(60, -1):
        audio = np.zeros((1, decoder.ratio), np.float32)
        decoder.decode(encoder.encode(now)[None], [True], audio)
        heard.append(audio[0])
    assert 1e-3 < np.sqrt(np.square(heard[20:]).mean()) < 1


# What becomes of models that cannot encode


def test_a_model_without_an_encoder(library: Library, tmp_path: Path) -> None:
    assert library.card("deaf").encoder is None
    assert library.card("deaf").notes == [NO_ENCODER]
    assert not list(library.folder("deaf").glob("encoder*"))
    with pytest.raises(ModelError) as caught:
        library.open_encoder("deaf")
    assert str(caught.value) == (
        "Model 'deaf' has no encoder, so it cannot turn sound into latents. "
        "'neural-synth models list' shows those that encode."
    )
    import_model(save(Tone(), tmp_path / "tone.ts"), tmp_path)
    assert NO_ENCODER in Library([tmp_path]).card("tone").notes


def test_an_encoder_outside_the_family(rave: Rave, folder: Path) -> None:
    card = import_model(rave(ratios=(2,), encoded=True, flag="mel"), folder, name="bell")
    assert card.runtime == "onnx" and card.encoder is None
    assert len(card.notes) == 1
    assert card.notes[0].startswith("Cannot encode: not RAVE: its encoder reads mel; not vschaos2")
    assert not any("encoder" in name for name in contents(folder))


def test_an_encoder_that_differs(rave: Rave, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_import, "TOLERANCE", 1e-12)
    card = import_model(rave(ratios=(2,), encoded=True), folder, name="bell")
    assert card.runtime == "onnx" and card.encoder is None
    assert card.notes[0].startswith("Cannot encode: its rebuilt encoder differs by ")
    assert not any("encoder" in name for name in contents(folder))


def test_graphs_are_not_mixed_up(library: Library) -> None:
    with pytest.raises(ModelError, match="is not an encoder graph that can run"):
        OnnxEncoder(library.folder("bell") / "decoder.fp32.onnx")


def test_a_card_whose_encoder_lacks_its_precision(rave: Rave, folder: Path) -> None:
    import_model(rave(ratios=(2,), encoded=True), folder, name="bell", precision="int8")
    path = folder / "bell" / "card.yaml"
    card = yaml.safe_load(path.read_text())
    card["encoder"]["precision"] = "int4"
    path.write_text(yaml.safe_dump(card))
    with pytest.raises(ModelError, match="plays precision 'int4' but stores only fp32, int8"):
        read_card(folder / "bell")
