"""What a page is made of: layers of eight dials, each with its pads, lower buttons and view."""

from dataclasses import dataclass, field
from typing import Literal

from appliance.panel.push.colours import Colour
from appliance.panel.push.grip import Grip
from appliance.panel.push.lower import Lower
from appliance.panel.push.pads import Pads

Sight = Literal["latents", "scope", "reel", "map", "matrix", "facts", "presets"]


@dataclass(frozen=True)
class Layer:
    """One set of dials: address templates for the eight encoders, None where there is none.

    Templates hold {n} (the column), {slot}, {jam} and {row} (what is in hand). `slot` is taken in
    hand when the layer is opened. `names` replace the parameters' own ones.
    """

    name: str
    dials: tuple[str | None, ...]
    pads: Pads = field(default_factory=Pads)
    lower: Lower = field(default_factory=Lower)
    view: Sight = "latents"
    names: tuple[str, ...] = ()
    slot: int | None = None

    def addresses(self, grip: Grip) -> tuple[str | None, ...]:
        """Return the eight addresses as they are now."""
        return tuple(grip.expand(template, n) for n, template in enumerate(self.dials, 1))


@dataclass(frozen=True)
class Page:
    """A page: the strip plays `expression`; `help` has lines of (where, what)."""

    name: str
    title: str
    colour: Colour
    layers: tuple[Layer, ...]
    expression: str | None
    help: tuple[tuple[str, str], ...]

    def open_layers(self, grip: Grip) -> tuple[Layer, ...]:
        """Return the layers that have something to turn on this instrument."""
        return tuple(
            layer for layer in self.layers if any(layer.addresses(grip)) or not any(layer.dials)
        )

    def layer(self, grip: Grip) -> Layer:
        """Return the layer in front."""
        layers = self.open_layers(grip)
        return layers[min(grip.layers.get(self.name, 0), len(layers) - 1)]


def across(template: str) -> tuple[str, ...]:
    """Return a template for all eight columns."""
    return (template,) * 8


def listed(*addresses: str | None) -> tuple[str | None, ...]:
    """Return up to eight addresses, filled up with none."""
    return (*addresses, *(None,) * (8 - len(addresses)))
