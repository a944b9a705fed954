"""RAVE decoders: read from a scripted module tree, written as a streaming graph.

Source of the dataflow: acids-ircam/RAVE 2.3.1, as its exports show it. decode() turns the inlets
into a latent, runs the upsampling network, shapes the waveform, joins 16 sub-bands with the
inverse PQMF and, in some exports, raises the sample rate.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.latents import Latent
from appliance.decoders.layers import Activation, Convolution, Layer
from appliance.decoders.noise import NoiseSynthesis, amplitudes
from appliance.decoders.polyphase import join, resample
from appliance.decoders.streaming import delayed, write


@dataclass(frozen=True, slots=True, eq=False)
class RaveDecoder:
    """A decoder with a loudness envelope (v1) or, if `loudness` is None, without (v2 and v3).

    The network gives `channels` sets of sub-bands, of which the first `heard` are averaged. A mono
    model exported for several channels decodes `copies` of each row, with noise of their own.
    """

    generation: Literal["v1", "v2", "v3"]
    latent: Latent
    net: Layer
    waveform: Layer
    loudness: Layer | None
    loudness_stride: int
    modulated: bool
    noise: NoiseSynthesis | None
    delays: tuple[int, int, int]  # of waveform, loudness and noise behind the network
    synthesis: Convolution | None  # inverse PQMF (bands out, bands in, taps)
    resampling: Convolution | None = None  # (ratio, 1, taps)
    channels: int = 1
    heard: int = 1
    copies: int = 1
    lag: int = 0  # steps by which the sub-bands come later than in an offline decode
    delay: int = 0  # and samples by which the audio does
    split: bool = False  # whether both channels are given, one behind the other, not their mean

    @property
    def family(self) -> str:
        """The family's name on the model card."""
        return f"rave-{self.generation}"

    @property
    def codes(self) -> int:
        """How many whole numbers an inlet tells apart; 0 if it is continuous."""
        return self.latent.codes

    @property
    def notes(self) -> tuple[str, ...]:
        """What a player must know of the model."""
        if self.delay == 0:
            return self.latent.notes
        return (*self.latent.notes, "Made streaming: in nn~ this export clicks at every frame.")

    def write(self, graph: Graph, frames: int = 1) -> None:
        """Append the whole decoder: "z" (batch, frames, latents) to "audio" (batch, samples)."""
        z = graph.multiply(graph.input("z", frames, self.latent.latents), self.copies)
        x = write(graph, self.net, self.latent.write(graph, z))
        y = self._v2(graph, x) if self.loudness is None else self._v1(graph, x, self.loudness)
        if self.split:
            bands = y.channels // self.channels
            cuts = [graph.cut(y.name, n * bands, (n + 1) * bands, 2) for n in range(self.heard)]
            parts = [self._sound(graph, Signal(cut, y.steps, bands)) for cut in cuts]
        else:
            # From here on everything is linear, so the mix of all channels may come first.
            parts = [self._sound(graph, graph.average(self._mixed(graph, y)))]
        samples = parts[0].steps * parts[0].channels
        names = [graph.reshape(part.name, samples) for part in parts]
        joined = graph.node("Concat", names, axis=1) if self.split else names[0]
        graph.output("audio", joined, (samples * len(parts),))

    def _sound(self, graph: Graph, y: Signal) -> Signal:
        """Append the filter bank and the change of rate: sub-bands to samples."""
        if self.synthesis is not None:
            y = join(graph, y, self.synthesis, self.lag)
        if self.resampling is not None:
            y = resample(graph, y, self.resampling)
        return y

    def _v1(self, graph: Graph, x: Signal, loudness: Layer) -> Signal:
        wave = write(graph, self.waveform, delayed(graph, x, self.delays[0]))
        loud = write(graph, loudness, delayed(graph, x, self.delays[1]))
        level = amplitudes(graph, loud.name)
        if self.loudness_stride > 1:
            held = graph.node("Concat", [level] * self.loudness_stride, axis=2)
            level = graph.reshape(held, wave.steps, 1)
        y = graph.node("Mul", [graph.node("Tanh", [wave.name]), level])
        return self._noisy(graph, x, Signal(y, wave.steps, wave.channels))

    def _v2(self, graph: Graph, x: Signal) -> Signal:
        wave = write(graph, self.waveform, delayed(graph, x, self.delays[0]))
        y, channels = wave.name, wave.channels
        if self.modulated:
            channels //= 2
            y, gate = graph.nodes("Split", [y], 2, axis=2)
            y = graph.node("Mul", [y, graph.node("Sigmoid", [gate])])
        y = self._noisy(graph, x, Signal(y, wave.steps, channels))
        return write(graph, Activation("tanh"), y)

    def _noisy(self, graph: Graph, x: Signal, y: Signal) -> Signal:
        if self.noise is None:
            return y
        shaped = self.noise.write(graph, delayed(graph, x, self.delays[2]))
        return Signal(graph.node("Add", [y.name, shaped.name]), y.steps, y.channels)

    def _mixed(self, graph: Graph, x: Signal) -> Signal:
        """Append the mean of the heard channels' sub-bands."""
        if self.channels == 1:
            return x
        bands = x.channels // self.channels
        if self.heard == 1:
            return Signal(graph.cut(x.name, 0, bands, 2), x.steps, bands)
        mean = np.tile(np.eye(bands, dtype=np.float32), (self.channels, 1))
        mean *= np.float32(1 / self.heard)
        mean[self.heard * bands :] = 0
        return Signal(graph.matrix(x.name, mean, exact=True), x.steps, bands)
