"""The instrument's colours, the same on pads, buttons and display."""

from dataclasses import dataclass
from enum import Enum, IntEnum


class Colour(Enum):
    """A colour by name; the value is red, green, blue from 0 to 255."""

    WHITE = (236, 236, 236)
    GREY = (150, 150, 150)
    RED = (255, 64, 50)
    ORANGE = (255, 118, 44)
    AMBER = (255, 178, 20)
    YELLOW = (255, 226, 64)
    LIME = (178, 240, 40)
    GREEN = (60, 214, 96)
    TEAL = (24, 208, 176)
    SKY = (64, 172, 255)
    BLUE = (104, 132, 255)
    VIOLET = (168, 108, 255)
    PINK = (255, 92, 164)

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green, blue from 0 to 255."""
        return self.value


class Level(IntEnum):
    """How bright a light is: dim means that there is something to press."""

    OFF = 0
    DIM = 1
    FULL = 2


class Motion(IntEnum):
    """How a light moves: a pulse swells, a blink switches, both once a beat."""

    STILL = 0
    PULSE = 1
    BLINK = 2


@dataclass(frozen=True, slots=True)
class Light:
    """What a pad or a button shows; a moving light moves between dim and full."""

    colour: Colour = Colour.WHITE
    level: Level = Level.OFF
    motion: Motion = Motion.STILL


DARK = Light()
AVAILABLE = Light(Colour.WHITE, Level.DIM)
ACTIVE = Light(Colour.WHITE, Level.FULL)

MODULE_COLOURS: dict[str, Colour] = {
    "offset": Colour.AMBER,
    "oscillators": Colour.SKY,
    "noise": Colour.VIOLET,
    "encoder": Colour.GREEN,
    "jam": Colour.PINK,
    "terrain": Colour.TEAL,
}
"""The colour of each latent module, on its page and in the meters."""
