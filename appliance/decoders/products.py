"""One matrix product at each precision, as nodes of a graph.

All of them give the same on every processor of one kind, with or without instructions for 8-bit
products: 8-bit weights of a whole column stop at 64, since older x86 processors add two products
of an unsigned activation and a signed weight in 16 bits, and 2 * 255 * 64 just fits.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from appliance.decoders.precision import Precision

Array = NDArray[np.float32]
Store = Callable[[NDArray[np.generic]], str]
Append = Callable[..., str]

_LARGEST = 64
_BLOCKS = (128, 64, 32)
_LOSS = 0.05  # of a block size's last block that may lie beyond the matrix
_HALF = 10  # TensorProto.FLOAT16
_FLOAT = 1


def product(
    store: Store, append: Append, x: str, weight: Array, bias: Array | None, precision: Precision
) -> str:
    """Return x @ weight + bias, `weight` (in, out).

    `store` names a stored array, `append` appends an operator and names its output.
    """
    match precision:
        case Precision.FP32:
            y = append("MatMul", [x, store(weight.astype(np.float32))])
        case Precision.FP16:
            half = append("MatMul", [append("Cast", [x], to=_HALF), store(weight.astype("f2"))])
            y = append("Cast", [half], to=_FLOAT)
        case Precision.INT8:
            return _dynamic(store, append, x, weight, bias)
        case Precision.BLOCKS8 | Precision.BLOCKS4:
            bits = 8 if precision is Precision.BLOCKS8 else 4
            y = _blocks(store, append, x, weight, bits)
    return y if bias is None else append("Add", [y, store(bias.astype(np.float32))])


def _dynamic(store: Store, append: Append, x: str, weight: Array, bias: Array | None) -> str:
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-12) / _LARGEST
    quantized = np.clip(np.round(weight / scale), -_LARGEST, _LARGEST).astype(np.int8)
    zeros = np.zeros(weight.shape[1], np.int8)
    inputs = [x, store(quantized), store(scale.astype(np.float32)), store(zeros)]
    if bias is not None:
        inputs.append(store(bias.astype(np.float32)))
    return append("DynamicQuantizeMatMul", inputs, domain="com.microsoft")


def _blocks(store: Store, append: Append, x: str, weight: Array, bits: int) -> str:
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
    return append(
        "MatMulNBits",
        [x, store(codes), store(scale.astype(np.float32).ravel())],
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
