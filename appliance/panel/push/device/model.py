"""The models of Push: how each is recognised and what sets it apart."""

from dataclasses import dataclass

from appliance.panel.push.controls import PUSH1, PUSH2, PUSH3, Controls


@dataclass(frozen=True, slots=True)
class Model:
    """One model: the client name of its MIDI ports, the port that is played on, its display.

    `product` is the USB product of the display, None if the display is written by MIDI.
    """

    name: str
    client: str
    port: int
    controls: Controls
    product: int | None

    @property
    def ableton(self) -> bool:
        """Whether it speaks Ableton's sysex (Push 2 and 3) and not Akai's."""
        return self.product is not None


VENDOR = 0x2982
"""Ableton's USB vendor number."""

MODELS = (
    Model("Push 3", "Ableton Push 3", 0, PUSH3, 0x1969),
    Model("Push 2", "Ableton Push 2", 0, PUSH2, 0x1967),
    Model("Push 1", "Ableton Push", 1, PUSH1, None),
)
"""In the order in which a client's name is compared: the shortest name comes last."""


def model_of(client: str) -> Model | None:
    """Return the model whose MIDI client is called `client`, None if it is no Push."""
    return next((model for model in MODELS if client.startswith(model.client)), None)
