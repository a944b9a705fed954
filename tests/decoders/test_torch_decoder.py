"""Rebuilt graphs calculated by torch give what ONNX Runtime gives: same seeds, same sound."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from appliance.decoders.contract import open_model
from appliance.decoders.devices import cuda_shortage
from appliance.decoders.families import recognise
from appliance.decoders.graph import Graph
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.torch_decoder import TorchDecoder
from appliance.errors import ModelError
from appliance.places import factory_folder
from tests.decoders.rave_export import make_rave
from tests.decoders.vschaos2_export import make_vschaos2

FRAMES = 24
KINDS: dict[str, dict[str, Any]] = {
    "v1": {"generation": "v1", "noise": True},
    "v1-recurrent": {"generation": "v1", "recurrent": "on"},
    "v2": {"noise": True},
    "v3": {"snake": True, "adain": "learnt"},
    "two-channels": {"channels": 2, "noise": True},
    "discrete": {"wrapper": "discrete", "latents": 4},
    "spherical": {"wrapper": "spherical"},
    "resampled": {"resampled": True},
}


def graph_of(source: Path) -> Path:
    """Write the graph of an export beside it."""
    model, contract = open_model(source)
    graph = Graph()
    recognise(model, contract.latents).write(graph)
    description = {
        "rate": contract.rate,
        "ratio": contract.ratio,
        "latents": contract.latents,
        "conditions": [condition.classes for condition in contract.conditions],
    }
    path = source.with_suffix(".onnx")
    path.write_bytes(graph.serialize(description))
    return path


def compare(path: Path, device: str = "cpu", *, peaks: bool = False) -> float:
    """Return the largest difference of two rows, of which one sleeps for some frames."""
    exact, other = OnnxDecoder(path, [1, 2]), TorchDecoder(path, [1, 2], device=device)
    assert (exact.ratio, exact.rate, exact.random) == (other.ratio, other.rate, other.random)
    random = np.random.default_rng(0)
    largest = error = 0.0
    first, second = (np.zeros((2, exact.ratio), np.float32) for _ in range(2))
    for frame in range(FRAMES):
        if frame == FRAMES // 2:
            exact.reset(0)
            other.reset(0)
        exact.peaks[1] = other.peaks[1] = peaks and frame % 8 > 2
        exact.conditions[:, 0] = other.conditions[:, 0] = [frame % 5, 1]
        active = [True, not 6 <= frame < 10]
        z = random.standard_normal((2, 8), np.float32)
        exact.decode(z, active, first)
        other.decode(z, active, second)
        largest = max(largest, float(np.abs(first).max()))
        error = max(error, float(np.abs(first - second).max()))
    assert largest > 0.01
    return error / largest


@pytest.mark.parametrize("kind", KINDS)
def test_rave(tmp_path: Path, kind: str) -> None:
    assert compare(graph_of(make_rave(tmp_path / "rave.ts", **KINDS[kind]))) <= 1e-4


def test_vschaos2(tmp_path: Path) -> None:
    assert compare(graph_of(make_vschaos2(tmp_path / "spectral.ts", "small"))) <= 1e-4


def test_labels(tmp_path: Path) -> None:
    export = make_vschaos2(tmp_path / "spectral.ts", "small", conditioned=True)
    assert compare(graph_of(export)) <= 1e-4


@pytest.mark.parametrize("name", ["choir-wave", "choir-live", "choir-spectral"])
def test_factory_models(name: str) -> None:
    path = factory_folder("models") / name / "decoder.fp32.onnx"
    assert compare(path, peaks=name == "choir-spectral") <= 1e-4


def test_the_graph_chooses_as_its_controls_say() -> None:
    path = factory_folder("models") / "choir-spectral" / "decoder.fp32.onnx"
    decoder, sounds = TorchDecoder(path, [1], device="cpu"), list[np.ndarray]()
    z, audio = np.zeros((1, 8), np.float32), np.zeros((1, decoder.ratio), np.float32)
    for peaks in (0, 1):
        decoder.reset(0)
        decoder.peaks[0] = peaks
        for _ in range(3):
            decoder.decode(z, [True], audio)
        sounds.append(audio.copy())
    assert np.abs(sounds[0] - sounds[1]).max() > 0.01


def test_other_operators_are_refused(tmp_path: Path) -> None:
    graph = Graph()
    z = graph.input("z", 1, 8)
    graph.output("audio", graph.node("Erf", [z.name]), (1, 8))
    path = tmp_path / "decoder.fp32.onnx"
    path.write_bytes(graph.serialize({"rate": 44100, "ratio": 8, "latents": 8}))
    with pytest.raises(ModelError, match=r"operator 'Erf'.*device: cpu"):
        TorchDecoder(path, [0], device="cpu")
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="is not a decoder graph"):
        TorchDecoder(path, [0], device="cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason=f"no GPU here: {cuda_shortage()}")
def test_on_a_gpu(tmp_path: Path) -> None:
    rave = graph_of(make_rave(tmp_path / "rave.ts", noise=True))
    spectral = factory_folder("models") / "choir-spectral" / "decoder.fp32.onnx"
    assert compare(rave, "cuda") <= 1e-4
    assert compare(spectral, "cuda", peaks=True) <= 1e-4
