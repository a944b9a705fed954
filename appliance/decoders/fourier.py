"""The real Fourier transform and its inverse as two small matrix products each.

A size N = N1 * N2 splits a bin k = k1 + N1 * k2 and a sample n = N2 * n1 + n2, so that
exp(2 pi i k n / N) is a sum over k2, a factor of (k1, n2) alone, and a sum over k1. Only bins up to
N / 2 enter: a real signal is twice the real part of their sum, the first and last at half weight.
"""

import numpy as np

from appliance.decoders.graph import Graph
from appliance.decoders.layers import Array


def weights(size: int) -> Array:
    """Return what each of the size // 2 + 1 bins is multiplied by before `invert`."""
    scale = np.full(size // 2 + 1, 2 / size)
    scale[[0, -1]] = 1 / size
    return scale.astype(np.float32)


def invert(graph: Graph, spectrum: str, size: int) -> str:
    """Append the transform: weighted bins (batch, 2, size // 2 + 1) to samples (batch, size).

    The pair is real and imaginary part; `size` is a power of two, 16 or more. With bins multiplied
    by `weights` the result is that of numpy.fft.irfft. The factor of (k1, n2) makes four products
    of two parts; the sum over k1 adds them up.
    """
    first, second = factors(size)
    rows = second // 2 + 1
    padding = np.array([0, 0, 0, 0, 0, rows * first - (size // 2 + 1)], np.int64)
    padded = graph.node("Pad", [spectrum, graph.constant(padding)])
    grid = graph.reshape(padded, 2 * rows, first)
    parts = _over_rows(rows, second).reshape(2, second, 2 * rows).transpose(1, 0, 2)
    parts = np.ascontiguousarray(parts).reshape(2 * second, 2 * rows)
    sums = graph.node("MatMul", [graph.constant(parts), grid])
    angle = 2 * np.pi * np.outer(np.arange(second), np.arange(first)) / size
    real, imaginary = [np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]
    factor = np.stack([np.hstack(real), np.hstack(imaginary)], axis=1).astype(np.float32)
    each = graph.reshape(sums, second, 1, 2 * first)
    each = graph.node("Mul", [each, graph.constant(factor)])
    each = graph.reshape(each, second, 4 * first)
    samples = graph.node("MatMul", [each, graph.constant(_over_columns(first))])
    return graph.reshape(graph.node("Transpose", [samples], perm=[0, 2, 1]), size)


def magnitudes(graph: Graph, frame: str, size: int) -> str:
    """Append the absolute values of numpy.fft.rfft: (batch, size) to (batch, size // 2 + 1).

    The steps of `invert` backwards: a sum over n1, a factor of (k1, n2) alone, a sum over n2.
    """
    first, second = factors(size)
    rows = second // 2 + 1
    grid = graph.reshape(frame, first, second)
    angle = 2 * np.pi * np.outer(np.arange(first), np.arange(first)) / first
    over_rows = np.concatenate([np.cos(angle), -np.sin(angle)]).astype(np.float32)
    sums = graph.node("MatMul", [graph.constant(over_rows), grid])
    real, imaginary = graph.nodes("Split", [sums], 2, axis=1)
    angle = 2 * np.pi * np.outer(np.arange(first), np.arange(second)) / size
    cos = graph.constant(np.cos(angle).astype(np.float32))
    sin = graph.constant(np.sin(angle).astype(np.float32))
    products = [graph.node("Mul", [x, y]) for x in (real, imaginary) for y in (cos, sin)]
    turned = [
        graph.node("Add", [products[0], products[3]]),
        graph.node("Sub", [products[2], products[1]]),
    ]
    joined = graph.node("Concat", turned, axis=2)
    spectrum = graph.node("MatMul", [joined, graph.constant(_over_rows(rows, second))])
    squares = graph.nodes("Split", [graph.node("Mul", [spectrum, spectrum])], 2, axis=2)
    length = graph.node("Sqrt", [graph.node("Add", squares)])
    flat = graph.reshape(graph.node("Transpose", [length], perm=[0, 2, 1]), rows * first)
    return graph.cut(flat, 0, size // 2 + 1, 1)


def factors(size: int) -> tuple[int, int]:
    """Return N1 and N2 = N1 or 2 * N1; raises ValueError unless `size` is a power of two >= 16."""
    if size < 16 or size & (size - 1):
        raise ValueError(
            f"a Fourier transform of size {size}: it must be a power of two from 16 on"
        )
    power = size.bit_length() - 1
    return 1 << (power // 2), 1 << (power - power // 2)


def _over_rows(rows: int, second: int) -> Array:
    """Return (2 * second, 2 * rows): the sum over k2, real parts before imaginary ones."""
    angle = 2 * np.pi * np.outer(np.arange(second), np.arange(rows)) / second
    cos, sin = np.cos(angle), np.sin(angle)
    return np.block([[cos, -sin], [sin, cos]]).astype(np.float32)


def _over_columns(first: int) -> Array:
    """Return (4 * first, first): the real part of the sum over k1, each part in two summands."""
    angle = 2 * np.pi * np.outer(np.arange(first), np.arange(first)) / first
    cos, sin = np.cos(angle), np.sin(angle)
    return np.concatenate([cos, cos, -sin, -sin]).astype(np.float32)
