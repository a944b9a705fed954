"""What a page says, each message checked before it is believed."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from appliance.panel.push.controls import PUSH2
from appliance.panel.push.events import (
    PADS,
    ButtonPressed,
    ButtonReleased,
    EncoderReleased,
    EncoderTouched,
    EncoderTurned,
    Event,
    PadPressed,
    PadPressure,
    PadReleased,
    StripMoved,
    StripReleased,
    StripTouched,
)
from appliance.panel.signals import Contact

Pad = Annotated[int, Meta(ge=0, lt=PADS)]
Share = Annotated[float, Meta(ge=0, le=1)]
Address = Annotated[str, Meta(min_length=1, max_length=128)]

_BUTTONS = frozenset(button.name for button in PUSH2.buttons)
_ENCODERS = frozenset(encoder.name for encoder in PUSH2.encoders)


class Message(msgspec.Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    """Anything a page says."""


class Press(Message, frozen=True, tag="pad"):
    """A pad goes down, `velocity` 1 to 127."""

    pad: Pad
    velocity: Annotated[int, Meta(ge=1, le=127)] = 100


class Pressure(Message, frozen=True, tag="pressure"):
    """A held pad is pressed harder or less."""

    pad: Pad
    pressure: Share


class Release(Message, frozen=True, tag="release"):
    """A pad comes up."""

    pad: Pad


class Button(Message, frozen=True, tag="button"):
    """A button goes down or comes up."""

    name: str
    down: bool


class Turn(Message, frozen=True, tag="turn"):
    """An encoder turns by `steps`, about 210 to a turn."""

    name: str
    steps: Annotated[int, Meta(ge=-2000, le=2000)]


class Touch(Message, frozen=True, tag="touch"):
    """A finger comes to an encoder, or leaves it."""

    name: str
    on: bool


class Strip(Message, frozen=True, tag="strip"):
    """The finger on the strip, 0 at the bottom to 1; None when it has left."""

    place: Share | None


class Pedal(Message, frozen=True, tag="pedal"):
    """A footswitch goes down or comes up: 0 is the left one, 1 the right one."""

    switch: Annotated[int, Meta(ge=0, le=1)]
    down: bool


class Set(Message, frozen=True, tag="set"):
    """A parameter gets a value, None for its default."""

    address: Address
    value: float | None


class Command(Message, frozen=True, tag="command"):
    """A message for the engine."""

    address: Address
    arguments: Annotated[list[float | str], Meta(max_length=4)] = []


class Show(Message, frozen=True, tag="show"):
    """What the page shows now: only that is sent."""

    topics: Annotated[list[str], Meta(max_length=8)]


class Seen(Message, frozen=True, tag="seen"):
    """The picture of this number is on the screen."""

    frame: int


class Ping(Message, frozen=True, tag="ping"):
    """Asks for an answer, to learn how long that takes."""

    at: float


Said = (
    Press
    | Pressure
    | Release
    | Button
    | Turn
    | Touch
    | Strip
    | Pedal
    | Set
    | Command
    | Show
    | Seen
    | Ping
)

Act = Event | Contact
"""What a gesture comes to: at the surface, or at a footswitch (whose time is still to be set)."""

_decode = msgspec.json.Decoder(Said).decode


def parse(text: str) -> Said:
    """Return what a page said; raises msgspec.MsgspecError if it is not to be understood."""
    said: Any = _decode(text)
    if isinstance(said, Button) and said.name not in _BUTTONS:
        raise msgspec.ValidationError(f"There is no button '{said.name}'")
    if isinstance(said, Turn | Touch) and said.name not in _ENCODERS:
        raise msgspec.ValidationError(f"There is no encoder '{said.name}'")
    return said


class Hands:
    """The hands of one page: what they hold is let go when the page goes."""

    def __init__(self) -> None:
        """Begin with free hands."""
        self._held: dict[tuple[str, object], Act] = {}

    def events(self, said: Said) -> list[Act]:
        """Return what a gesture comes to, [] if it is none."""
        events: list[Act] = []
        grip = _grip(said)
        if grip is not None:
            key, pressed, released = grip
            if pressed is None:
                last = self._held.pop(key, None)
                events += [last] if last is not None else []
            elif key not in self._held:
                self._held[key] = released
                events.append(pressed)
        match said:
            case Turn(name, steps) if steps:
                events.append(EncoderTurned(name, steps))
            case Pressure(pad, pressure) if ("pad", pad) in self._held:
                events.append(PadPressure(pad, pressure))
            case Strip(float(place)):
                events.append(StripMoved(place))
            case _:
                pass
        return events

    def let_go(self) -> list[Act]:
        """Return the releases of all that is held."""
        events = list(self._held.values())
        self._held.clear()
        return events


def _grip(said: Said) -> tuple[tuple[str, object], Act | None, Act] | None:
    """Return what is held or let go (then there is no event to press), and its release."""
    grip: tuple[tuple[str, object], Act | None, Act] | None = None
    match said:
        case Press(pad, velocity):
            grip = (("pad", pad), PadPressed(pad, velocity), PadReleased(pad))
        case Release(pad):
            grip = (("pad", pad), None, PadReleased(pad))
        case Button(name, down):
            grip = (("button", name), ButtonPressed(name) if down else None, ButtonReleased(name))
        case Touch(name, on):
            grip = (("knob", name), EncoderTouched(name) if on else None, EncoderReleased(name))
        case Strip(place):
            grip = (("strip", 0), None if place is None else StripTouched(), StripReleased())
        case Pedal(switch, down):
            pressed, released = (Contact(switch, closed, 0.0) for closed in (True, False))
            grip = (("pedal", switch), pressed if down else None, released)
        case _:
            pass
    return grip
