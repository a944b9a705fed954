"""The filtered-noise branch of RAVE decoders, with its random numbers as an input."""

from dataclasses import dataclass

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array, Layer
from appliance.decoders.streaming import write


@dataclass(frozen=True, slots=True, eq=False)
class NoiseSynthesis:
    """Noise in blocks of `block` steps, shaped by amplitudes that `net` predicts per block.

    `channels` sub-bands, each with `bands` amplitudes from its direct component to its Nyquist
    frequency; `net` gives channels * bands values per block. `delay` is by how many blocks it comes
    later than in an offline decode.
    """

    net: Layer
    channels: int
    bands: int
    block: int
    delay: int = 0

    def write(self, graph: Graph, x: Signal) -> Signal:
        """Append the branch: (batch, steps, features) to (batch, steps, channels)."""
        predicted = write(graph, self.net, x)
        amplitude = amplitudes(graph, graph.node("Sub", [predicted.name, graph.scalar(5)]))
        blocks = predicted.steps
        amplitude = graph.reshape(amplitude, blocks, self.channels, 1, self.bands)
        shape = (blocks, self.channels, self.block)
        noise = graph.noise("symmetric", shape, delay=self.delay)
        filtered = graph.matrix(noise, self._filters(), exact=True)
        filtered = graph.reshape(filtered, blocks, self.channels, self.bands, self.block)
        shaped = graph.node("MatMul", [amplitude, filtered])
        shaped = graph.reshape(shaped, blocks, self.channels, self.block)
        turned = graph.node("Transpose", [shaped], perm=[0, 1, 3, 2])
        steps = blocks * self.block
        return Signal(graph.reshape(turned, steps, self.channels), steps, self.channels)

    def _filters(self) -> Array:
        """Return (block, bands * block): white noise to noise filtered by each band alone.

        A band's impulse response is the inverse real Fourier transform of one amplitude, Hann
        windowed about zero; the convolution is cut at the block's end, as RAVE does.
        """
        size = 2 * (self.bands - 1)
        impulse = np.fft.irfft(np.eye(self.bands), axis=-1)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
        impulse = np.roll(impulse, size // 2, axis=-1) * hann
        response = np.zeros((self.bands, self.block))
        kept = min(size, self.block)  # many bands in a short block: the rest is cut off
        response[:, :kept] = impulse[:, :kept]
        response = np.roll(response, -(size // 2), axis=-1)
        matrix = np.zeros((self.block, self.bands, self.block))
        for sample in range(self.block):
            matrix[sample, :, sample:] = response[:, : self.block - sample]
        return matrix.reshape(self.block, -1).astype(np.float32)


def amplitudes(graph: Graph, x: str) -> str:
    """Return RAVE's amplitude law, 2 * sigmoid(x) ** 2.3 + 1e-7."""
    power = graph.node("Pow", [graph.node("Sigmoid", [x]), graph.scalar(2.3)])
    doubled = graph.node("Mul", [power, graph.scalar(2.0)])
    return graph.node("Add", [doubled, graph.scalar(1e-7)])
