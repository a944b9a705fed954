"""vschaos2 exports that read labels, and those that show their latents on other axes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from appliance.decoders.card import Card, read_card
from appliance.decoders.condition import Condition
from appliance.decoders.contract import open_model
from appliance.decoders.importer import import_model
from appliance.decoders.inspection import inspect
from appliance.decoders.library import Library
from appliance.errors import ModelError
from tests.decoders.vschaos2_export import make_vschaos2

LABELS = [Condition("octave", 9), Condition("pitch", 12)]


def imported(folder: Path, projection: str = "", **options: Any) -> Card:
    source = make_vschaos2(folder / "voice.ts", "small", **options)
    return import_model(source, folder / "models", precision="fp32", projection=projection)


def played(folder: Path, labels: tuple[float, ...]) -> np.ndarray:
    """Return four frames of a model that reads `labels`."""
    decoder = Library([folder / "models"]).open("voice", [3])
    decoder.conditions[0, : len(labels)] = labels
    audio = np.zeros((1, decoder.ratio), np.float32)
    heard: list[np.ndarray] = []
    for _ in range(4):
        decoder.decode(np.full((1, 8), 0.5, np.float32), [True], audio)
        heard.append(audio[0].copy())
    return np.concatenate(heard)


def test_a_conditioned_model_is_rebuilt_with_its_labels(tmp_path: Path) -> None:
    card = imported(tmp_path, conditioned=True, predicted=True)
    assert (card.runtime, card.latents, card.conditions) == ("onnx", 8, LABELS)
    assert card.verified is not None and card.verified <= 1e-5
    assert card.encoder is not None and card.encoder.latents == 8
    assert card.encoder.verified <= 1e-5
    assert read_card(tmp_path / "models" / "voice") == card
    findings = inspect(tmp_path / "models" / "voice", card, tmp_path / "voice.ts")
    assert all(finding.sound for finding in findings)


def test_labels_choose_whole_classes_and_stop_at_the_last(tmp_path: Path) -> None:
    imported(tmp_path, conditioned=True)
    plain, other = played(tmp_path, (0, 0)), played(tmp_path, (0, 5))
    assert np.abs(other - plain).max() > 0.01
    assert np.array_equal(played(tmp_path, (0.9, 5.9)), other)
    assert np.array_equal(played(tmp_path, (100, 127)), played(tmp_path, (8, 11)))
    assert np.array_equal(played(tmp_path, (-4, float("nan"))), plain)


def test_what_cannot_be_rebuilt_reads_labels_through_torchscript(tmp_path: Path) -> None:
    card = imported(tmp_path, conditioned=True, contrast="cube")
    assert (card.runtime, card.conditions) == ("torchscript", LABELS)
    assert np.abs(played(tmp_path, (0, 5)) - played(tmp_path, (0, 0))).max() > 1e-3
    assert np.array_equal(played(tmp_path, (0, 127)), played(tmp_path, (0, 11)))


@pytest.mark.parametrize("projection", ["PCA", "ICA", "spherical"])
def test_latents_on_other_axes(tmp_path: Path, projection: str) -> None:
    card = imported(tmp_path, projection, conditioned=projection == "PCA")
    assert (card.runtime, card.projection) == ("onnx", projection)
    assert card.verified is not None and card.verified <= 1e-5
    assert card.encoder is not None and card.encoder.verified <= 1e-5
    others = {"PCA", "ICA", "spherical"} - {projection}
    assert all(any(name in note for note in card.notes) for name in others)
    findings = inspect(tmp_path / "models" / "voice", card, tmp_path / "voice.ts")
    assert all(finding.sound for finding in findings)


def test_axes_that_a_file_was_saved_with_are_kept(tmp_path: Path) -> None:
    assert imported(tmp_path, dimred="PCA").projection == "PCA"


def test_axes_that_only_torchscript_plays_are_kept(tmp_path: Path) -> None:
    card = imported(tmp_path, "PCA", contrast="cube")
    assert (card.runtime, card.projection) == ("torchscript", "PCA")
    model, _ = open_model(tmp_path / "models" / "voice" / "model.ts")
    assert model.dimred[0] == "PCA"


def test_axes_that_a_file_lacks(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no projection 'UMAP' .*only none, PCA, ICA, spherical"):
        imported(tmp_path, "UMAP")
    model, _ = open_model(tmp_path / "voice.ts")
    with torch.inference_mode():
        model.dimreds.PCA.dimred_module.components.zero_()
    model.save(str(tmp_path / "unfitted.ts"))
    with pytest.raises(ModelError, match=r"no projection 'PCA' .*only none, ICA, spherical"):
        import_model(tmp_path / "unfitted.ts", tmp_path / "models", projection="PCA")
