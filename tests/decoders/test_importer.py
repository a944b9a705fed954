"""Importing files that play: what is written, and what the card says."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from appliance.decoders import importer, verification
from appliance.decoders.card import read_card
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.torchscript import TorchScriptDecoder
from tests.decoders.conftest import Rave
from tests.decoders.imports import NO_ENCODER, SMALL, contents, latents, play
from tests.decoders.small_models import RATIO, Strange, Tone, save

# What becomes of a good file


def test_a_recognised_model(rave: Rave, folder: Path) -> None:
    heard: list[str] = []
    source = rave(noise=True, ratios=(4, 2))
    card = import_model(source, folder, name="bell", precision="int8", progress=heard.append)
    assert card == read_card(folder / "bell")
    assert contents(folder).keys() == {
        "bell", "bell/card.yaml", "bell/decoder.fp32.onnx", "bell/decoder.int8.onnx",
    }  # fmt: skip
    assert (card.name, card.family, card.runtime) == ("bell", "rave-v2", "onnx")
    assert (card.rate, card.ratio, card.latents, card.channels) == (44100, 128, 8, 1)
    assert card.verified is not None and card.verified <= 1e-4
    assert card.variation_db is not None and -10 < card.variation_db < 20
    assert -26 < card.level_db < -14
    assert card.precision == "int8" and card.notes == [NO_ENCODER]
    assert (card.source.file, card.source.bytes) == (source.name, source.stat().st_size)
    assert re.fullmatch(r"[0-9a-f]{64}", card.source.sha256)
    for variant in card.variants.values():
        assert variant.bytes == (folder / "bell" / variant.file).stat().st_size
        assert 0 < variant.ms_per_frame < 100
    assert card.variants["fp32"].snr_db is None
    snr = card.variants["int8"].snr_db
    assert snr is not None and snr > 20
    assert heard[0] == "reading the file" and heard[-1] == "measuring"


def test_importing_leaves_torch_able_to_train(rave: Rave, folder: Path) -> None:
    import_model(rave(**SMALL), folder)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("count", "note"),
    [
        (4, "Has 4 latents: channels 5 to 8 are unused."),
        (16, "Has 16 latents: 9 to 16 are zero."),
    ],
)
def test_other_numbers_of_latents(count: int, note: str, rave: Rave, folder: Path) -> None:
    source = rave(latents=count, full=32, ratios=(4, 2))
    card = import_model(source, folder, name="bell")
    assert (card.latents, card.notes, card.runtime) == (count, [note, NO_ENCODER], "onnx")
    heard = play(Library([folder]).open("bell", [0]), latents(24, 1))
    assert 0.01 < np.sqrt(np.square(heard).mean()) < 1


def test_names_come_from_the_file(folder: Path, tmp_path: Path) -> None:
    source = save(Tone(), tmp_path / "tone.ts")
    for file, name in {
        "Große Glocke (v2).ts": "Gro-e-Glocke-v2",
        "..hidden.ts": "hidden",
        "rave_v2+causal.b2048.ts": "rave_v2+causal.b2048",
        "---.ts": "model",
    }.items():
        other = source.rename(tmp_path / file)
        assert import_model(other, folder).name == name
        assert (folder / name / "card.yaml").is_file()
        source = other


def test_an_import_replaces_the_model_of_the_same_name(rave: Rave, folder: Path) -> None:
    import_model(rave(**SMALL), folder, name="bell")
    card = import_model(rave(**SMALL, seed=1), folder, name="bell")
    assert read_card(folder / "bell") == card
    assert [path.name for path in folder.iterdir()] == ["bell"]


# What becomes of a file of no known family


def test_an_unknown_model_plays_through_torchscript(folder: Path, tmp_path: Path) -> None:
    source = save(Tone(), tmp_path / "tone.ts")
    card = import_model(source, folder)
    assert (card.runtime, card.family, card.precision) == ("torchscript", "unknown", "torchscript")
    assert card.notes[0] == "Declares no sample rate: 44100 Hz assumed."
    assert card.notes[1].startswith("Plays through TorchScript, slower: not RAVE: ")
    assert "; not vschaos2: " in card.notes[1]
    assert card.verified is None and card.variation_db is None
    assert contents(folder).keys() == {"tone", "tone/card.yaml", "tone/model.ts"}
    assert (folder / "tone" / "model.ts").read_bytes() == source.read_bytes()
    decoder = Library([folder]).open("tone", [1, 2, 1])
    assert isinstance(decoder, TorchScriptDecoder)
    assert (decoder.rows, decoder.ratio, decoder.rate, decoder.latents) == (3, RATIO, 44100, 8)
    z = np.repeat(latents(20, 1), 3, axis=1)
    heard = play(decoder, z)
    assert np.array_equal(heard[:, 0], heard[:, 2])
    assert not np.array_equal(heard[:, 0], heard[:, 1])
    assert np.array_equal(heard, play(Library([folder]).open("tone", [1, 2, 1]), z))
    quiet = 10 * np.log10(np.square(heard[10:, 0]).mean())
    assert abs(quiet - card.level_db) < 3


def test_torchscript_rows_are_isolated(folder: Path, tmp_path: Path) -> None:
    import_model(save(Tone(), tmp_path / "tone.ts"), folder)
    library, z = Library([folder]), latents(20, 3)
    decoder = library.open("tone", [4, 5, 6])
    first = play(decoder, z[:8])
    asleep = play(decoder, z[8:12], [True, False, True])
    assert np.isnan(asleep[:, 1]).all()
    woken = play(decoder, z[12:])
    alone = play(library.open("tone", [5]), np.delete(z, np.s_[8:12], axis=0)[:, 1:2])[:, 0]
    assert np.array_equal(np.concatenate([first[:, 1], woken[:, 1]]), alone)
    decoder.reset(1)
    again = play(decoder, z[:8], [False, True, False])
    assert np.array_equal(again[:, 1], first[:, 1])


def test_torchscript_averages_channels(folder: Path, tmp_path: Path) -> None:
    card = import_model(save(Tone(channels=2), tmp_path / "wide.ts"), folder)
    assert "Has 2 channels: mixed to mono." in card.notes
    heard = play(Library([folder]).open("wide", [9]), latents(3, 1))
    model, generator = Tone(channels=2), torch.Generator().manual_seed(9)
    torch.set_rng_state(generator.get_state())
    for frame, z in enumerate(latents(3, 1)):
        expected = model.decode(torch.from_numpy(z)[:, :, None])[0].mean(0)
        np.testing.assert_allclose(heard[frame, 0], expected.numpy(), atol=1e-6)


def test_a_rave_outside_the_family_plays_through_torchscript(rave: Rave, folder: Path) -> None:
    card = import_model(rave(ratios=(2,), wrapper="unknown"), folder, name="bell")
    assert card.runtime == "torchscript"
    assert "its latent space is of class UnknownScriptedRAVE" in card.notes[0]


def test_a_rebuild_that_differs_falls_back(
    rave: Rave, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "TOLERANCE", 1e-9)
    card = import_model(rave(noise=True, ratios=(4, 2)), folder, name="bell")
    assert (card.runtime, card.verified, card.variation_db) == ("torchscript", None, None)
    note = r"Plays through TorchScript, slower: its rebuilt graph differs by \d\.\de-\d\d\."
    assert re.fullmatch(note, card.notes[0])
    assert contents(folder).keys() == {"bell", "bell/card.yaml", "bell/model.ts"}


def test_a_rebuild_that_gives_nan_falls_back(
    rave: Rave, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = OnnxDecoder.run
    monkeypatch.setattr(OnnxDecoder, "run", lambda *given: run(*given) * np.float32("nan"))
    card = import_model(rave(**SMALL), folder, name="bell")
    note = "Plays through TorchScript, slower: its rebuilt graph differs by nan."
    assert card.notes == [note, NO_ENCODER]


def test_a_rebuild_that_breaks_falls_back(
    rave: Rave, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object, **named: object) -> float:
        raise AssertionError("unexpected shape\nsecond line")

    monkeypatch.setattr(importer, "relative_error", fail)
    card = import_model(rave(**SMALL), folder, name="bell")
    assert card.notes == ["Plays through TorchScript, slower: unexpected shape.", NO_ENCODER]


def test_relative_error_sees_a_wrong_sample(rave: Rave, folder: Path) -> None:
    source = rave(**SMALL)
    import_model(source, folder, name="bell")
    model, contract = importer.open_model(source)
    decoder = OnnxDecoder(folder / "bell" / "decoder.fp32.onnx", [0])
    assert verification.relative_error(model, contract, decoder) < 1e-5
    decoder = OnnxDecoder(folder / "bell" / "decoder.fp32.onnx", [0])
    other, _ = importer.open_model(rave(**SMALL, seed=1))
    assert verification.relative_error(other, contract, decoder) > 0.1


def test_a_silent_model_says_so(folder: Path, tmp_path: Path) -> None:
    note = "Silent for random latents: check the export."
    path = save(Tone(), tmp_path / "tone.ts")
    assert note not in import_model(path, folder).notes
    silent = save(Strange("silent"), tmp_path / "silent.ts")
    assert note in import_model(silent, folder).notes
