"""vschaos2 encoders rebuilt as graphs equal their TorchScript files."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from appliance.decoders import fourier
from appliance.decoders.contract import open_model
from appliance.decoders.encoder_verification import encoder_error
from appliance.decoders.graph import Graph
from appliance.decoders.measurement import encoded as latents
from appliance.decoders.measurement import latency
from appliance.decoders.precision import Precision
from appliance.decoders.role import Role
from appliance.decoders.scripted import UnknownTreeError
from appliance.decoders.vschaos2_encoder_tree import recognise
from tests.decoders.encodings import Encoding
from tests.decoders.vschaos2_export import make_vschaos2


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ("normal", {}),
        ("precise", {}),
        ("small", {"contrast": "log"}),
        ("small", {"contrast": "log10"}),
        ("small", {"contrast": "none"}),
        ("small", {"keep_nyquist": False}),
        ("small", {"inversion_mode": "random", "banks": True}),
        ("small", {"inversion_mode": "pghi"}),  # of no concern to an encoder
    ],
    ids=str,
)
def test_rebuild_equals_torchscript(size: str, options: dict[str, Any], tmp_path: Path) -> None:
    opened = Encoding(make_vschaos2(tmp_path / "model.ts", size, **options), tmp_path)
    encoder = opened.open()
    assert not encoder.runtime.random and opened.architecture.delay == 0
    assert encoder_error(opened.model, opened.contract, encoder, 0) <= 2e-5
    z = latents(encoder, opened.sound(100))
    assert z.std(axis=0).min() > 0.003


def test_a_latent_hears_the_window_and_nothing_else(tmp_path: Path) -> None:
    opened = Encoding(make_vschaos2(tmp_path / "model.ts", "small"), tmp_path)
    encoder = opened.open()
    delay, memory = latency(encoder)
    assert memory == 256 and 64 < delay < 192
    first, second = opened.sound(20), opened.sound(20, seed=9)
    second[-256:] = first[-256:]
    heard = [latents(encoder, sound) for sound in (first, second)]
    assert np.array_equal(heard[0][-1], heard[1][-1])
    assert not np.array_equal(heard[0][-2], heard[1][-2])


def test_int8_differs_a_little(tmp_path: Path) -> None:
    opened = Encoding(make_vschaos2(tmp_path / "model.ts"), tmp_path)
    sound = opened.sound(100)
    exact, coarse = (latents(opened.open(p), sound) for p in (Precision.FP32, Precision.INT8))
    error = np.square(coarse - exact).mean() / exact.var(axis=0).mean()
    assert 1e-6 < error < 8e-2


@pytest.mark.parametrize("size", [16, 32, 256, 2048, 8192])
def test_magnitudes_of_the_fourier_transform(size: int) -> None:
    graph = Graph()
    graph.input("x", 1, size)
    bins = size // 2 + 1
    graph.output("y", fourier.magnitudes(graph, graph.reshape("x", size), size), (bins,))
    blob = graph.serialize({}, Role.ENCODER)
    session = ort.InferenceSession(blob, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(size).standard_normal((2, 1, size)).astype(np.float32)
    given = np.asarray(session.run(["y"], {"x": x})[0])
    wanted = np.abs(np.fft.rfft(x[:, 0].astype(np.float64)))
    assert np.abs(given - wanted).max() <= 1e-6 * wanted.max()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"dimred": "UMAP"}, "projected by 'UMAP', which it lacks"),
        ({"temperature": 0.5}, "temperature is 0.5"),
        ({"normalize": True}, "its mono transform normalises"),
        ({"mel": 1}, "mel scale"),
        ({"contrast": "cube"}, "contrast is 'cube'"),
    ],
    ids=str,
)
def test_refusals(options: dict[str, Any], reason: str, tmp_path: Path) -> None:
    model, contract = open_model(make_vschaos2(tmp_path / "small.ts", "small", **options))
    assert contract.encoding is not None
    with pytest.raises(UnknownTreeError, match=reason):
        recognise(model, contract.encoding.latents, 1, contract.encoding.ratio)


def test_one_frame_per_call(tmp_path: Path) -> None:
    opened = Encoding(make_vschaos2(tmp_path / "model.ts", "small"), tmp_path)
    with pytest.raises(ValueError, match="1 frame per call, not 2"):
        opened.open(frames=2)
