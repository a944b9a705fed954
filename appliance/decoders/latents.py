"""How a RAVE decoder's inlets become the latent that its network reads."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array


class Latent(Protocol):
    """The inlets of one kind of model."""

    @property
    def latents(self) -> int:
        """The number of inlets."""
        ...

    @property
    def codes(self) -> int:
        """How many whole numbers from 0 on an inlet tells apart; 0 if it is continuous."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a player must know of the inlets."""
        ...

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append: inlets (batch, steps, latents) to the network's (batch, steps, full)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Rotation:
    """Variational: the axes a player does not see are random, or zero if `deterministic`.

    `rotation` (full, full) and `mean` (full,) lead from principal axes to the network's.
    """

    latents: int
    rotation: Array
    mean: Array
    deterministic: bool = False
    codes: int = 0
    notes: tuple[str, ...] = ()

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append the padding and the rotation; see `Latent.write`."""
        full = len(self.mean)
        joined, rotation = z.name, self.rotation
        if self.deterministic:
            rotation = rotation[: self.latents]
        elif full > self.latents:
            joined = padded(graph, z, full - self.latents).name
        return Signal(graph.matrix(joined, rotation, self.mean, exact=True), z.steps, full)


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """Wasserstein: the inlets as they are, `noise` random axes behind them."""

    latents: int
    noise: int
    codes: int = 0
    notes: tuple[str, ...] = ()

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append the random axes; see `Latent.write`."""
        return padded(graph, z, self.noise)


@dataclass(frozen=True, slots=True, eq=False)
class Sphere:
    """Spherical: each inlet an angle from -1 to 1, together a point of the unit sphere."""

    latents: int
    codes: int = 0
    notes: tuple[str, ...] = ("Its inlets are angles from -1 to 1 and wrap around beyond.",)

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append the point's latents + 1 coordinates; see `Latent.write`."""
        half = graph.node("Mul", [z.name, graph.scalar(0.5)])
        turns = graph.node("Add", [half, graph.scalar(0.5)])
        turns = graph.node("Sub", [turns, graph.node("Floor", [turns])])
        period = np.full(self.latents, np.pi, np.float32)
        period[-1] = 2 * np.pi
        angles = graph.node("Mul", [turns, graph.constant(period)])
        cosines, sines = (self._columns(graph, graph.node(f, [angles])) for f in ("Cos", "Sin"))
        points, product = [cosines[0]], sines[0]
        for cosine, sine in zip(cosines[1:], sines[1:], strict=True):
            points.append(graph.node("Mul", [product, cosine]))
            product = graph.node("Mul", [product, sine])
        joined = graph.node("Concat", [*points, product], axis=2)
        return Signal(joined, z.steps, self.latents + 1)

    def _columns(self, graph: Graph, x: str) -> list[str]:
        return graph.nodes("Split", [x], self.latents, axis=2) if self.latents > 1 else [x]


@dataclass(frozen=True, slots=True, eq=False)
class Codebooks:
    """Discrete: each inlet the number of an entry of its codebook; the entries are summed.

    `tables` is (latents, codes, width); `noise` random axes stand behind the sum.
    """

    tables: Array
    noise: int

    @property
    def latents(self) -> int:
        """The number of inlets, one per codebook."""
        return len(self.tables)

    @property
    def codes(self) -> int:
        """The number of entries in each codebook."""
        return self.tables.shape[1]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the inlets mean."""
        return (f"Its inlets are codes: whole numbers from 0 to {self.codes - 1}.",)

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append the sum of entries and the random axes; see `Latent.write`."""
        limits = [graph.scalar(0), graph.scalar(self.codes - 1)]
        codes = graph.node("Cast", [graph.node("Clip", [z.name, *limits])], to=7)
        # NaN passes the first limit, and what it becomes as a whole number would leave the table.
        bounds = [graph.constant(np.array(n, np.int64)) for n in (0, self.codes - 1)]
        codes = graph.node("Clip", [codes, *bounds])
        starts = np.arange(self.latents, dtype=np.int64) * self.codes
        places = graph.node("Add", [codes, graph.constant(starts)])
        width = self.tables.shape[2]
        flat = graph.constant(self.tables.reshape(-1, width))
        entries = graph.node("Gather", [flat, places], axis=0)
        axis = graph.constant(np.array([2], np.int64))
        total = graph.node("ReduceSum", [entries, axis], keepdims=0)
        return padded(graph, Signal(total, z.steps, width), self.noise)


def padded(graph: Graph, z: Signal, noise: int) -> Signal:
    """Append `noise` random axes to `z`."""
    if noise == 0:
        return z
    drawn = graph.noise("normal", (z.steps, noise))
    joined = graph.node("Concat", [z.name, drawn], axis=2)
    return Signal(joined, z.steps, z.channels + noise)
