"""Filters that change the rate, several steps at once as matrix products: PQMF and resampler."""

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array, Convolution
from appliance.decoders.streaming import delayed, product_of_windows

_PQMF_GROUP = 4  # steps of one row of the product: fewer, larger rows
_RESAMPLING_GROUP = 16


def join(graph: Graph, x: Signal, synthesis: Convolution, lag: int = 0) -> Signal:
    """Append the inverse PQMF: sub-bands (batch, steps, bands) to samples (batch, samples, 1).

    `x` comes `lag` steps later than in the decode that the filter bank counts from.
    """
    bands, _, taps = synthesis.weight.shape
    group = _PQMF_GROUP if x.steps % _PQMF_GROUP == 0 else 2
    matrix = _rows(synthesis, group) * bands
    matrix = matrix.reshape(taps + group - 1, bands, group, bands)[..., ::-1].copy()
    # Odd bands run backwards in frequency: every other step changes sign, counted from the
    # start of the call, which is always even.
    steps = np.arange(taps + group - 1) - (taps - 1)
    matrix[steps % 2 == lag % 2, 1::2] *= -1
    return _product(graph, x, synthesis, matrix, 1)


def resample(graph: Graph, x: Signal, filters: Convolution) -> Signal:
    """Append a rise of the sample rate: (batch, samples, 1) to (batch, samples * ratio, 1)."""
    group = _RESAMPLING_GROUP if x.steps % _RESAMPLING_GROUP == 0 else 1
    return _product(graph, x, filters, _rows(filters, group), 1)


def split(graph: Graph, x: Signal, analysis: Convolution, lag: int = 0) -> Signal:
    """Append the PQMF: samples (batch, samples, 1) to sub-bands (batch, samples / bands, bands).

    The sub-bands come `lag` steps later than in the encode that the filter bank counts from.
    """
    bands = analysis.weight.shape[0]
    group = _PQMF_GROUP if x.steps % (_PQMF_GROUP * bands) == 0 else 2
    matrix = _rows(analysis, group)
    # As in `join`: the odd bands change sign at every other step.
    matrix[:, :, np.arange(group) % 2 == lag % 2, 1::2] *= -1
    return _blocks(graph, x, analysis, matrix)


def lower(graph: Graph, x: Signal, filters: Convolution) -> Signal:
    """Append a fall of the sample rate: (batch, samples, 1) to (batch, samples / ratio, 1)."""
    whole = x.steps % (_RESAMPLING_GROUP * filters.stride) == 0
    group = _RESAMPLING_GROUP if whole else 1
    return _blocks(graph, x, filters, _rows(filters, group))


def _rows(filters: Convolution, group: int) -> Array:
    """Return (span, in, group, out): `group` steps of the convolution at once."""
    outputs, inputs, taps = filters.weight.shape
    stride = filters.stride
    matrix = np.zeros((taps + stride * (group - 1), inputs, group, outputs), np.float32)
    for step in range(group):
        matrix[stride * step : stride * step + taps, :, step] = filters.weight.transpose(2, 1, 0)
    return matrix


def _product(graph: Graph, x: Signal, filters: Convolution, matrix: Array, channels: int) -> Signal:
    """Append the convolution by `matrix`, what it gives laid out in `channels`."""
    span, inputs, group, outputs = matrix.shape
    x = delayed(graph, x, filters.delay)
    stride = group * filters.stride
    places = np.arange(x.steps // stride)[:, None] * stride + np.arange(span)
    flat = matrix.reshape(span * inputs, group * outputs)
    steps = x.steps // filters.stride * outputs // channels
    with graph.exact():
        y = product_of_windows(graph, x, filters.history, places, flat)
    return Signal(graph.reshape(y.name, steps, channels), steps, channels)


def _blocks(graph: Graph, x: Signal, filters: Convolution, matrix: Array) -> Signal:
    """Append the convolution of one channel by `matrix`, a block of samples at a time.

    Gathering whole blocks is far cheaper than single samples, so the matrix gets zeros up to them.
    """
    span, _, group, outputs = matrix.shape
    x = delayed(graph, x, filters.delay)
    block = group * filters.stride
    past = -(-filters.history // block)
    early = past * block - filters.history
    flat = matrix.reshape(span, group * outputs)
    flat = np.pad(flat, ((early, (past + 1) * block - early - span), (0, 0)))
    steps = x.steps // block
    blocks = Signal(graph.reshape(x.name, steps, block), steps, block)
    places = np.arange(steps)[:, None] + np.arange(past + 1)
    with graph.exact():
        y = product_of_windows(graph, blocks, past, places, flat)
    return Signal(graph.reshape(y.name, steps * group, outputs), steps * group, outputs)
