"""How what a RAVE encoder's network gives becomes the latents that its decoder's inlets take."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array


class Posterior(Protocol):
    """The outlets of one kind of model."""

    @property
    def codes(self) -> int:
        """How many whole numbers from 0 on an outlet tells apart; 0 if it is continuous."""
        ...

    def write(self, graph: Graph, x: Signal, lag: int) -> Signal:
        """Append: the network's (batch, steps, features) to outlets (batch, steps, latents).

        `lag` is by how many steps `x` comes later than in an offline encode.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Variational: means and spreads on all axes, drawn from and turned to the principal ones.

    `rotation` (latents, full) and `mean` (full,) lead from the network's axes to the principal.
    """

    rotation: Array
    mean: Array
    deterministic: bool = False
    codes: int = 0

    def write(self, graph: Graph, x: Signal, lag: int) -> Signal:
        """Append the draw and the rotation; see `Posterior.write`."""
        latents, full = self.rotation.shape
        drawn = graph.cut(x.name, 0, full, 2)
        if not self.deterministic:
            scale = graph.cut(x.name, full, 2 * full, 2)
            spread = graph.node("Add", [graph.node("Softplus", [scale]), graph.scalar(1e-4)])
            noise = graph.noise("normal", (x.steps, full), delay=lag)
            drawn = graph.node("Add", [drawn, graph.node("Mul", [noise, spread])])
        shift = (-self.rotation @ self.mean).astype(np.float32)
        z = graph.matrix(drawn, self.rotation.T, shift, exact=True)
        return Signal(z, x.steps, latents)


@dataclass(frozen=True, slots=True)
class Features:
    """Wasserstein: the outlets are what the network gives."""

    codes: int = 0

    def write(self, graph: Graph, x: Signal, lag: int) -> Signal:  # noqa: ARG002 - nothing is drawn
        """Append nothing; see `Posterior.write`."""
        return x


@dataclass(frozen=True, slots=True)
class Angles:
    """Spherical: the direction of a vector as angles from -1 to 1, the last one a full turn."""

    codes: int = 0

    def write(self, graph: Graph, x: Signal, lag: int) -> Signal:  # noqa: ARG002 - nothing is drawn
        """Append the angles between each axis and what lies on it and behind it."""
        last = x.channels - 1
        behind = np.tri(x.channels, last, dtype=np.float32)  # sums each axis with all after it
        power = graph.matrix(graph.node("Mul", [x.name, x.name]), behind, exact=True)
        # Silence has no direction: the original gives NaN, this one angles of 90 degrees.
        length = graph.node("Max", [graph.node("Sqrt", [power]), graph.scalar(1e-20)])
        cosine = graph.node("Div", [graph.cut(x.name, 0, last, 2), length])
        cosine = graph.node("Clip", [cosine, graph.scalar(-1), graph.scalar(1)])
        turns = graph.node("Mul", [graph.node("Acos", [cosine]), graph.scalar(2 / np.pi)])
        angle = graph.node("Sub", [turns, graph.scalar(1)])
        # The last axis tells on which side of the circle the vector lies.
        final = graph.node("Mul", [graph.cut(turns, last - 1, last, 2), graph.scalar(0.5)])
        upper = graph.node(
            "GreaterOrEqual", [graph.cut(x.name, last, last + 1, 2), graph.scalar(0)]
        )
        one = graph.scalar(1)
        side = graph.node(
            "Where", [upper, graph.node("Sub", [final, one]), graph.node("Sub", [one, final])]
        )
        if last == 1:
            return Signal(side, x.steps, last)
        joined = graph.node("Concat", [graph.cut(angle, 0, last - 1, 2), side], axis=2)
        return Signal(joined, x.steps, last)


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """One codebook: `search` (codes, inner) are the entries compared, `given` those subtracted.

    `project` (inner, width) and `offset` (inner,) lead from what is left to the entries' space.
    """

    search: Array
    given: Array
    project: Array | None = None
    offset: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Discrete: the nearest entry of each codebook to what those before it left."""

    books: tuple[Book, ...]

    @property
    def codes(self) -> int:
        """The number of entries in each codebook."""
        return len(self.books[0].search)

    def write(self, graph: Graph, x: Signal, lag: int) -> Signal:  # noqa: ARG002 - nothing is drawn
        """Append the search through all codebooks; see `Posterior.write`."""
        left, found = x.name, list[str]()
        for book in self.books:
            point = left
            if book.project is not None:
                point = graph.matrix(left, book.project.T, book.offset, exact=True)
            # The nearest entry e of p has the largest 2 p e - |e|^2.
            nearness = graph.matrix(
                point, 2 * book.search.T, -np.square(book.search).sum(1), exact=True
            )
            code = graph.node("ArgMax", [nearness], axis=2, keepdims=0)
            entry = graph.node("Gather", [graph.constant(book.given), code], axis=0)
            left = graph.node("Sub", [left, entry])
            number = graph.node("Cast", [code], to=1)
            found.append(graph.reshape(number, x.steps, 1))
        return Signal(graph.node("Concat", found, axis=2), x.steps, len(found))
