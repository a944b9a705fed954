"""The axes on which a vschaos2 export shows its latents: its own, or those of a projection.

Source: acids-ircam/vschaos2, whose exports carry fitted PCA and ICA and a spherical projection,
chosen by the attribute "dimred". The mean of the latents in training is taken off before and added
afterwards.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from appliance.decoders.graph import Graph, Signal
from appliance.decoders.layers import Array
from appliance.decoders.scripted import Module, UnknownTreeError, array, child, has, kind
from appliance.errors import ModelError

NONE = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """z @ `matrix` (latents, latents) + `shift` (latents,)."""

    matrix: Array
    shift: Array

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append the product, (batch, 1, latents) to the same shape."""
        return Signal(graph.matrix(z.name, self.matrix, self.shift, exact=True), 1, z.channels)


@dataclass(frozen=True, slots=True, eq=False)
class Angles:
    """The length of z - `mean` (latents,) and its direction as angles in degrees.

    All but the last are 0 to 180, the last a full turn.
    """

    mean: Array

    def write(self, graph: Graph, z: Signal) -> Signal:
        """Append the angle between each axis and what lies on it and behind it."""
        count = z.channels
        x = graph.node("Sub", [z.name, graph.constant(self.mean)])
        behind = np.tri(count, dtype=np.float32)  # sums each axis with all after it
        power = graph.matrix(graph.node("Mul", [x, x]), behind, exact=True)
        # Where there is no direction the original gives NaN, this one 90 degrees.
        length = graph.node("Max", [graph.node("Sqrt", [power]), graph.scalar(1e-20)])
        radius = graph.cut(length, 0, 1, 2)
        cosine = graph.node("Div", [graph.cut(x, 0, count - 1, 2), graph.cut(length, 0, -1, 2)])
        cosine = graph.node("Clip", [cosine, graph.scalar(-1), graph.scalar(1)])
        angle = graph.node("Mul", [graph.node("Acos", [cosine]), graph.scalar(180 / math.pi)])
        last = graph.cut(angle, count - 2, count - 1, 2)
        upper = graph.node("GreaterOrEqual", [graph.cut(x, count - 1, count, 2), graph.scalar(0)])
        whole = graph.node("Sub", [graph.scalar(360), last])
        parts = [radius, graph.node("Where", [upper, last, whole])]
        if count > 2:
            parts.insert(1, graph.cut(angle, 0, count - 2, 2))
        return Signal(graph.node("Concat", parts, axis=2), 1, count)


def chosen(model: Module) -> str:
    """Return the projection that is set, "none" if there is none."""
    return str(model.dimred[0]) if has(model, "dimred") else NONE


def project(model: Module, name: str, source: Path) -> None:
    """Let `model` show its latents on the axes called `name`; raises ModelError if it cannot."""
    known = (NONE, *offered(model))
    if name not in known or not hasattr(model, "set_dimred") or model.set_dimred(name) != 0:
        raise ModelError(
            f"{source} has no projection '{name}' of its latents, only {', '.join(known)}. "
            "Leave --projection away, or use one of these."
        )


def offered(model: Module) -> tuple[str, ...]:
    """Return the projections that an export carries; a fitted one that never was is left out."""
    if not hasattr(model, "dimreds"):
        return ()
    return tuple(name for name, part in model.dimreds.named_children() if _fitted(_inner(part)))


def decoding(model: Module, latents: int) -> Linear | None:
    """Return what leads from the shown axes to the network's, None if they are the same.

    Raises UnknownTreeError for a projection of another kind.
    """
    name = chosen(model)
    if name == NONE:
        return None
    part, mean = _part(model, name, latents)
    match kind(part):
        case "PCA":
            return Linear(_square(part.components, latents), mean + array(part.latent_mean))
        case "ICA":
            matrix = np.ascontiguousarray(_square(part.mixing, latents).T)
            return Linear(matrix, mean + array(part.latent_mean))
        case "Spherical":
            return Linear(_turned_back(part, latents), mean)
        case other:
            raise UnknownTreeError(f"its latents are projected by a {other}")


def encoding(model: Module, latents: int) -> Linear | Angles | None:
    """Return what leads from the network's axes to the shown ones; raises as `decoding` does."""
    name = chosen(model)
    if name == NONE:
        return None
    part, mean = _part(model, name, latents)
    match kind(part):
        case "PCA" | "ICA":
            matrix = np.ascontiguousarray(_square(part.components, latents).T)
            shift: Array = (-(mean + array(part.latent_mean)) @ matrix).astype(np.float32)
            return Linear(matrix, shift)
        case "Spherical":
            return Angles(mean)
        case other:
            raise UnknownTreeError(f"its latents are projected by a {other}")


def _part(model: Module, name: str, latents: int) -> tuple[Any, Array]:
    parts = dict(child(model, "dimreds").named_children())
    if name not in parts:
        raise UnknownTreeError(f"its latents are projected by '{name}', which it lacks")
    mean = array(model.latent_mean).reshape(-1)
    if mean.shape != (latents,):
        raise UnknownTreeError(f"its mean has {len(mean)} latents")
    return _inner(parts[name]), mean


def _inner(part: Module) -> Module:
    return child(part, "dimred_module") if kind(part) == "DimredWrapper" else part


def _fitted(part: Module) -> bool:
    return not hasattr(part, "components") or bool(part.components.any())


def _square(tensor: torch.Tensor, latents: int) -> Array:
    matrix = array(tensor)
    if matrix.shape != (latents, latents):
        raise UnknownTreeError(f"its projection has shape {matrix.shape}")
    return matrix


def _turned_back(part: Module, latents: int) -> Array:
    """Return what published exports do with a length and angles: degrees to radians, no more."""
    trial = torch.linspace(-80, 80, latents)[None]
    expected = np.eye(latents, dtype=np.float32)
    expected[range(1, latents), range(1, latents)] = math.pi / 180
    given = part.invert(trial.clone())[0].numpy()
    if not np.allclose(given, trial[0].numpy() @ expected, atol=1e-4):
        raise UnknownTreeError("its spherical projection is of another kind")
    return expected
