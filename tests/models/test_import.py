"""The factory models as the instrument plays them: imported from the very files beside them."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from appliance.config import Config
from appliance.decoders.card import Card, EncoderCard
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.places import factory_folder
from appliance.presets.preset import load_preset

MODELS = sorted(folder.name for folder in factory_folder("models").iterdir())
PRESETS = sorted(factory_folder("presets").glob("*.yaml"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", MODELS)
def test_graphs_and_card_come_from_the_file_beside_them(name: str, tmp_path: Path) -> None:
    shipped = factory_folder("models") / name
    card = Library([factory_folder("models")]).card(name)
    assert card.source.sha256 == digest(shipped / f"{name}.ts")
    assert card.runtime == "onnx" and card.verified is not None and card.verified < 1e-4
    assert card.licence
    again = import_model(shipped / f"{name}.ts", tmp_path)
    assert again.family == card.family
    parts: list[tuple[Card | EncoderCard, Card | EncoderCard]] = [(card, again)]
    if card.encoder is not None:
        assert again.encoder is not None
        parts.append((card.encoder, again.encoder))
    for part, made in parts:
        assert made.precision == part.precision and made.variants.keys() == part.variants.keys()
        for variant in part.variants.values():
            assert digest(tmp_path / name / variant.file) == digest(shipped / variant.file)
            assert variant.bytes == (shipped / variant.file).stat().st_size < 16_000_000


def test_the_spectral_models_encode() -> None:
    for name in MODELS:
        card = Library([factory_folder("models")]).card(name)
        if card.family == "vschaos2":
            assert card.encoder is not None and card.encoder.verified < 1e-4
            assert (card.encoder.ratio, card.encoder.latents) == (card.ratio, card.latents)


@pytest.mark.parametrize("path", PRESETS, ids=lambda p: p.stem)
def test_every_shipped_preset_sounds(path: Path) -> None:
    """Audible within 2 seconds, at a level that leaves room, without a click at frame borders."""
    instrument = Instrument(Config(), Library())
    load_preset(path, instrument.values)
    instrument.settle()
    out = np.zeros((2, 6 * 44100), np.float32)
    instrument.render(out)
    assert np.isfinite(out).all()

    def level(part: np.ndarray) -> float:
        return 10 * float(np.log10(np.mean(np.square(part, dtype=np.float64)) + 1e-20))

    assert level(out[:, : 2 * 44100]) > -36
    assert -30 < level(out) < -10
    rough = np.abs(np.diff(out.sum(axis=0), 3))
    for group in instrument.groups:
        frame, delay = group.decoder.ratio, group.offset + instrument.master.latency
        borders = np.sqrt(np.mean(rough[delay - 2 :: frame] ** 2))
        assert borders < 2 * np.sqrt(np.mean(rough**2))
