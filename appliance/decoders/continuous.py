"""Discrete models played by continuous channels: the principal axes of what their codes can give.

A discrete model's latent is a sum of one entry of each codebook. With every code as likely as any
other, that sum has a mean and principal axes; a channel moves it along one axis, in units of the
spread there, so that N(0, 1) on all channels covers what the model knows. The sum is not cut to
the nearest codes: a slow gesture gives a slow change.
"""

from dataclasses import dataclass, replace

import numpy as np

from appliance import LATENT_CHANNELS
from appliance.decoders.graph import Graph, Signal
from appliance.decoders.latents import Codebooks, padded
from appliance.decoders.layers import Array
from appliance.decoders.posteriors import Codes
from appliance.decoders.rave import RaveDecoder
from appliance.decoders.rave_encoder import RaveEncoder


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """The channels of a discrete decoder: `axes` (latents, width) times their spread, `centre`.

    `noise` random axes stand behind the sum, as behind that of codes.
    """

    axes: Array
    centre: Array
    noise: int
    books: int
    codes: int = 0

    @property
    def latents(self) -> int:
        """The number of channels."""
        return len(self.axes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the channels mean."""
        return (
            f"Its {self.books} inlets are codes; it plays by {self.latents} continuous channels "
            "along the principal axes of its codebooks ('models import --codes' keeps the codes).",
        )

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append the sum; see `appliance.decoders.latents.Latent.write`."""
        total = graph.matrix(z.name, self.axes, self.centre, exact=True)
        return padded(graph, Signal(total, z.steps, self.axes.shape[1]), self.noise)


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """A discrete encoder's features on the same axes, before they are cut to codes."""

    inverse: Array
    """(width, latents): from the features, less the centre, to channels."""
    centre: Array
    codes: int = 0

    def write(self, graph: Graph, x: Signal, lag: int) -> Signal:  # noqa: ARG002 - nothing is drawn
        """Append the projection; see `appliance.decoders.posteriors.Posterior.write`."""
        shift = (-self.centre @ self.inverse).astype(np.float32)
        z = graph.matrix(x.name, self.inverse, shift, exact=True)
        return Signal(z, x.steps, self.inverse.shape[1])


def played(decoder: RaveDecoder) -> RaveDecoder:
    """Return a discrete `decoder` played by continuous channels."""
    latent = decoder.latent
    assert isinstance(latent, Codebooks)
    axes, centre = _axes(latent.tables)
    return replace(decoder, latent=Axes(axes, centre, latent.noise, latent.latents))


def heard(encoder: RaveEncoder) -> tuple[RaveEncoder, int]:
    """Return a discrete `encoder` giving what `played` reads, and how many latents that are."""
    posterior = encoder.posterior
    assert isinstance(posterior, Codes)
    axes, centre = _axes(np.stack([book.given for book in posterior.books]))
    inverse = (axes / np.square(axes).sum(axis=1, keepdims=True)).T
    projection = Projection(np.ascontiguousarray(inverse), centre)
    return replace(encoder, posterior=projection), len(axes)


def _axes(tables: Array) -> tuple[Array, Array]:
    """Return principal axes (channels, width) as long as their spread, and the mean (width,).

    `tables` is (books, codes, width).
    """
    books = tables.astype(np.float64)
    centre = books.mean(axis=1).sum(axis=0)
    apart = books - books.mean(axis=1, keepdims=True)
    covariance = np.einsum("bcw,bcv->wv", apart, apart) / books.shape[1]
    powers, vectors = np.linalg.eigh(covariance)
    order = np.argsort(powers)[::-1][:LATENT_CHANNELS]
    spread = np.sqrt(np.maximum(powers[order], 1e-12))
    signs = np.sign(vectors[np.abs(vectors[:, order]).argmax(axis=0), order])
    axes = (vectors[:, order] * signs * spread).T
    return np.ascontiguousarray(axes, np.float32), centre.astype(np.float32)
