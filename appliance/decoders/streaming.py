"""Layers written as streaming graphs: chunk by chunk equals the whole, whatever the chunks.

A convolution is concat(past, x), a gather of its taps and one matrix product; a transposed one is
concat(previous, x), one matrix product and a reshape. At frame rate the time axis is 1 to 128
steps long, so the weights' bytes decide the time and one product reads them once.
"""

import numpy as np
from numpy.typing import NDArray

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import (
    Activation,
    Affine,
    Chain,
    Convolution,
    Dense,
    Layer,
    LayerNormalization,
    LeakyRelu,
    Recurrence,
    Snake,
    Sum,
    TransposedConvolution,
)


def write(graph: Graph, layer: Layer, x: Signal) -> Signal:  # noqa: PLR0911, PLR0912 - one per kind
    """Append `layer` to `graph` reading `x`, and return what it gives."""
    match layer:
        case Chain(layers):
            for part in layers:
                x = write(graph, part, x)
            return x
        case Convolution():
            return _convolution(graph, layer, x)
        case TransposedConvolution():
            return _transposed(graph, layer, x)
        case Dense(weight, bias):
            return Signal(
                graph.matrix(x.name, weight.T, bias, steps=x.steps), x.steps, weight.shape[0]
            )
        case Affine(scale, shift):
            scaled = graph.node("Mul", [x.name, graph.constant(scale)])
            return _like(x, graph.node("Add", [scaled, graph.constant(shift)]))
        case LayerNormalization(gain, shift, epsilon):
            inputs = [x.name, graph.constant(gain), graph.constant(shift)]
            return _like(x, graph.node("LayerNormalization", inputs, axis=-1, epsilon=epsilon))
        case LeakyRelu(slope):
            return _like(x, graph.node("LeakyRelu", [x.name], alpha=slope))
        case Recurrence():
            return _recurrence(graph, layer, x)
        case Snake(alpha):
            return _snake(graph, alpha, x)
        case Activation(kind):
            return _activation(graph, kind, x)
        case Sum(branches, delays):
            parts = [
                write(graph, branch, delayed(graph, x, steps))
                for branch, steps in zip(branches, delays, strict=True)
            ]
            total = parts[0]
            for part in parts[1:]:
                total = _like(total, graph.node("Add", [total.name, part.name]))
            return total


def delayed(graph: Graph, x: Signal, steps: int) -> Signal:
    """Return `x` `steps` later, zeros before its first step."""
    if steps == 0:
        return x
    past = graph.state((steps, x.channels))
    joined = graph.node("Concat", [past, x.name], axis=1)
    graph.keep(past, "Slice", [joined, *graph.bounds(x.steps, x.steps + steps, 1)])
    return _like(x, graph.cut(joined, 0, x.steps, 1))


def product_of_windows(
    graph: Graph,
    x: Signal,
    history: int,
    places: NDArray[np.int64],
    weight: NDArray[np.float32],
    bias: NDArray[np.float32] | None = None,
) -> Signal:
    """Return the product of `weight` and the steps at `places` (outputs, taps).

    They count from the `history` steps before the present ones on, which are kept as state.
    `weight` (taps * channels, out) and `bias` (out,).
    """
    if history:
        past = graph.state((history, x.channels))
        joined = graph.node("Concat", [past, x.name], axis=1)
        graph.keep(past, "Slice", [joined, *graph.bounds(x.steps, x.steps + history, 1)])
        x = Signal(joined, history + x.steps, x.channels)
    outputs = len(places)
    assert places.max() < x.steps
    if np.array_equal(places.ravel(), np.arange(x.steps)):
        rows = graph.reshape(x.name, outputs, len(weight))
        y = graph.matrix(rows, weight, bias, steps=outputs)
    else:
        y = graph.windowed(x, places, weight, bias)
    return Signal(y, outputs, weight.shape[1])


def _convolution(graph: Graph, layer: Convolution, x: Signal) -> Signal:
    outputs, channels, taps = layer.weight.shape
    assert channels == x.channels, (channels, x.channels)
    assert layer.ahead == 0, "a convolution that hears the future"
    x = delayed(graph, x, layer.delay)
    if taps == 1 and layer.stride == 1 and not layer.history:
        y = graph.matrix(x.name, layer.weight[:, :, 0].T, layer.bias, steps=x.steps)
        return Signal(y, x.steps, outputs)
    starts = np.arange(x.steps // layer.stride)[:, None] * layer.stride
    places = starts + np.arange(taps) * layer.dilation
    weight = layer.weight.transpose(2, 1, 0).reshape(taps * channels, outputs)
    return product_of_windows(graph, x, layer.history, places, weight, layer.bias)


def _transposed(graph: Graph, layer: TransposedConvolution, x: Signal) -> Signal:
    channels, outputs, _ = layer.weight.shape
    stride = layer.stride
    early = layer.weight[:, :, stride:].transpose(0, 2, 1)  # what the previous step still adds
    present = layer.weight[:, :, :stride].transpose(0, 2, 1)
    weight = np.concatenate([early, present]).reshape(2 * channels, stride * outputs)
    bias = None if layer.bias is None else np.tile(layer.bias, stride)
    places = np.arange(x.steps)[:, None] + np.arange(2)
    y = product_of_windows(graph, x, 1, places, weight, bias)
    return Signal(graph.reshape(y.name, x.steps * stride, outputs), x.steps * stride, outputs)


def _recurrence(graph: Graph, layer: Recurrence, x: Signal) -> Signal:
    def ordered(gates: NDArray[np.float32]) -> NDArray[np.float32]:
        reset, update, new = np.split(gates, 3)  # ONNX has update first
        return np.concatenate([update, reset, new])

    hidden = layer.recurrent.shape[1]
    bias = np.concatenate([ordered(layer.forward_bias), ordered(layer.recurrent_bias)])
    weights = [ordered(layer.forward)[None], ordered(layer.recurrent)[None], bias[None]]
    turned = graph.node("Transpose", [x.name], perm=[1, 0, 2])
    inputs = [turned, *(graph.constant(weight) for weight in weights)]
    y = graph.node("GRU", inputs, hidden_size=hidden, linear_before_reset=1)
    y = graph.node("Transpose", [y], perm=[2, 0, 1, 3])  # (steps, 1, batch, hidden) before
    return Signal(graph.reshape(y, x.steps, hidden), x.steps, hidden)


def _snake(graph: Graph, alpha: NDArray[np.float32], x: Signal) -> Signal:
    wave = graph.node("Sin", [graph.node("Mul", [x.name, graph.constant(alpha)])])
    square = graph.node("Mul", [wave, wave])
    scaled = graph.node("Mul", [square, graph.constant(1 / (alpha + np.float32(1e-9)))])
    return _like(x, graph.node("Add", [x.name, scaled]))


def _activation(graph: Graph, kind: str, x: Signal) -> Signal:
    if kind == "silu":
        return _like(x, graph.node("Mul", [x.name, graph.node("Sigmoid", [x.name])]))
    if kind == "softplus":
        return _like(x, _softplus(graph, x.name))
    return _like(x, graph.node(kind.capitalize(), [x.name]))


def _softplus(graph: Graph, x: str) -> str:
    """Append log(1 + exp(x)) by operators that do many numbers at once, unlike "Softplus"."""
    limited = graph.node("Min", [x, graph.scalar(_SAME)])
    y = graph.node("Add", [graph.node("Exp", [limited]), graph.scalar(1)])
    return graph.node("Max", [x, graph.node("Log", [y])])


_SAME = 30.0  # from here on, softplus is its argument


def _like(x: Signal, name: str) -> Signal:
    return Signal(name, x.steps, x.channels)
