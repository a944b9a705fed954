"""The families of decoders that can be rebuilt as streaming graphs."""

from typing import Protocol

from appliance.decoders import rave_tree, vschaos2_tree
from appliance.decoders.graph import Graph
from appliance.decoders.scripted import Module, UnknownTreeError

_FAMILIES = {"RAVE": rave_tree.recognise, "vschaos2": vschaos2_tree.recognise}


class Architecture(Protocol):
    """A recognised decoder that can write itself as a graph."""

    @property
    def family(self) -> str:
        """The family's name on the model card."""
        ...

    @property
    def codes(self) -> int:
        """How many whole numbers an inlet tells apart; 0 if it is continuous."""
        ...

    @property
    def delay(self) -> int:
        """Samples by which a model that was made streaming sounds later than its file."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a player must know of the model."""
        ...

    def write(self, graph: Graph, frames: int = 1) -> None:
        """Append the decoder: "z" (batch, frames, latents) to "audio" (batch, samples)."""
        ...


def recognise(model: Module, latents: int) -> Architecture:
    """Return the architecture behind a scripted model with `latents` inlets.

    Raises UnknownTreeError saying, family by family, why none fits.
    """
    reasons: list[str] = []
    for name, rule in _FAMILIES.items():
        try:
            return rule(model, latents)
        except UnknownTreeError as error:
            reasons.append(f"not {name}: {error}")
        except (AttributeError, RuntimeError, KeyError, IndexError, AssertionError) as error:
            # A scripted attribute that is missing or of another shape than the family's.
            reasons.append(f"not {name}: {str(error).splitlines()[0] if str(error) else 'shape'}")
    raise UnknownTreeError("; ".join(reasons))
