"""The factory models as the instrument plays them: imported from the very files beside them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from appliance.config import Config
from appliance.decoders.card import REVISION, Card, EncoderCard
from appliance.decoders.contract import open_model
from appliance.decoders.families import recognise, recognise_encoder
from appliance.decoders.graph import Graph
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.decoders.planning import stored
from appliance.decoders.role import Role
from appliance.engine.instrument import Instrument
from appliance.places import factory_folder
from appliance.presets.preset import load_preset

MODELS = sorted(path.parent.name for path in factory_folder("models").glob("*/card.yaml"))
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
    if card.revision < REVISION:
        pytest.skip(f"{name} was made by an older importer, whose graphs still play")
    again = import_model(shipped / f"{name}.ts", tmp_path, precision="fp32")
    assert again.family == card.family
    model, contract = open_model(shipped / f"{name}.ts")
    parts: list[tuple[Card | EncoderCard, Any, Role]]
    parts = [(card, recognise(model, contract.latents), Role.DECODER)]
    if card.encoder is not None:
        assert again.encoder is not None and contract.encoding is not None
        parts.append((card.encoder, recognise_encoder(model, contract.encoding), Role.ENCODER))
    for part, architecture, role in parts:
        exact = part.variants["fp32"]
        assert digest(tmp_path / name / exact.file) == digest(shipped / exact.file)
        for variant in part.variants.values():
            assert variant.bytes == (shipped / variant.file).stat().st_size < 16_000_000
            if variant.matrices:
                graph = Graph(stored(variant.matrices))
                architecture.write(graph)
                description = described(shipped / variant.file, role)
                again_bytes = graph.serialize(description, role)
                assert again_bytes == (shipped / variant.file).read_bytes()


def described(path: Path, role: Role) -> dict[str, Any]:
    """Return what a graph's file says of itself besides what its nodes say."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    contract = json.loads(session.get_modelmeta().custom_metadata_map[role])
    made = ("precision", "states", "noises", "controls")
    return {key: value for key, value in contract.items() if key not in made}


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
        # decoders begin in the middle of a sound; after that, latents that jump do it at a border
        settled = rough[delay - 2 + 16 * frame :]
        borders = np.sqrt(np.mean(settled[::frame] ** 2))
        assert borders < 2.5 * np.sqrt(np.mean(settled**2))
