"""One matrix product at each precision, as nodes of a graph.

All of them give the same on every processor of one kind, with or without instructions for 8-bit
products: 8-bit weights of a whole column stop at 64, since older x86 processors add two products
of an unsigned activation and a signed weight in 16 bits, and 2 * 255 * 64 just fits.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.decoders.precision import Precision

Array = NDArray[np.float32]


class Writer(Protocol):
    """What stores arrays and appends operators: a graph."""

    def constant(self, value: NDArray[Any], /) -> str:
        """Return the name of a stored array."""
        ...

    def node(self, operator: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Append an operator and return its output's name."""
        ...

    def nodes(self, operator: str, inputs: list[str], outputs: int, **attributes: Any) -> list[str]:  # noqa: ANN401
        """Append an operator with several outputs and return their names."""
        ...


_LARGEST = 64
_BLOCKS = (128, 64, 32)
_LOSS = 0.05  # of a block size's last block that may lie beyond the matrix
_HALF = 10  # TensorProto.FLOAT16
_FLOAT = 1


def product(graph: Writer, x: str, weight: Array, bias: Array | None, precision: Precision) -> str:
    """Append x @ weight + bias, `weight` (in, out), and return its name."""
    match precision:
        case Precision.FP32:
            y = graph.node("MatMul", [x, graph.constant(weight.astype(np.float32))])
        case Precision.FP16:
            half = graph.constant(weight.astype("f2"))
            y = graph.node("MatMul", [graph.node("Cast", [x], to=_HALF), half])
            y = graph.node("Cast", [y], to=_FLOAT)
        case Precision.INT8:
            codes, scale, zeros = _columns(graph, weight)
            inputs = [x, codes, scale, zeros, *_optional(graph, bias)]
            return graph.node("DynamicQuantizeMatMul", inputs, domain="com.microsoft")
        case Precision.BLOCKS8 | Precision.BLOCKS4:
            y = _blocks(graph, x, weight, 8 if precision is Precision.BLOCKS8 else 4)
    return y if bias is None else graph.node("Add", [y, *_optional(graph, bias)])


@dataclass(frozen=True, slots=True)
class Windows:
    """Which steps of a signal (batch, steps, channels) each row of a product reads.

    `places` (rows, taps) are steps, or -1 for zeros.
    """

    places: NDArray[np.int64]
    steps: int
    channels: int

    @property
    def inputs(self) -> int:
        """How many numbers one row of the product reads."""
        return self.places.shape[1] * self.channels

    def gather(self, graph: Writer, x: str, zero: str = "") -> str:
        """Append what is read, (batch, rows, inputs); `zero` names the number that means zero."""
        if self.places.min() < 0:
            ends = graph.constant(np.array([0, 0, 0, 0, 1, 0], np.int64))
            x = graph.node("Pad", [x, ends, *([zero] if zero else [])])
        places = np.where(self.places < 0, self.steps, self.places)
        gathered = graph.node("Gather", [x, graph.constant(places)], axis=1)
        return _shaped(graph, gathered, -1, len(self.places), self.inputs)


def product_of_windows(
    graph: Writer,
    x: str,
    windows: Windows,
    weight: Array,
    bias: Array | None,
    precision: Precision,
) -> str:
    """Append windows of x @ weight + bias, (batch, rows, out), and return its name.

    With one scale for all activations each step is made 8 bits once, before it is gathered.
    """
    if precision is Precision.FP32 and bias is not None:  # one operator adds it on the way
        inputs = [graph.constant(weight.astype(np.float32)), *_optional(graph, bias)]
        rows = _shaped(graph, windows.gather(graph, x), -1, windows.inputs)
        y = graph.node("Gemm", [rows, *inputs])
        return _shaped(graph, y, -1, len(windows.places), weight.shape[1])
    if precision is not Precision.INT8:
        return product(graph, windows.gather(graph, x), weight, bias, precision)
    quantized, level, zero = graph.nodes("DynamicQuantizeLinear", [x], 3)
    codes, scale, zeros = _columns(graph, weight)
    inputs = [windows.gather(graph, quantized, zero), codes, level, scale, zero, zeros]
    inputs += _optional(graph, bias)
    return graph.node("MatMulIntegerToFloat", inputs, domain="com.microsoft")


def _shaped(graph: Writer, tensor: str, *shape: int) -> str:
    return graph.node("Reshape", [tensor, graph.constant(np.array(shape, np.int64))])


def _optional(graph: Writer, bias: Array | None) -> list[str]:
    return [] if bias is None else [graph.constant(bias.astype(np.float32))]


def _columns(graph: Writer, weight: Array) -> tuple[str, str, str]:
    """Return 8-bit weights, their scale per column and the codes of zero."""
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-12) / _LARGEST
    codes = np.clip(np.round(weight / scale), -_LARGEST, _LARGEST).astype(np.int8)
    zeros = np.zeros(weight.shape[1], np.int8)
    return graph.constant(codes), graph.constant(scale.astype(np.float32)), graph.constant(zeros)


def _blocks(graph: Writer, x: str, weight: Array, bits: int) -> str:
    inputs, outputs = weight.shape
    size = _block(inputs)
    count = -(-inputs // size)
    padded = np.zeros((count * size, outputs), np.float32)
    padded[:inputs] = weight
    blocks = padded.T.reshape(outputs, count, size)
    middle = 1 << (bits - 1)
    # The largest weight of a block becomes the lowest code: codes go one further down than up.
    largest = np.abs(blocks).argmax(axis=2, keepdims=True)
    scale = np.take_along_axis(blocks, largest, 2) / -middle
    scale = np.where(np.abs(scale) < 1e-12, np.float32(1e-12), scale)
    codes = np.clip(np.round(blocks / scale) + middle, 0, 2 * middle - 1).astype(np.uint8)
    if bits == 4:
        codes = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return graph.node(
        "MatMulNBits",
        [x, graph.constant(codes), graph.constant(scale.astype(np.float32).ravel())],
        domain="com.microsoft",
        K=inputs,
        N=outputs,
        bits=bits,
        block_size=size,
        accuracy_level=4,  # 8-bit activations
    )


def _block(inputs: int) -> int:
    """Return the largest block size that wastes little on a matrix of `inputs` rows."""
    for size in _BLOCKS:
        if -inputs % size <= _LOSS * inputs:
            return size
    return _BLOCKS[-1]
