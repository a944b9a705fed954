"""The streaming runtime: rows that sleep, wake and share a batch keep their own states."""

import gc
import json
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from appliance.decoders.graph import Graph
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.precision import Precision
from appliance.errors import ModelError
from tests.decoders.conftest import Rave

Array = NDArray[np.float32]

NOISY: dict[str, Any] = {"generation": "v1", "causal": False, "noise": True, "ratios": (4, 2)}
PLAIN: dict[str, Any] = {"full": 8, "ratios": (4, 2)}
SEEDS = (11, 12, 13)


def latents(frames: int, rows: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal((frames, rows, 8)).astype(np.float32)


def play(decoder: OnnxDecoder, z: Array, patterns: Sequence[Sequence[bool]] | None = None) -> Array:
    """Return audio (frames, rows, ratio), NaN where a row slept."""
    heard: list[Array] = []
    for frame, now in enumerate(z):
        audio = np.full((decoder.rows, decoder.ratio), np.nan, np.float32)
        active = [True] * decoder.rows if patterns is None else patterns[frame]
        decoder.decode(now, active, audio)
        heard.append(audio)
    return np.array(heard)


def state_of(decoder: OnnxDecoder, row: int) -> list[Array]:
    return [sides[decoder.runtime.side[row]][row].copy() for _, _, sides in decoder.runtime.states]


def same(first: list[Array], second: list[Array]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def assert_close(heard: Array, expected: Array) -> None:
    assert np.abs(heard - expected).max() <= 1e-5 * np.abs(expected).max()


def test_what_a_decoder_says_of_itself(graph_file: Rave) -> None:
    decoder = OnnxDecoder(graph_file(**NOISY), SEEDS)
    assert (decoder.rows, decoder.ratio, decoder.rate, decoder.latents) == (3, 128, 44100, 8)
    assert decoder.random
    shapes = [("normal", (1, 120)), ("symmetric", (1, 16, 8))]
    assert decoder.runtime.noise_inputs == shapes
    assert not OnnxDecoder(graph_file(**PLAIN), [0]).random


def test_frames_follow_from_the_graph_and_the_seeds(graph_file: Rave) -> None:
    path, z = graph_file(**NOISY), latents(25, 2)
    heard = play(OnnxDecoder(path, [5, 6]), z)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    contract = json.loads(session.get_modelmeta().custom_metadata_map["decoder"])
    targets = ["audio", *(state["target"] for state in contract["states"])]
    random = [np.random.Generator(np.random.SFC64(seed)) for seed in (5, 6)]
    states = {s["source"]: np.zeros((2, *s["shape"]), np.float32) for s in contract["states"]}
    for frame in range(25):
        hidden = [r.standard_normal((1, 120), dtype=np.float32) for r in random]
        white = [r.random((1, 16, 8), dtype=np.float32) * 2 - 1 for r in random]
        inputs = {"z": z[frame][:, None], "noise0": np.array(hidden), "noise1": np.array(white)}
        audio, *after = session.run(targets, {**inputs, **states})
        states = dict(zip(states, after, strict=True))
        assert np.array_equal(heard[frame], np.asarray(audio))


@pytest.mark.parametrize("sleep", [1, 2, 7])
def test_a_sleeping_row_is_as_if_never_called(sleep: int, graph_file: Rave) -> None:
    path, z = graph_file(**NOISY), latents(30, 3)
    patterns = [[True, not 10 <= frame < 10 + sleep, True] for frame in range(30)]
    decoder = OnnxDecoder(path, SEEDS)
    heard = play(decoder, z[:10], patterns[:10])
    before = state_of(decoder, 1)
    asleep = play(decoder, z[10 : 10 + sleep], patterns[10 : 10 + sleep])
    assert same(before, state_of(decoder, 1))
    assert np.isnan(asleep[:, 1]).all()
    assert np.isfinite(asleep[:, [0, 2]]).all()
    woken = play(decoder, z[10 + sleep :], patterns[10 + sleep :])
    never = OnnxDecoder(path, SEEDS[1:2])
    expected = play(never, np.delete(z, np.s_[10 : 10 + sleep], axis=0)[:, 1:2])[:, 0]
    assert_close(np.concatenate([heard[:, 1], woken[:, 1]]), expected)


@pytest.mark.parametrize("options", [NOISY, PLAIN])
def test_rows_that_play_apart_are_bit_equal_to_single_decoders(
    options: dict[str, Any], graph_file: Rave
) -> None:
    """Rows 0 and 2 are never one batch when row 1 sleeps, so not one bit may differ."""
    path, z = graph_file(**options), latents(40, 3)
    random = np.random.default_rng(3)
    patterns = [
        [False, True, False] if random.random() < 0.4 else [a, False, b]
        for a, b in random.random((40, 2)) < 0.6
    ]
    heard = play(OnnxDecoder(path, SEEDS), z, patterns)
    for row, seed in enumerate(SEEDS):
        frames = [frame for frame in range(40) if patterns[frame][row]]
        expected = play(OnnxDecoder(path, [seed]), z[frames, row : row + 1])
        assert np.array_equal(heard[frames, row], expected[:, 0])


@pytest.mark.parametrize("seed", range(4))
def test_any_pattern_of_active_rows_equals_single_decoders(seed: int, graph_file: Rave) -> None:
    path, z = graph_file(**NOISY), latents(60, 3, seed)
    patterns: list[list[bool]] = (np.random.default_rng(seed).random((60, 3)) < 0.6).tolist()
    heard = play(OnnxDecoder(path, SEEDS), z, patterns)
    for row in range(3):
        frames = [frame for frame in range(60) if patterns[frame][row]]
        expected = play(OnnxDecoder(path, SEEDS[row : row + 1]), z[frames, row : row + 1])
        assert_close(heard[frames, row], expected[:, 0])
    asleep = ~np.array(patterns)
    assert np.isnan(heard[asleep]).all()


def test_no_active_row_does_nothing(graph_file: Rave) -> None:
    decoder = OnnxDecoder(graph_file(**NOISY), SEEDS)
    play(decoder, latents(3, 3))
    before = [state_of(decoder, row) for row in range(3)]
    assert np.isnan(play(decoder, latents(2, 3), [[False] * 3] * 2)).all()
    assert all(same(before[row], state_of(decoder, row)) for row in range(3))


def test_reset_starts_one_row_again_and_no_other(graph_file: Rave) -> None:
    path, z = graph_file(**NOISY), latents(24, 3)
    decoder, untouched = OnnxDecoder(path, SEEDS), OnnxDecoder(path, SEEDS)
    for frames in (5, 6):  # an odd and an even number of swaps
        first = play(decoder, z[:frames])
        expected = play(untouched, z[:frames])
        decoder.reset(1)
        assert not any(part.any() for part in state_of(decoder, 1))
        assert np.array_equal(first, expected)
        again = play(decoder, z[:frames])
        assert np.array_equal(again[:, [0, 2]], play(untouched, z[:frames])[:, [0, 2]])
        fresh = OnnxDecoder(path, SEEDS)
        assert np.array_equal(again[:, 1], play(fresh, z[:frames])[:, 1])
        for row in range(3):
            decoder.reset(row)
            untouched.reset(row)


def test_twins_differ_by_their_seeds_alone(graph_file: Rave) -> None:
    path = graph_file(**NOISY)
    z = np.repeat(latents(12, 1), 3, axis=1)
    heard = play(OnnxDecoder(path, (7, 8, 7)), z)
    assert np.array_equal(heard[:, 0], heard[:, 2])
    error = np.square(heard[:, 0] - heard[:, 1]).mean() / np.square(heard[:, 0]).mean()
    assert 10 * np.log10(error) > -20
    assert np.array_equal(heard, play(OnnxDecoder(path, (7, 8, 7)), z))


def test_latents_beyond_the_instruments_are_zero(graph_file: Rave) -> None:
    options = {"latents": 16, "full": 32, "ratios": (4, 2)}
    decoder = OnnxDecoder(graph_file(**options), [0])
    z = latents(6, 1)
    heard = play(decoder, z)
    decoder.reset(0)
    random = np.random.Generator(np.random.SFC64(0))
    for frame in range(6):
        noise = random.standard_normal((1, 1, 16), dtype=np.float32)
        wide = np.concatenate([z[frame], np.zeros((1, 8), np.float32)], axis=1)
        assert np.array_equal(decoder.run(wide, [noise]), heard[frame])


def test_channels_a_model_lacks_are_ignored(graph_file: Rave) -> None:
    options = {"latents": 4, "full": 8, "ratios": (4, 2)}
    z = latents(6, 2)
    heard = play(OnnxDecoder(graph_file(**options), [0, 0]), z)
    z[:, :, 4:] = 1000
    assert np.array_equal(heard, play(OnnxDecoder(graph_file(**options), [0, 0]), z))


@pytest.mark.parametrize("precision", Precision)
def test_memory_does_not_grow(precision: Precision, graph_file: Rave) -> None:
    decoder = OnnxDecoder(graph_file(precision, **NOISY), SEEDS)
    z, audio = latents(1, 3)[0], np.zeros((3, decoder.ratio), np.float32)
    random = np.random.default_rng(0)
    patterns: list[list[bool]] = (random.random((300, 3)) < 0.7).tolist()

    def run(count: int) -> None:
        for active in patterns[:count]:
            decoder.decode(z, active, audio)

    run(50)
    grown: list[int] = []
    tracemalloc.start()
    try:
        for _ in range(4):  # what leaks grows each time; the interpreter's own caches do not
            gc.collect()
            before = tracemalloc.get_traced_memory()[0]
            run(300)
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - before)
    finally:
        tracemalloc.stop()
    assert min(grown) < 1024


def test_int8_rows_wake_and_sleep_too(graph_file: Rave) -> None:
    path, z = graph_file(Precision.INT8, **NOISY), latents(30, 3)
    patterns = [[frame % 2 == 0, frame % 2 == 1, False] for frame in range(30)]
    heard = play(OnnxDecoder(path, SEEDS), z, patterns)
    for row in range(2):
        expected = play(OnnxDecoder(path, [SEEDS[row]]), z[row::2, row : row + 1])
        assert np.array_equal(heard[row::2, row], expected[:, 0])


def _foreign(path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "foreign", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.save(model, str(path))


def _with_metadata(path: Path, text: str) -> None:
    _foreign(path)
    model = onnx.load(str(path))
    helper.set_model_props(model, {"decoder": text})
    onnx.save(model, str(path))


def test_files_that_are_no_decoder_are_refused(tmp_path: Path, graph_file: Rave) -> None:
    whole = graph_file(**PLAIN).read_bytes()
    contract = '{"ratio": 4, "rate": 44100, "latents": 8, "states": [], "noises": []}'
    damages = {
        "missing.onnx": lambda path: None,
        "empty.onnx": lambda path: path.write_bytes(b""),
        "text.onnx": lambda path: path.write_text("hello"),
        "cut.onnx": lambda path: path.write_bytes(whole[: len(whole) // 2]),
        "foreign.onnx": _foreign,
        "prose.onnx": lambda path: _with_metadata(path, "hello"),
        "list.onnx": lambda path: _with_metadata(path, "[]"),
        "poor.onnx": lambda path: _with_metadata(path, "{}"),
        "other inputs.onnx": lambda path: _with_metadata(path, contract),
    }  # fmt: skip
    for name, damage in damages.items():
        path = tmp_path / name
        damage(path)
        with pytest.raises(ModelError) as caught:
            OnnxDecoder(path, [0])
        sentence = str(caught.value)
        assert sentence.startswith(f"{path} is not a decoder graph that can run: "), sentence
        assert sentence.endswith("Import the model again with 'neural-synth models import'.")
        assert "\n" not in sentence


def test_a_graph_without_noise_is_deterministic(tmp_path: Path) -> None:
    graph = Graph()
    z = graph.input("z", 1, 8)
    graph.output("audio", graph.reshape(z.name, 8), (8,))
    path = tmp_path / "copy.onnx"
    path.write_bytes(graph.serialize({"family": "copy", "rate": 48000, "ratio": 8, "latents": 8}))
    decoder = OnnxDecoder(path, [0, 1])
    z = latents(5, 2)
    assert np.array_equal(play(decoder, z), z)
