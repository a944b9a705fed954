"""Measures and colours of the display, in pixels and red, green, blue.

The display has about 0.21 mm a pixel. Read from 60 cm, capitals of values are about 20 minutes of
arc high, of all other words at least 11; every word has a contrast of at least 4.5 to what is
behind it.
"""

from appliance.panel.push.colours import Colour

RGB = tuple[int, int, int]

WIDTH, HEIGHT = 960, 160
COLUMN = 120
"""Width of the column below an encoder."""

TABS = (0, 22)
STATUS = (22, 42)
DIALS = (43, 109)
STRIP = (109, 140)
LOWER = (140, 160)
"""First row and the row after the last of each band."""
HALF = (480, 46, 960, 138)
"""Left, top, right and bottom of a view that takes the right half of dials and strip."""

BACKGROUND: RGB = (0, 0, 0)
SHADE: RGB = (14, 14, 16)
PANEL: RGB = (22, 22, 25)
LINE: RGB = (52, 52, 57)
TRACK: RGB = (62, 62, 68)
TEXT: RGB = (244, 244, 244)
SECOND: RGB = (178, 178, 184)
FAINT: RGB = (132, 132, 140)

VALUE_SIZES = (27, 24, 20, 17)
"""Sizes of a value, the largest that fits is taken."""
TOUCHED_SIZES = (31, 27, 22, 17)
NAME_SIZE = 16
TAB_SIZE = 17
LOWER_SIZES = (17, 15, 14)
SMALL_SIZE = 15


def faded(colour: Colour | RGB, share: float) -> RGB:
    """Return a colour with `share` of its light, 0 to 1."""
    red, green, blue = colour.rgb if isinstance(colour, Colour) else colour
    return round(red * share), round(green * share), round(blue * share)


def contrast(one: RGB, other: RGB) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def on_colour(colour: Colour) -> RGB:
    """Return black or white, whichever is easier to read on `colour`."""
    return max((BACKGROUND, TEXT), key=lambda text: contrast(text, colour.rgb))


def _luminance(colour: RGB) -> float:
    parts = (c / 255 for c in colour)
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
