"""Matrix products at every precision: how close, how large, and the same on old processors."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from appliance.decoders.graph import Graph
from appliance.decoders.precision import Precision, candidates, name_of
from appliance.decoders.runtime import session_options

Array = NDArray[np.float32]
LEAST_DB = {"fp32": 110, "fp16": 55, "blocks8": 38, "int8": 31, "blocks4": 17}


def written(weight: Array, precision: Precision, steps: int, bias: Array | None = None) -> bytes:
    graph = Graph(precision)
    x = graph.input("z", steps, weight.shape[0])
    y = graph.matrix(x.name, weight, bias, steps=steps)
    graph.output("audio", y, (steps, weight.shape[1]))
    return graph.serialize({})


def product(content: bytes, x: Array) -> Array:
    session = ort.InferenceSession(content, session_options(1), ["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"z": x})[0])


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("shape", [(1, 384, 96), (8, 96, 100), (3, 70, 64)])
def test_how_close(precision: Precision, shape: tuple[int, int, int]) -> None:
    steps, inputs, outputs = shape
    random = np.random.default_rng(0)
    weight = random.standard_normal((inputs, outputs), np.float32)
    bias = random.standard_normal(outputs, np.float32)
    x = random.standard_normal((2, steps, inputs), np.float32)
    exact = x.astype(np.float64) @ weight + bias
    error = product(written(weight, precision, steps, bias), x) - exact
    snr = 10 * np.log10(np.square(exact).mean() / np.square(error).mean())
    assert LEAST_DB[precision] <= snr


@pytest.mark.parametrize("precision", Precision)
def test_windows_with_zeros_beyond(precision: Precision) -> None:
    random = np.random.default_rng(4)
    places = np.array([[-1, 0, 1], [1, 2, 3], [3, 4, -1]])
    weight = random.standard_normal((3 * 32, 64), np.float32)
    bias = random.standard_normal(64, np.float32)
    graph = Graph(precision)
    y = graph.windowed(graph.input("z", 5, 32), places, weight, bias)
    graph.output("audio", y, (3, 64))
    x = random.standard_normal((2, 5, 32), np.float32)
    padded = np.concatenate([x, np.zeros((2, 1, 32), np.float32)], axis=1).astype(np.float64)
    exact = padded[:, places].reshape(2, 3, 96) @ weight + bias
    error = product(graph.serialize({}), x) - exact
    snr = 10 * np.log10(np.square(exact).mean() / np.square(error).mean())
    assert LEAST_DB[precision] <= snr


@pytest.mark.parametrize("precision", [Precision.BLOCKS8, Precision.BLOCKS4, Precision.FP16])
def test_a_loud_neighbour_changes_nothing(precision: Precision) -> None:
    random = np.random.default_rng(1)
    weight = random.standard_normal((256, 64), np.float32)
    x = random.standard_normal((2, 2, 256), np.float32)
    content = written(weight, precision, 2)
    alone = product(content, x)[0]
    x[1] *= 100
    assert np.array_equal(product(content, x)[0], alone)


def test_column_weights_fit_the_16_bits_of_older_processors() -> None:
    weight = np.random.default_rng(2).standard_normal((128, 64), np.float32)
    model = onnx.load_from_string(written(weight, Precision.INT8, 1))
    (stored,) = (
        numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
        if tuple(tensor.dims) == weight.shape
    )
    assert stored.dtype == np.int8
    # Two products of an activation up to 255 and a weight are added in a signed 16-bit number.
    assert 2 * 255 * int(np.abs(stored.astype(int)).max()) <= 2**15 - 1
    assert np.abs(stored.astype(int)).max() == 64


@pytest.mark.parametrize(
    ("precision", "most"), [("fp16", 0.51), ("blocks8", 0.29), ("int8", 0.27), ("blocks4", 0.17)]
)
def test_how_large(precision: str, most: float) -> None:
    weight = np.random.default_rng(3).standard_normal((768, 768), np.float32)
    exact = len(written(weight, Precision.FP32, 1))
    assert len(written(weight, Precision(precision), 1)) <= most * exact


def test_silent_weights_stay_silent() -> None:
    x = np.ones((1, 1, 128), np.float32)
    for precision in Precision:
        content = written(np.zeros((128, 64), np.float32), precision, 1)
        assert np.abs(product(content, x)).max() < 1e-6


def test_small_matrices_stay_exact() -> None:
    weight = np.random.default_rng(4).standard_normal((63, 65), np.float32)
    assert written(weight, Precision.INT8, 1).count(b"DynamicQuantizeMatMul") == 0


def test_names() -> None:
    assert name_of(Precision.INT8) == "int8"
    assert name_of([Precision.INT8, Precision.INT8]) == "int8"
    assert name_of([Precision.INT8, Precision.FP32]) == "mixed"
    assert name_of([]) == "fp32"
    assert {Precision.FP32, Precision.INT8, Precision.BLOCKS8} <= set(candidates())
