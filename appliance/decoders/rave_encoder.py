"""RAVE encoders: read from a scripted module tree, written as a streaming graph.

Source of the dataflow: acids-ircam/RAVE 2.3.1, as its exports show it. encode() lowers the sample
rate in some exports, splits the sound into 16 sub-bands, runs the downsampling network and turns
what it gives into latents.
"""

from dataclasses import dataclass

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Chain, Convolution
from appliance.decoders.polyphase import lower, split
from appliance.decoders.posteriors import Posterior
from appliance.decoders.streaming import write


@dataclass(frozen=True, slots=True, eq=False)
class RaveEncoder:
    """An encoder that gives latents once per `ratio` samples of one channel.

    `first` reads the sub-bands, whose loud ones would drown the quiet ones in 8 bits.
    """

    ratio: int
    first: Convolution
    net: Chain
    posterior: Posterior
    analysis: Convolution | None  # PQMF (bands, 1, taps), its stride the number of bands
    resampling: Convolution | None = None  # (1, 1, taps), its stride the ratio of rates
    lag: int = 0  # steps by which the sub-bands come later than in an offline encode
    delay: int = 0  # and frames by which the latents do

    @property
    def codes(self) -> int:
        """How many whole numbers a latent tells apart; 0 if it is continuous."""
        return self.posterior.codes

    def write(self, graph: Graph, frames: int = 1) -> None:
        """Append the encoder: "audio" (batch, samples) to "z" (batch, frames, latents)."""
        x = graph.sound(frames * self.ratio)
        if self.resampling is not None:
            x = lower(graph, x, self.resampling)
        if self.analysis is not None:
            x = split(graph, x, self.analysis, self.lag)
        with graph.exact():
            x = write(graph, self.first, x)
        x = write(graph, self.net, x)
        z: Signal = self.posterior.write(graph, x, self.delay)
        graph.output("z", z.name, (z.steps, z.channels))
