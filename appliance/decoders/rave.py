"""RAVE v1 and v2 decoders: read from a scripted module tree, written as a streaming graph.

Source of the dataflow: acids-ircam/RAVE 2.3.1, as its exports show it. decode() pads the latent
with random axes, rotates it, runs the upsampling network, shapes the waveform and joins 16
sub-bands with the inverse PQMF.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Activation, Array, Layer
from appliance.decoders.noise import NoiseSynthesis, amplitudes
from appliance.decoders.streaming import delayed, windows, write

_PQMF_GROUP = 4  # steps synthesized by one row of the product: fewer, larger rows


@dataclass(frozen=True, slots=True, eq=False)
class LatentPadding:
    """The axes a player does not see: `rotation` (full, full) and `mean` (full,)."""

    latents: int
    rotation: Array
    mean: Array

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append: visible latents (batch, steps, latents) to the full latent."""
        full = len(self.mean)
        joined = z.name
        if full > self.latents:
            noise = graph.noise("normal", (z.steps, full - self.latents))
            joined = graph.node("Concat", [z.name, noise], axis=2)
        return Signal(graph.matrix(joined, self.rotation, self.mean, exact=True), z.steps, full)


@dataclass(frozen=True, slots=True, eq=False)
class RaveDecoder:
    """A decoder of generation "v1" (loudness envelope) or "v2" (amplitude modulation)."""

    generation: Literal["v1", "v2"]
    latent: LatentPadding
    net: Layer
    waveform: Layer
    loudness: Layer | None
    loudness_stride: int
    modulated: bool
    noise: NoiseSynthesis | None
    delays: tuple[int, ...]  # of waveform, loudness and noise behind the network
    synthesis: Array  # inverse PQMF (bands out, bands in, taps)

    @property
    def family(self) -> str:
        """The family's name on the model card."""
        return f"rave-{self.generation}"

    def write(self, graph: Graph, frames: int = 1) -> None:
        """Append the whole decoder: "z" (batch, frames, latents) to "audio" (batch, samples)."""
        z = graph.input("z", frames, self.latent.latents)
        x = write(graph, self.net, self.latent.write(graph, z))
        bands = self._v1(graph, x) if self.generation == "v1" else self._v2(graph, x)
        audio = self._join(graph, bands)
        graph.output("audio", audio.name, (audio.steps,))

    def _v1(self, graph: Graph, x: Signal) -> Signal:
        assert self.loudness is not None
        wave = write(graph, self.waveform, delayed(graph, x, self.delays[0]))
        loud = write(graph, self.loudness, delayed(graph, x, self.delays[1]))
        level = amplitudes(graph, loud.name)
        if self.loudness_stride > 1:
            held = graph.node("Concat", [level] * self.loudness_stride, axis=2)
            level = graph.reshape(held, wave.steps, 1)
        y = graph.node("Mul", [graph.node("Tanh", [wave.name]), level])
        if self.noise is not None:
            shaped = self.noise.write(graph, delayed(graph, x, self.delays[2]))
            y = graph.node("Add", [y, shaped.name])
        return Signal(y, wave.steps, wave.channels)

    def _v2(self, graph: Graph, x: Signal) -> Signal:
        wave = write(graph, self.waveform, x)
        y, channels = wave.name, wave.channels
        if self.modulated:
            channels //= 2
            y, gate = graph.nodes("Split", [y], 2, axis=2)
            y = graph.node("Mul", [y, graph.node("Sigmoid", [gate])])
        if self.noise is not None:
            y = graph.node("Add", [y, self.noise.write(graph, x).name])
        return write(graph, Activation("tanh"), Signal(y, wave.steps, channels))

    def _join(self, graph: Graph, x: Signal) -> Signal:
        """Append the inverse PQMF: sub-bands (batch, steps, bands) to samples (batch, samples)."""
        bands, _, taps = self.synthesis.shape
        group = _PQMF_GROUP if x.steps % _PQMF_GROUP == 0 else 2
        history = taps - 1
        kernel = self.synthesis.transpose(2, 1, 0)[:, :, ::-1] * bands  # (taps, in, out)
        matrix = np.zeros((taps + group - 1, bands, group, bands), np.float32)
        for step in range(group):
            matrix[step : step + taps, :, step] = kernel
        # Odd bands run backwards in frequency: every other step changes sign, counted from the
        # start of the call, which is always even.
        steps = np.arange(taps + group - 1) - history
        matrix[steps % 2 == 0, 1::2] *= -1
        joined = windows(graph, x, history, np.arange(taps + group - 1), group)
        flat = matrix.reshape((taps + group - 1) * bands, group * bands)
        y = graph.matrix(joined, flat, exact=True)
        return Signal(graph.reshape(y, x.steps * bands), x.steps * bands, 1)
