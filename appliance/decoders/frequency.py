"""Convolutions along the bins of a spectrum, the network behind a spectral decoder's features.

Rows of bins beyond a layer's outputs carry whatever the last group of its product gave; `bins` of
a layer says how many count, and the next layer reads zeros instead of the others.
"""

from dataclasses import dataclass

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array, Layer
from appliance.decoders.streaming import write


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyUpsampling:
    """A transposed convolution along frequency and the layer behind it.

    `weight` (in, out, taps) and `bias` (out,); `padding` outputs are cut from the low end, and what
    the high end keeps follows from `outputs`, the number of bins given.
    """

    weight: Array
    bias: Array
    stride: int
    padding: int
    outputs: int
    activation: Layer

    def write(self, graph: Graph, x: Signal, bins: int) -> Signal:
        """Append: (batch, bins and more, in) to (batch, outputs and more, out).

        Output stride * m + r reads input m + d by tap r + padding - stride * d: one product gives
        all remainders r of a group m from the inputs that any of them reads.
        """
        channels, out, kernel = self.weight.shape
        stride, padding = self.stride, self.padding
        reached = np.arange(
            -((kernel - 1 - padding) // stride), (stride - 1 + padding) // stride + 1
        )
        taps = np.arange(stride) + padding - stride * reached[:, None]
        inside = (taps >= 0) & (taps < kernel)
        kernels = np.zeros((len(reached), stride, channels, out), np.float32)
        kernels[inside] = self.weight.transpose(2, 0, 1)[taps[inside]]
        matrix = kernels.transpose(0, 2, 1, 3).reshape(len(reached) * channels, stride * out)
        groups = -(-self.outputs // stride)
        places = np.arange(groups)[:, None] + reached
        places[(places < 0) | (places >= bins)] = -1
        y = graph.windowed(x, places, matrix, np.tile(self.bias, stride))
        y = write(graph, self.activation, Signal(y, groups, stride * out)).name
        steps = groups * stride
        return Signal(graph.reshape(y, steps, out), steps, out)


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyConvolution:
    """A convolution along frequency to one channel: `weight` (in, taps), zeros beyond both ends."""

    weight: Array
    bias: float
    padding: int

    def write(self, graph: Graph, x: Signal, bins: int) -> str:
        """Append: (batch, bins and more, in) to (batch, bins + 2 * padding - taps + 1).

        The taps are products of one matrix, added up shifted: far less to move than their inputs.
        """
        taps = self.weight.shape[1]
        outputs = bins + 2 * self.padding - taps + 1
        rows = [graph.constant(np.ascontiguousarray(self.weight.T)), x.name]
        each = graph.node("FusedMatMul", rows, domain="com.microsoft", transB=1)
        if x.steps > bins:
            each = graph.cut(each, 0, bins, 2)
        ends = np.array([0, 0, self.padding, 0, 0, self.padding], np.int64)
        each = graph.node("Pad", [each, graph.constant(ends)])
        parts = [graph.part(each, (tap, tap), (tap + 1, tap + outputs)) for tap in range(taps)]
        return graph.reshape(graph.node("Sum", [*parts, graph.scalar(self.bias)]), outputs)


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyNetwork:
    """Features (bins, channels), channels fastest, to a spectrum."""

    bins: int
    channels: int
    upsampling: tuple[FrequencyUpsampling, ...]
    last: FrequencyConvolution

    def write(self, graph: Graph, x: Signal) -> str:
        """Append: (batch, 1, bins * channels) to (batch, bins out)."""
        bins = self.bins
        x = Signal(graph.reshape(x.name, bins, self.channels), bins, self.channels)
        for layer in self.upsampling:
            x, bins = layer.write(graph, x, bins), layer.outputs
        return self.last.write(graph, x, bins)
