"""vschaos2 encoders: the magnitudes of a sliding window, and a network that has no memory.

Source of the dataflow: acids-ircam/vschaos2 and domkirke/acids_transforms, as their exports show
it. The last `size` samples are windowed and transformed; contrast and scale are applied to the
magnitudes; the network gives the means of the latents.
"""

from dataclasses import dataclass

from appliance.decoders import fourier
from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array, Layer
from appliance.decoders.streaming import write
from appliance.decoders.vschaos2 import MagnitudeLaw
from appliance.decoders.vschaos2_projection import Angles, Linear


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyDownsampling:
    """A convolution along frequency and the layers behind it.

    `weight` (out, in, taps) and `bias` (out,); `padding` zeros stand beyond both ends.
    """

    weight: Array
    bias: Array
    stride: int
    padding: int
    activation: Layer

    def write(self, graph: Graph, x: str, bins: int) -> tuple[str, int]:
        """Append: (batch, in, bins) to (batch, out, bins out); return it and its bins."""
        out, _, taps = self.weight.shape
        inputs = [x, graph.constant(self.weight), graph.constant(self.bias)]
        pads = [self.padding, self.padding]
        y = graph.node("Conv", inputs, kernel_shape=[taps], strides=[self.stride], pads=pads)
        given = (bins + 2 * self.padding - taps) // self.stride + 1
        # Activations see no difference between channels and bins.
        return write(graph, self.activation, Signal(y, out, given)).name, given


@dataclass(frozen=True, slots=True, eq=False)
class SpectralEncoder:
    """An encoder that gives latents once per `hop` samples of the last len(`window`).

    `spectrum` are convolutions along frequency, none in a plain network; `features` are layers on
    all bins, the last giving the `latents`.
    """

    latents: int
    window: Array
    hop: int
    law: MagnitudeLaw
    spectrum: tuple[FrequencyDownsampling, ...]
    features: tuple[Layer, ...]
    codes: int = 0
    delay: int = 0
    projection: Linear | Angles | None = None

    def write(self, graph: Graph, frames: int = 1) -> None:
        """Append the encoder: "audio" (batch, hop) to "z" (batch, 1, latents).

        Raises ValueError unless `frames` is 1: the window slides by one hop at a time.
        """
        if frames != 1:
            raise ValueError(f"a spectral encoder is written for 1 frame per call, not {frames}")
        size, hop = len(self.window), self.hop
        sound = graph.sound(hop)
        past = graph.state((size - hop,))
        joined = graph.node("Concat", [past, graph.reshape(sound.name, hop)], axis=1)
        graph.keep(past, "Slice", [joined, *graph.bounds(hop, size, 1)])
        framed = graph.node("Mul", [joined, graph.constant(self.window)])
        bins = self.law.read(graph, fourier.magnitudes(graph, framed, size))
        count = size // 2 + 1 - int(self.law.top_missing)
        x, channels = graph.reshape(bins, 1, count), 1
        for layer in self.spectrum:
            x, count = layer.write(graph, x, count)
            channels = layer.weight.shape[0]
        y = Signal(graph.reshape(x, 1, channels * count), 1, channels * count)
        for layer in self.features:
            y = write(graph, layer, y)
        if self.projection is not None:
            y = self.projection.write(graph, y)
        graph.output("z", y.name, (1, self.latents))
