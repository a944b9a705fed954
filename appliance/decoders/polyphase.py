"""Interpolating filters in polyphase form: the inverse PQMF and a resampler, as matrix products."""

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Convolution
from appliance.decoders.streaming import windows

_PQMF_GROUP = 4  # steps synthesized by one row of the product: fewer, larger rows
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
    return _product(graph, x, matrix, group)


def resample(graph: Graph, x: Signal, filters: Convolution) -> Signal:
    """Append a rise of the sample rate: (batch, samples, 1) to (batch, samples * ratio, 1)."""
    group = _RESAMPLING_GROUP if x.steps % _RESAMPLING_GROUP == 0 else 1
    return _product(graph, x, _rows(filters, group), group)


def _rows(filters: Convolution, group: int) -> np.ndarray:
    """Return (taps + group - 1, in, group, out): `group` steps of the convolution at once."""
    outputs, inputs, taps = filters.weight.shape
    matrix = np.zeros((taps + group - 1, inputs, group, outputs), np.float32)
    for step in range(group):
        matrix[step : step + taps, :, step] = filters.weight.transpose(2, 1, 0)
    return matrix


def _product(graph: Graph, x: Signal, matrix: np.ndarray, group: int) -> Signal:
    span, inputs, _, outputs = matrix.shape
    joined = windows(graph, x, span - group, np.arange(span), group)
    flat = matrix.reshape(span * inputs, group * outputs)
    samples = x.steps * outputs
    return Signal(graph.reshape(graph.matrix(joined, flat, exact=True), samples, 1), samples, 1)
