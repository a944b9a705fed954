"""The families of models that can be rebuilt as streaming graphs."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from appliance.decoders import (
    rave_encoder_tree,
    rave_tree,
    vschaos2_encoder_tree,
    vschaos2_tree,
)
from appliance.decoders.contract import Encoding
from appliance.decoders.graph import Graph
from appliance.decoders.scripted import Module, UnknownTreeError

Found = TypeVar("Found")
Rule = TypeVar("Rule")


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


class EncoderArchitecture(Protocol):
    """A recognised encoder that can write itself as a graph."""

    @property
    def codes(self) -> int:
        """How many whole numbers a latent tells apart; 0 if it is continuous."""
        ...

    @property
    def delay(self) -> int:
        """Frames by which an encoder that was made streaming is later than its file."""
        ...

    def write(self, graph: Graph, frames: int = 1) -> None:
        """Append the encoder: "audio" (batch, samples) to "z" (batch, frames, latents)."""
        ...


_DECODERS: dict[str, Callable[[Module, int], Architecture]] = {
    "RAVE": rave_tree.recognise,
    "vschaos2": vschaos2_tree.recognise,
}
_ENCODERS: dict[str, Callable[[Module, int, int, int], EncoderArchitecture]] = {
    "RAVE": rave_encoder_tree.recognise,
    "vschaos2": vschaos2_encoder_tree.recognise,
}


def recognise(model: Module, latents: int) -> Architecture:
    """Return the architecture behind a scripted model with `latents` inlets.

    Raises UnknownTreeError saying, family by family, why none fits.
    """
    return _first(_DECODERS, lambda rule: rule(model, latents))


def recognise_encoder(model: Module, encoding: Encoding) -> EncoderArchitecture:
    """Return the architecture of a scripted model's encoder; raises as `recognise` does."""
    shape = (encoding.latents, encoding.channels, encoding.ratio)
    return _first(_ENCODERS, lambda rule: rule(model, *shape))


def _first(rules: Mapping[str, Rule], ask: Callable[[Rule], Found]) -> Found:
    reasons: list[str] = []
    for name, rule in rules.items():
        try:
            return ask(rule)
        except UnknownTreeError as error:
            reasons.append(f"not {name}: {error}")
        except (AttributeError, RuntimeError, KeyError, IndexError, AssertionError) as error:
            # A scripted attribute that is missing or of another shape than the family's.
            reasons.append(f"not {name}: {str(error).splitlines()[0] if str(error) else 'shape'}")
    raise UnknownTreeError("; ".join(reasons))
