"""Words on the display: one typeface, drawn once and then pasted.

The typeface is Source Sans Pro Semibold, from a package of its own (SIL Open Font License 1.1), so
that a picture is the same on every machine.
"""

import functools
import importlib.util
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from appliance.errors import ConfigError
from appliance.panel.push.drawing.theme import RGB

_PACKAGE = "font_source_sans_pro"
_FILE = "files/SourceSansPro-Semibold.ttf"
_KEPT = 2048


@functools.cache
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """Return the typeface with `size` pixels to the em; raises ConfigError if it is missing."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(
            "The typeface of the display is missing. Install it: pip install font-source-sans-pro."
        )
    file = Path(found.submodule_search_locations[0]) / _FILE
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(_KEPT)
def width(text: str, size: int) -> int:
    """Return the width of `text` in pixels."""
    return round(typeface(size).getlength(text))


@functools.lru_cache(_KEPT)
def _mask(text: str, size: int) -> Image.Image:
    ascent, descent = typeface(size).getmetrics()
    mask = Image.new("L", (max(1, width(text, size) + 1), ascent + descent))
    ImageDraw.Draw(mask).text((0, 0), text, fill=255, font=typeface(size))
    return mask


@functools.lru_cache(_KEPT)
def fitted(text: str, size: int, room: int) -> str:
    """Return `text`, cut with an ellipsis if it is wider than `room` pixels."""
    if width(text, size) <= room:
        return text
    while text and width(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def write(
    image: Image.Image,
    place: tuple[int, int],
    text: str,
    size: int,
    colour: RGB,
    *,
    room: int | None = None,
    anchor: str = "left",
) -> int:
    """Write `text` with its baseline at `place`; return its width.

    `anchor` left, middle or right says where of the text the place is. Text wider than `room` is
    cut.
    """
    text = text if room is None else fitted(text, size, room)
    if not text:
        return 0
    wide = width(text, size)
    left = place[0] - {"left": 0, "middle": wide // 2, "right": wide}[anchor]
    ascent, _ = typeface(size).getmetrics()
    image.paste(colour, (left, place[1] - ascent), _mask(text, size))
    return wide


def largest(text: str, sizes: tuple[int, ...], room: int) -> int:
    """Return the largest of `sizes` in which `text` fits into `room`, or the smallest."""
    return next((size for size in sizes if width(text, size) <= room), sizes[-1])
