"""Layers as streaming graphs: chunk by chunk equals torch on the whole signal."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional

from appliance.decoders.graph import Graph
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
from appliance.decoders.precision import Precision
from appliance.decoders.streaming import delayed, write
from tests.decoders.chunks import Array, assert_close, draw, late, stream

Whole = Callable[[torch.Tensor], torch.Tensor]  # (batch, channels, steps) to the same
CHANNELS = 5
STEPS = 48
BATCH = 2


def convolution(
    taps: int, *, stride: int = 1, dilation: int = 1, delay: int = 0, bias: bool = False,
    outputs: int = 3,
) -> tuple[Layer, Whole]:  # fmt: skip
    weight, shift = draw(outputs, CHANNELS, taps), draw(outputs, seed=1) if bias else None
    history = (taps - 1) * dilation

    def whole(x: torch.Tensor) -> torch.Tensor:
        x = functional.pad(x, (history + delay, 0))[..., : history + x.shape[-1]]
        b = None if shift is None else torch.from_numpy(shift)
        return functional.conv1d(x, torch.from_numpy(weight), b, stride, 0, dilation)

    return Convolution(weight, shift, stride, dilation, history, delay), whole


def short_convolution() -> tuple[Layer, Whole]:
    """Return a strided one that keeps fewer steps than it has taps, as in RAVE's v2 noise."""
    weight = draw(4, CHANNELS, 8)

    def whole(x: torch.Tensor) -> torch.Tensor:
        return functional.conv1d(functional.pad(x, (4, 0)), torch.from_numpy(weight), stride=4)

    return Convolution(weight, stride=4, history=4), whole


def transposed(stride: int, *, bias: bool = False) -> tuple[Layer, Whole]:
    weight, shift = draw(CHANNELS, 3, 2 * stride), draw(3, seed=1) if bias else None

    def whole(x: torch.Tensor) -> torch.Tensor:
        b = None if shift is None else torch.from_numpy(shift)
        y = functional.conv_transpose1d(x, torch.from_numpy(weight), b, stride)
        return y[..., : x.shape[-1] * stride]

    return TransposedConvolution(weight, shift, stride), whole


def residual(delays: tuple[int, ...]) -> tuple[Layer, Whole]:
    layer, whole = convolution(3, dilation=2, outputs=CHANNELS)
    other, whole_other = convolution(1, outputs=CHANNELS)
    branches = (Chain((LeakyRelu(0.2), layer)), Chain(()), other)

    def total(x: torch.Tensor) -> torch.Tensor:
        first = whole(functional.leaky_relu(late(x, delays[0]), 0.2))
        return first + late(x, delays[1]) + whole_other(late(x, delays[2]))

    return Sum(branches, delays), total


def affine() -> tuple[Layer, Whole]:
    scale, shift = draw(CHANNELS), draw(CHANNELS, seed=1)
    columns = torch.from_numpy(scale)[:, None], torch.from_numpy(shift)[:, None]
    return Affine(scale, shift), lambda x: x * columns[0] + columns[1]


def dense(bias: bool) -> tuple[Layer, Whole]:
    weight, shift = draw(7, CHANNELS), draw(7, seed=1) if bias else None

    def whole(x: torch.Tensor) -> torch.Tensor:
        b = None if shift is None else torch.from_numpy(shift)
        return functional.linear(x.transpose(1, 2), torch.from_numpy(weight), b).transpose(1, 2)

    return Dense(weight, shift), whole


def normalization() -> tuple[Layer, Whole]:
    gain, shift = draw(CHANNELS), draw(CHANNELS, seed=1)

    def whole(x: torch.Tensor) -> torch.Tensor:
        weights = torch.from_numpy(gain), torch.from_numpy(shift)
        return functional.layer_norm(x.transpose(1, 2), (CHANNELS,), *weights, 1e-5).transpose(1, 2)

    return LayerNormalization(gain, shift, 1e-5), whole


def snake() -> tuple[Layer, Whole]:
    alpha: Array = (0.5 + np.abs(draw(CHANNELS))).astype(np.float32)
    column = torch.from_numpy(alpha)[:, None]
    return Snake(alpha), lambda x: x + torch.sin(column * x) ** 2 / column


def network() -> tuple[Layer, Whole]:
    """Return upsampling, a residual, a strided convolution and more upsampling in a row."""
    up, whole_up = transposed(4)
    square, whole_square = convolution(3, outputs=CHANNELS)
    strided, whole_strided = convolution(4, stride=2, delay=1, outputs=CHANNELS)
    widen = Dense(draw(CHANNELS, 3, seed=5))
    chain = Chain((up, widen, Activation("silu"), Sum((square, Chain(())), (0, 1)), strided, up))

    def whole(x: torch.Tensor) -> torch.Tensor:
        x = torch.einsum("oc,bct->bot", torch.from_numpy(widen.weight), whole_up(x))
        x = functional.silu(x)
        return whole_up(whole_strided(whole_square(x) + late(x, 1)))

    return chain, whole


LAYERS: dict[str, tuple[Layer, Whole]] = {
    "convolution": convolution(3),
    "convolution with bias": convolution(7, bias=True),
    "convolution of one tap": convolution(1, bias=True),
    "dilated": convolution(3, dilation=9),
    "dilated, history over many calls": convolution(5, dilation=11),
    "strided": convolution(4, stride=2),
    "strided, delayed": convolution(9, stride=4, delay=3, bias=True),
    "strided and dilated": convolution(3, stride=4, dilation=3, delay=2),
    "delayed one tap": convolution(1, delay=5),
    "short history": short_convolution(),
    "transposed by 2": transposed(2),
    "transposed by 4": transposed(4, bias=True),
    "sum": residual((0, 0, 0)),
    "sum with delays": residual((0, 4, 7)),
    "sum, long delay": residual((61, 63, 0)),
    "affine": affine(),
    "dense": dense(False),
    "dense with bias": dense(True),
    "layer normalization": normalization(),
    "network": network(),
    "snake": snake(),
    "leaky relu": (LeakyRelu(0.2), lambda x: functional.leaky_relu(x, 0.2)),
    "relu": (Activation("relu"), torch.relu),
    "tanh": (Activation("tanh"), torch.tanh),
    "sigmoid": (Activation("sigmoid"), torch.sigmoid),
    "silu": (Activation("silu"), functional.silu),
    "softplus": (Activation("softplus"), functional.softplus),
    "elu": (Activation("elu"), functional.elu),
}


@pytest.mark.parametrize("name", LAYERS)
def test_chunks_equal_the_whole_signal(name: str) -> None:
    layer, whole = LAYERS[name]
    x = draw(BATCH, STEPS, CHANNELS, seed=2)
    expected = whole(torch.from_numpy(x).transpose(1, 2)).transpose(1, 2).numpy()
    for steps in (4, 8, STEPS):
        assert_close(stream(layer, x, steps), expected)


@pytest.mark.parametrize("name", [n for n in LAYERS if "strided" not in n and "short" not in n])
def test_any_number_of_frames_a_call_gives_the_same(name: str) -> None:
    layer = Chain((LAYERS[name][0],))
    x = draw(BATCH, STEPS, CHANNELS, seed=3)
    one = stream(layer, x, 1)
    for steps in (2, 4, 3):
        assert_close(stream(layer, x, steps), one)


@pytest.mark.parametrize("steps", [1, 2, 6, 48])
def test_a_delay_is_exact(steps: int) -> None:
    graph = Graph()
    out = delayed(graph, graph.input("x", steps, CHANNELS), 11)
    assert (out.steps, out.channels) == (steps, CHANNELS)
    x = draw(BATCH, STEPS, CHANNELS)
    heard = stream(Sum((Chain(()),), (11,)), x, steps)
    assert not heard[:, :11].any()
    assert np.array_equal(heard[:, 11:], x[:, :-11])


def test_a_recurrence_remembers_one_call() -> None:
    unit = torch.nn.GRU(CHANNELS, 3, batch_first=True)
    weights = [w.detach().numpy() for w in unit.parameters()]
    x = draw(BATCH, STEPS, CHANNELS)
    for steps in (1, 4, STEPS):
        calls = torch.from_numpy(x).reshape(BATCH * STEPS // steps, steps, CHANNELS)
        with torch.inference_mode():
            expected = unit(calls)[0].reshape(BATCH, STEPS, 3).numpy()
        assert_close(stream(Recurrence(*weights), x, steps), expected)


def test_a_window_into_the_future_is_refused() -> None:
    graph = Graph()
    layer = Convolution(draw(3, CHANNELS, 3), history=2, ahead=1)
    with pytest.raises(AssertionError, match="hears the future"):
        write(graph, layer, graph.input("x", 4, CHANNELS))


def test_rows_of_a_batch_are_independent() -> None:
    layer, _ = network()
    x = draw(3, STEPS, CHANNELS)
    together = stream(layer, x, 4)
    for row in range(3):
        alone = stream(layer, x[row : row + 1], 4)
        assert_close(together[row], alone[0])


def test_large_matrices_are_stored_in_8_bits() -> None:
    layer = Dense(draw(128, 96))
    x = draw(BATCH, 16, 96)
    exact, coarse = stream(layer, x, 4), stream(layer, x, 4, Precision.INT8)
    error = np.square(coarse - exact).mean() / np.square(exact).mean()
    assert -60 < 10 * np.log10(error) < -30
    small = Dense(draw(16, 96))
    assert np.array_equal(stream(small, x, 4), stream(small, x, 4, Precision.INT8))
