"""Runs a layer's graph chunk by chunk."""

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch.nn import functional

from appliance.decoders.graph import Graph
from appliance.decoders.layers import Layer
from appliance.decoders.precision import Precision
from appliance.decoders.streaming import write

Array = NDArray[np.float32]


def draw(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def assert_close(heard: Array, expected: Array) -> None:
    assert heard.shape == expected.shape
    assert np.abs(heard - expected).max() <= 2e-6 * np.abs(expected).max()


def stream(layer: Layer, x: Array, steps: int, precision: Precision = Precision.FP32) -> Array:
    """Return what the graph of `layer` gives for x (batch, steps, channels), `steps` a call."""
    graph = Graph(precision)
    out = write(graph, layer, graph.input("x", steps, x.shape[2]))
    graph.output("y", out.name, (out.steps, out.channels))
    session = ort.InferenceSession(graph.serialize({}), providers=["CPUExecutionProvider"])
    states = {s.source: np.zeros((len(x), *s.shape), np.float32) for s in graph.states}
    names = ["y", *(s.target for s in graph.states)]
    heard: list[Array] = []
    for start in range(0, x.shape[1], steps):
        part = {"x": np.ascontiguousarray(x[:, start : start + steps])}
        y, *after = session.run(names, {**part, **states})
        states = dict(zip(states, after, strict=True))
        heard.append(np.asarray(y))
    return np.concatenate(heard, axis=1)


def late(x: torch.Tensor, steps: int) -> torch.Tensor:
    return functional.pad(x, (steps, 0))[..., : x.shape[-1]]
