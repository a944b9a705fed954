"""vschaos2 decoders: a spectrum from each latent frame, random phases, overlapped frames.

Source of the dataflow: acids-ircam/vschaos2 and domkirke/acids_transforms, as their exports show
it. One latent frame gives magnitudes; each bin gets a fresh random phase; the inverse transform is
windowed and added to what hangs over from the frames before. The network itself has no memory.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from appliance.decoders import fourier, phases
from appliance.decoders.condition import control
from appliance.decoders.frequency import FrequencyNetwork
from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array, Dense, Layer
from appliance.decoders.streaming import write
from appliance.decoders.vschaos2_projection import Linear

# A matrix below this stays float32: its input is the latent, whose steps would be heard.
_COARSE = 1 << 15
_END = 1 << 30  # of an axis, however long

Contrast = Literal["log1p", "log", "log10", "none"]


@dataclass(frozen=True, slots=True)
class MagnitudeLaw:
    """From what the network gives to magnitudes: `x * scale + offset`, then the contrast undone.

    `top_missing` means the highest bin is not among the network's outputs and enters as zero, and
    that the lowest is not among its inputs; `epsilon` belongs to the contrasts "log" and "log10".
    """

    contrast: Contrast
    scale: float
    offset: float
    top_missing: bool
    epsilon: float

    def write(self, graph: Graph, x: str) -> str:
        """Append: (batch, bins) to magnitudes (batch, bins, one more if the top was missing)."""
        if self.scale != 1:
            x = graph.node("Mul", [x, graph.scalar(self.scale)])
        if self.offset != 0:
            x = graph.node("Add", [x, graph.scalar(self.offset)])
        if self.top_missing:
            x = graph.node("Pad", [x, graph.constant(np.array([0, 0, 0, 1], np.int64))])
        if self.contrast == "none":
            return x
        if self.contrast == "log10":
            return graph.node("Exp", [graph.node("Mul", [x, graph.scalar(float(np.log(10)))])])
        floor = 1.0 if self.contrast == "log1p" else self.epsilon
        return graph.node("Sub", [graph.node("Exp", [x]), graph.scalar(floor)])

    def read(self, graph: Graph, magnitudes: str) -> str:
        """Append: magnitudes (batch, bins) to what an encoder's network reads."""
        x = magnitudes
        match self.contrast:
            case "log1p":
                x = graph.node("Log", [graph.node("Add", [x, graph.scalar(1)])])
            case "log" | "log10":
                x = graph.node("Log", [graph.node("Max", [x, graph.scalar(self.epsilon)])])
            case "none":
                pass
        scale = self.scale * (float(np.log(10)) if self.contrast == "log10" else 1.0)
        if self.offset != 0:
            x = graph.node("Sub", [x, graph.scalar(self.offset * scale / self.scale)])
        if scale != 1:
            x = graph.node("Div", [x, graph.scalar(scale)])
        if self.top_missing:
            x = graph.node("Slice", [x, *graph.bounds(1, _END, 1)])
        return x


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """A label that the network reads as the row of `table` (classes, width) of its class."""

    table: Array

    def write(self, graph: Graph, name: str) -> str:
        """Append: the control `name` (batch, 1) to (batch, 1, width)."""
        ends = [graph.scalar(0), graph.scalar(len(self.table) - 1)]
        number = graph.node("Cast", [graph.node("Clip", [graph.control(name), *ends])], to=7)
        # NaN passes the first limit, and what it becomes as a whole number would leave the table.
        bounds = [graph.constant(np.array(n, np.int64)) for n in (0, len(self.table) - 1)]
        number = graph.node("Clip", [number, *bounds])
        return graph.node("Gather", [graph.constant(self.table), number], axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class SpectralDecoder:
    """A decoder of one magnitude frame per latent frame; phases are random or follow the peaks.

    `window` (size,) is the synthesis window, the gain of the overlapped frames in it; each frame
    gives `hop` samples at once and leaves size - hop to be added to.
    """

    latents: int
    features: tuple[Layer, ...]
    spectrum: FrequencyNetwork | None
    output: Layer
    law: MagnitudeLaw
    window: Array
    hop: int
    codes: int = 0
    delay: int = 0
    notes: tuple[str, ...] = ()
    projection: Linear | None = None
    labels: tuple[Label, ...] = ()

    @property
    def family(self) -> str:
        """The family's name on the model card."""
        return "vschaos2"

    def write(self, graph: Graph, frames: int = 1) -> None:
        """Append the whole decoder: "z" (batch, 1, latents) to "audio" (batch, hop).

        Raises ValueError unless `frames` is 1: each frame's overlap is the next one's state.
        """
        if frames != 1:
            raise ValueError(f"a spectral decoder is written for 1 frame per call, not {frames}")
        magnitudes = self.magnitudes(graph, graph.input("z", 1, self.latents))
        size = len(self.window)
        bins = size // 2 + 1
        turns, magnitudes = phases.choose(graph, magnitudes, bins, self.hop)
        weighted = graph.node("Mul", [magnitudes, graph.constant(fourier.weights(size))])
        # One sine of both gives the cosine too: the real parts are a quarter of a turn ahead.
        ahead = graph.constant(np.array([[np.pi / 2], [0]], np.float32))
        angle = graph.node("Mul", [turns, graph.scalar(2 * np.pi)])
        angle = graph.node("Add", [graph.reshape(angle, 1, bins), ahead])
        pair = graph.node("Sin", [angle])
        spectrum = graph.node("Mul", [pair, graph.reshape(weighted, 1, bins)])
        frame = fourier.invert(graph, spectrum, size)
        self._overlap(graph, graph.node("Mul", [frame, graph.constant(self.window)]))

    def magnitudes(self, graph: Graph, z: Signal) -> str:
        """Append the network: "z" (batch, 1, latents) to magnitudes (batch, size // 2 + 1)."""
        x = z if self.projection is None else self.projection.write(graph, z)
        if self.labels:
            rows = [label.write(graph, control(n)) for n, label in enumerate(self.labels)]
            width = sum(label.table.shape[1] for label in self.labels)
            joined = graph.node("Concat", [x.name, *rows], axis=2)
            x = Signal(joined, 1, x.channels + width)
        for layer in self.features:
            if isinstance(layer, Dense) and layer.weight.size < _COARSE:
                y = graph.matrix(x.name, layer.weight.T, layer.bias, exact=True)
                x = Signal(y, x.steps, layer.weight.shape[0])
            else:
                x = write(graph, layer, x)
        if self.spectrum is None:
            bins = graph.reshape(x.name, x.channels)
        else:
            bins = self.spectrum.write(graph, x)
        given = write(graph, self.output, Signal(bins, 1, len(self.window) // 2 + 1))
        return self.law.write(graph, given.name)

    def _overlap(self, graph: Graph, frame: str) -> None:
        size, hop = len(self.window), self.hop
        past = graph.state((size - hop,))
        ends = graph.constant(np.array([0, 0, 0, hop], np.int64))
        total = graph.node("Add", [frame, graph.node("Pad", [past, ends])])
        graph.output("audio", graph.cut(total, 0, hop, 1), (hop,))
        graph.keep(past, "Slice", [total, *graph.bounds(hop, size, 1)])
