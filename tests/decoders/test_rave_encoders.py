"""RAVE encoders rebuilt as graphs equal their TorchScript files, random numbers and all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from appliance.decoders.contract import open_model
from appliance.decoders.encoder_verification import encoder_error
from appliance.decoders.families import recognise_encoder
from appliance.decoders.graph import Graph
from appliance.decoders.measurement import encoded as latents
from appliance.decoders.measurement import latency
from appliance.decoders.precision import Precision
from appliance.decoders.role import Role
from appliance.decoders.scripted import UnknownTreeError
from tests.decoders.conftest import Rave
from tests.decoders.encodings import Encoding
from tests.decoders.rave_export import CODES

CENTRED: dict[str, Any] = {"causal": False, "ratios": (4, 2)}
EARLY: dict[str, Any] = {"generation": "v1", "ratios": (4, 2)}
KINDS: dict[str, dict[str, Any]] = {
    "v1 causal": {**EARLY},
    "v1 centred": {**EARLY, "causal": False, "bias": True},
    "v1 of the first generation, resampled": {**EARLY, "wrapper": "early", "resampled": True},
    "v1 with a prior": {**EARLY, "wrapper": "combined"},
    "v1 deterministic": {**EARLY, "wrapper": "trace", "flag": "deterministic"},
    "v1, two channels": {**EARLY, "inner_channels": 2},
    "v2 causal": {"ratios": (4, 2)},
    "v2 centred, biases": {**CENTRED, "bias": True},
    "v2 4 latents of 32": {"latents": 4, "full": 32, "ratios": (2,)},
    "v2 two channels": {**CENTRED, "inner_channels": 2, "channels": 2},
    "v2 stereo": {"channels": 2, "ratios": (2,)},
    "v2 resampled": {**CENTRED, "resampled": True},
    "v3": {**CENTRED, "snake": True, "adain": "learnt"},
    "wasserstein": {"wrapper": "wasserstein", "axes": 6, "ratios": (2,)},
    "spherical": {"wrapper": "spherical", "ratios": (2,)},
    "spherical, 1 angle": {"wrapper": "spherical", "latents": 1, "ratios": (2,)},
    "discrete": {"wrapper": "discrete", "full": 8, "axes": 6, "ratios": (2,)},
    "discrete, projected": {"wrapper": "discrete", "full": 12, "width": 5, "ratios": (2,)},
    "no filter bank": {"banked": False, "ratios": (2,)},
}
OFFLINE: dict[str, dict[str, Any]] = {
    "v1": {**EARLY, "causal": False},
    "v2": {**CENTRED},
    "v2 odd lag": {"causal": False, "ratios": (2,), "banked": True},
    "v2 causal, deep": {"ratios": (4, 4, 2)},
    "two channels, resampled": {**CENTRED, "inner_channels": 2, "resampled": True},
}

Opened = Callable[..., Encoding]


@pytest.fixture
def encoding(rave: Rave, tmp_path: Path) -> Opened:
    """Return a function that opens the encoder of an export."""
    return lambda **options: Encoding(rave(encoded=True, **options), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_rebuild_equals_torchscript(kind: str, encoding: Opened) -> None:
    opened = encoding(**KINDS[kind])
    assert opened.architecture.delay == 0
    encoder = opened.open()
    assert encoder_error(opened.model, opened.contract, encoder, 0) <= 2e-5
    z = latents(encoder, opened.sound(22050 // encoder.ratio))
    assert z.std(axis=0).mean() > (1 if opened.architecture.codes else 0.02)  # it hears something
    drawn = opened.architecture.codes == 0 and kind.startswith(("v1", "v2", "v3", "no"))
    assert encoder.runtime.random == (drawn and "deterministic" not in kind)


@pytest.mark.parametrize("kind", OFFLINE)
def test_an_offline_export_is_made_streaming(kind: str, encoding: Opened) -> None:
    opened = encoding(streaming=False, **OFFLINE[kind])
    encoder, delay = opened.open(), opened.architecture.delay
    assert encoder_error(opened.model, opened.contract, encoder, delay) <= 2e-5
    assert encoder_error(opened.model, opened.contract, encoder, delay + 1) > 1e-2


@pytest.mark.parametrize("kind", ["v1 centred", "v2 centred, biases", "discrete"])
def test_several_frames_a_call_give_the_same_latents(kind: str, encoding: Opened) -> None:
    opened = encoding(**KINDS[kind])
    sound = opened.sound(24)
    heard: dict[int, np.ndarray] = {}
    noise = np.random.default_rng(0).standard_normal((1, 24, 128)).astype(np.float32)
    for frames in (1, 2, 6):
        graph = Graph()
        opened.architecture.write(graph, frames)
        blob = graph.serialize({}, Role.ENCODER)
        session = ort.InferenceSession(blob, providers=["CPUExecutionProvider"])
        states = {s.source: np.zeros((1, *s.shape), np.float32) for s in graph.states}
        names = ["z", *(s.target for s in graph.states)]
        parts: list[np.ndarray] = []
        for start in range(0, 24, frames):
            now = {"audio": sound.reshape(24, -1)[start : start + frames].reshape(1, -1)}
            for drawn in graph.noises:
                now[drawn.name] = noise[:, start : start + frames]
            z, *after = session.run(names, {**now, **states})
            states = dict(zip(states, after, strict=True))
            parts.append(np.asarray(z)[0])
        heard[frames] = np.concatenate(parts)
    for frames in (2, 6):
        assert np.abs(heard[frames] - heard[1]).max() <= 1e-5 * np.abs(heard[1]).max()


def test_codes_are_whole_numbers_of_the_codebooks(encoding: Opened) -> None:
    opened = encoding(**KINDS["discrete"])
    assert opened.architecture.codes == CODES
    z = latents(opened.open(), opened.sound(200))
    assert np.array_equal(z, np.floor(z)) and z.min() >= 0 and z.max() < CODES
    assert len(np.unique(z)) > CODES / 2


def test_silence_has_angles_too(encoding: Opened) -> None:
    opened = encoding(**KINDS["spherical"])
    silent = np.zeros(8 * opened.contract.ratio, np.float32)
    assert np.isnan(opened.original(silent)).all()
    assert np.isfinite(latents(opened.open(), silent)).all()


def test_temperature_spreads_the_latents(encoding: Opened) -> None:
    opened = encoding(**KINDS["v2 causal"])
    encoder, sound = opened.open(), opened.sound(100)
    mean = latents(encoder, sound)
    assert np.array_equal(mean, latents(encoder, sound))
    encoder.temperature = 1.0
    drawn = latents(encoder, sound)
    assert np.array_equal(drawn, latents(encoder, sound))  # a reset starts the numbers again
    encoder.temperature = 0.5
    half = latents(encoder, sound)
    np.testing.assert_allclose(half - mean, (drawn - mean) / 2, atol=1e-4)
    spread = (opened.original(sound) - mean).std()
    assert 0.8 < (drawn - mean).std() / spread < 1.25


def test_int8_differs_a_little(encoding: Opened) -> None:
    opened = encoding(**KINDS["v2 causal"], capacity=16)
    exact, coarse = (
        latents(opened.open(p), opened.sound(100)) for p in (Precision.FP32, Precision.INT8)
    )
    error = np.square(coarse - exact).mean() / exact.var(axis=0).mean()
    assert 1e-6 < error < 1e-2


def test_a_click_is_found_when_it_was(encoding: Opened) -> None:
    causal, centred = (encoding(**KINDS[k]) for k in ("v1 causal", "v1 centred"))
    early, late = (latency(e.open()) for e in (causal, centred))
    assert 256 < early[0] < late[0] < late[1]  # the filter bank alone is 256 samples late
    offline = encoding(streaming=False, **OFFLINE["v1"])
    assert latency(offline.open())[0] >= offline.architecture.delay * 128 - 256


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"flag": "stereo_mode"}, "stereo_mode is set"),
        ({"wrapper": "unknown"}, "latent space is of class UnknownScriptedRAVE"),
        ({"flag": "mel"}, "its encoder reads mel"),
    ],
)
def test_trees_outside_the_family_are_refused(
    options: dict[str, Any], reason: str, rave: Rave
) -> None:
    model, contract = open_model(rave(encoded=True, ratios=(2,), **options))
    assert contract.encoding is not None
    with pytest.raises(UnknownTreeError, match=f"not RAVE: .*{reason}.*; not vschaos2: "):
        recognise_encoder(model, contract.encoding)
