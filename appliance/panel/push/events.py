"""What hands do on a Push, whatever its model, and on the web page.

Pads are numbered 0 to 63 as a page is read: 0 is top left, 7 top right, 63 bottom right. Buttons
and encoders go by the names of `controls`.
"""

from dataclasses import dataclass

PADS = 64


@dataclass(frozen=True, slots=True)
class PadPressed:
    """A pad was struck, `velocity` 1 to 127."""

    pad: int
    velocity: int = 100


@dataclass(frozen=True, slots=True)
class PadReleased:
    """A pad was let go."""

    pad: int


@dataclass(frozen=True, slots=True)
class PadPressure:
    """The hardest pressed pad (None: the device does not say which) is pressed by 0 to 1."""

    pad: int | None
    pressure: float


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """A button went down."""

    name: str


@dataclass(frozen=True, slots=True)
class ButtonReleased:
    """A button came up."""

    name: str


@dataclass(frozen=True, slots=True)
class EncoderTurned:
    """An encoder moved by `steps`, clockwise if positive; about 210 make a turn."""

    name: str
    steps: int


@dataclass(frozen=True, slots=True)
class EncoderTouched:
    """A finger is on an encoder."""

    name: str


@dataclass(frozen=True, slots=True)
class EncoderReleased:
    """The finger has left the encoder."""

    name: str


@dataclass(frozen=True, slots=True)
class StripTouched:
    """A finger is on the touch strip."""


@dataclass(frozen=True, slots=True)
class StripMoved:
    """The finger is at `place` of the strip, 0 at the bottom to 1 at the top."""

    place: float


@dataclass(frozen=True, slots=True)
class StripReleased:
    """The finger has left the strip."""


@dataclass(frozen=True, slots=True)
class PedalMoved:
    """A footswitch in jack 1 (right) or 2 (left) changed. Not played here: see `signals`."""

    jack: int
    down: bool


Event = (
    PadPressed
    | PadReleased
    | PadPressure
    | ButtonPressed
    | ButtonReleased
    | EncoderTurned
    | EncoderTouched
    | EncoderReleased
    | StripTouched
    | StripMoved
    | StripReleased
)
