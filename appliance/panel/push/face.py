"""What is to be seen on the surface: lights, strip and screen, made anew from the state."""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.panel.push.buttons import USES
from appliance.panel.push.colours import Light
from appliance.panel.push.grip import Grip
from appliance.panel.push.pads import Pads, presses
from appliance.panel.push.paging import layer_of, page_of
from appliance.panel.push.preset_pads import PresetPads
from appliance.panel.push.screen import Screen
from appliance.panel.push.showing import screen_of
from appliance.panel.push.wording import share_of

_PRESET_PADS = PresetPads()


@dataclass(frozen=True, slots=True)
class Strip:
    """The light bar beside the touch strip: a bar up to `share`, from `rest`, each 0 to 1."""

    share: float = 0.0
    rest: float = 0.0


@dataclass(frozen=True, slots=True)
class Face:
    """Everything to be seen: 64 pads, the buttons by name, the strip and the screen."""

    pads: tuple[Light, ...]
    buttons: Mapping[str, Light]
    strip: Strip
    screen: Screen


def face_of(grip: Grip) -> Face:
    """Return the face of the moment."""
    return Face(
        presses(grip, pads_of(grip)),
        {name: use.light(grip) for name, use in USES.items()},
        _strip(grip),
        screen_of(grip),
    )


def pads_of(grip: Grip) -> Pads:
    """Return what the pads do now."""
    chord = any(name in grip.buttons for name in ("new", "save", "duplicate", "select"))
    if grip.pads_are_presets or chord:
        return _PRESET_PADS
    return layer_of(grip).pads


def strip_address(grip: Grip) -> str | None:
    """Return what the strip plays."""
    return grip.expand(page_of(grip).expression)


def _strip(grip: Grip) -> Strip:
    address = strip_address(grip)
    if address is None:
        return Strip()
    parameter = grip.parameter(address)
    rest = share_of(parameter, 0.0) if parameter.minimum < 0 < parameter.maximum else 0.0
    rest = 0.0 if parameter.unit == "dB" else rest
    return Strip(share_of(parameter, grip.get(address)), rest)
