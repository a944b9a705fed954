"""Real-time: the terrain module, one point of a plane on which latents lie."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.grid import CONTROL_PERIOD
from appliance.parameters import Values

Floats = NDArray[np.float64]


class Ground(Protocol):
    """A map of latents; never changed once it is made."""

    def at(self, x: float, y: float, sharpness: float, out: Floats) -> None:
        """Write the latents at `x`, `y`, each 0 to 1, into `out`, float64 (8,)."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """Latents at places, joined smoothly: each weighs by its distance to the power -2 sharpness.

    `position` is float64 (places, 2), `latents` (places, 8), `weight` (places,), above 0. At a
    place its own latents are met (Shepard's interpolation of 1968).
    """

    position: Floats
    latents: Floats
    weight: Floats

    def at(self, x: float, y: float, sharpness: float, out: Floats) -> None:
        """Write the latents at `x`, `y`; see `Ground`."""
        away = self.position - (x, y)
        distance = np.maximum((away * away).sum(axis=1), 1e-12)
        near = self.weight * (distance.min() / distance) ** sharpness
        np.dot(near / near.sum(), self.latents, out=out)


@dataclass(frozen=True, slots=True)
class Net:
    """A small network from Fourier features of the place to latents; see `terrain.training`.

    `waves` is float64 (features, 2); `layers` are weights (outputs, inputs) and biases (outputs,),
    with tanh between them. `mean` and `scale`, (8,), bring its outputs to latents.
    """

    waves: Floats
    layers: tuple[tuple[Floats, Floats], ...]
    mean: Floats
    scale: Floats

    def at(self, x: float, y: float, sharpness: float, out: Floats) -> None:
        """Write the latents at `x`, `y`; see `Ground`. A net is as sharp as it was trained."""
        del sharpness
        angle = self.waves @ (x, y)
        signal = np.concatenate((np.sin(angle), np.cos(angle)))
        for weights, bias in self.layers[:-1]:
            signal = np.tanh(weights @ signal + bias)
        weights, bias = self.layers[-1]
        np.multiply(weights @ signal + bias, self.scale, out=out)
        np.add(out, self.mean, out=out)


class Terrain:
    """The latents at one place, which glides in a straight line to where the parameters lead.

    `ground` may be swapped by any thread; without one the module gives 0.
    """

    name = "terrain"

    def __init__(self, values: Values, rate: float) -> None:
        """Read the rows below /terrain of `values`; `rate` is in samples a second."""
        names = ("x", "y", "expression", "glide_ms", "sharpness")
        self._x, self._y, self._expression, self._glide_ms, self._sharpness = (
            values.view(f"/terrain/{name}") for name in names
        )
        self._per_ms = rate / CONTROL_PERIOD / 1000
        self.ground: Ground | None = None
        self._latents = np.zeros(LATENT_CHANNELS)
        self.reset()

    @property
    def place(self) -> tuple[float, float]:
        """Where the module is now."""
        return self._place

    def reset(self, start: int = 0) -> None:
        """Begin anew, at the place that the parameters name."""
        del start
        self._goal = self._place = (float(self._x[0]), float(self._y[0]))
        self._left = 0  # instants until the goal is reached
        self._known: tuple[Ground | None, float] = (None, 0.0)

    def evaluate(self, start: int, out: Floats) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n)."""
        del start
        goal = (float(self._x[0]), float(self._y[0]))
        if goal != self._goal:
            self._goal = goal
            self._left = max(1, math.ceil(float(self._glide_ms[0]) * self._per_ms))
        ground, sharpness = self.ground, float(self._sharpness[0])
        if ground is None:
            self._place, self._left = goal, 0
            self._known = (None, 0.0)
            out.fill(0.0)
            return
        if self._known[0] is not ground or self._known[1] != sharpness:
            self._known = (ground, sharpness)
            ground.at(*self._place, sharpness, self._latents)
        for instant in range(out.shape[1]):
            if self._left:
                (x, y), share = self._place, 1 / self._left
                self._left -= 1
                self._place = (
                    (x + (goal[0] - x) * share, y + (goal[1] - y) * share) if self._left else goal
                )
                ground.at(*self._place, sharpness, self._latents)
            np.multiply(self._latents, self._expression[0], out=out[:, instant])
