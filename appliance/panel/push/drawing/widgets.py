"""The widgets: dial, tab, lower label, bar. Each is drawn once and kept until it changes."""

import functools
import math

from PIL import Image, ImageDraw

from appliance.panel.push.colours import Level
from appliance.panel.push.drawing.lettering import largest, width, write
from appliance.panel.push.drawing.theme import (
    BACKGROUND,
    COLUMN,
    DIALS,
    FAINT,
    LOWER,
    LOWER_SIZES,
    NAME_SIZE,
    PANEL,
    RGB,
    SECOND,
    SMALL_SIZE,
    TAB_SIZE,
    TABS,
    TEXT,
    TOUCHED_SIZES,
    TRACK,
    VALUE_SIZES,
    faded,
    on_colour,
)
from appliance.panel.push.screen import Column, Label

_KEPT = 512
_FINER = 4  # arcs are drawn so many times larger
_ARC = 42  # diameter of a dial
_THICK = 6
_FIRST, _SWEEP = 135.0, 270.0  # degrees, clockwise from the right
_STEPS = 135  # a dial's positions: two degrees each
_MOST_MARKS = 16  # positions of a switch that are drawn one by one


def band(rows: tuple[int, int], wide: int = COLUMN, colour: RGB = BACKGROUND) -> Image.Image:
    """Return an empty picture as high as `rows`."""
    return Image.new("RGB", (wide, rows[1] - rows[0]), colour)


@functools.lru_cache(_KEPT)
def tab(label: Label) -> Image.Image:
    """Return the word below an upper button; the open page's is filled."""
    image = band(TABS)
    if not label.text:
        return image
    if label.level == Level.FULL:
        rounded(image, (2, 1, COLUMN - 3, 20), 4, label.colour.rgb)
        write(image, (COLUMN // 2, 16), label.text, TAB_SIZE, on_colour(label.colour),
              room=COLUMN - 12, anchor="middle")  # fmt: skip
    else:
        write(image, (COLUMN // 2, 16), label.text, TAB_SIZE, SECOND, room=COLUMN - 12,
              anchor="middle")  # fmt: skip
        ImageDraw.Draw(image).line((14, 20, COLUMN - 15, 20), faded(label.colour, 0.6))
    return image


@functools.lru_cache(_KEPT)
def lower(label: Label) -> Image.Image:
    """Return the word above a lower button: lit as the button is."""
    image = band(LOWER)
    if not label.text:
        return image
    on = label.level == Level.FULL
    draw = ImageDraw.Draw(image)
    rounded(image, (2, 1, COLUMN - 3, 18), 4, PANEL if on else BACKGROUND)
    rounded(image, (6, 5, 13, 14), 2, label.colour.rgb if on else BACKGROUND)
    if not on:
        draw.rounded_rectangle((6, 5, 13, 14), 2, outline=faded(label.colour, 0.7))
    size = largest(label.text, LOWER_SIZES, COLUMN - 23)
    write(image, (19, 15), label.text, size, TEXT if on else FAINT, room=COLUMN - 23)
    return image


@functools.lru_cache(_KEPT)
def dial(column: Column) -> Image.Image:
    """Return an encoder's column: name, arc or marks, value and unit."""
    ground = faded(column.colour, 0.24) if column.touched else BACKGROUND
    image = band(DIALS, colour=BACKGROUND)
    if column.touched:
        rounded(image, (1, 0, COLUMN - 2, 65), 6, ground)
    tint = faded(column.colour, 0.45) if column.muted else column.colour.rgb
    write(image, (6, 14), column.name, NAME_SIZE, TEXT if column.touched else SECOND,
          room=COLUMN - 10)  # fmt: skip
    track = faded(column.colour, 0.42) if column.touched else TRACK
    marks = 1 < column.choices <= _MOST_MARKS
    if marks:
        image.paste(track, (6, 20), _marks(column.choices, None))
        chosen = round(column.share * (column.choices - 1))
        image.paste(tint, (6, 20), _marks(column.choices, chosen))
    else:
        image.paste(track, (6, 20), _arc(0, _STEPS))
        rest, here = round(column.rest * _STEPS), round(column.share * _STEPS)
        image.paste(tint, (6, 20), _arc(min(rest, here), max(rest, here)))
        image.paste(TEXT, (6, 20), _needle(here))
    _value(image, column)
    return image


def _value(image: Image.Image, column: Column) -> None:
    left, room = 54, COLUMN - 56
    sizes = TOUCHED_SIZES if column.touched else VALUE_SIZES
    size = largest(column.value, sizes, room)
    colour = SECOND if column.muted and not column.touched else TEXT
    baseline = 46 if column.unit else 50
    write(image, (left, baseline), column.value, size, colour, room=room)
    write(image, (left, 62), column.unit, SMALL_SIZE, SECOND)


def bar(
    image: Image.Image,
    box: tuple[int, int, int, int],
    share: float,
    colour: RGB,
    track: RGB = TRACK,
) -> None:
    """Fill `box` (left, top, right, bottom) up to `share` of its width."""
    left, top, right, bottom = box
    draw = ImageDraw.Draw(image)
    draw.rectangle((left, top, right - 1, bottom - 1), track)
    end = left + round(min(max(share, 0.0), 1.0) * (right - left))
    if end > left:
        draw.rectangle((left, top, end - 1, bottom - 1), colour)


def pill(image: Image.Image, place: tuple[int, int], text: str, colour: RGB, ink: RGB) -> int:
    """Write `text` on a rounded ground with its left end at `place`; return the width."""
    wide = width(text, SMALL_SIZE) + 14
    rounded(image, (place[0], place[1], place[0] + wide, place[1] + 17), 5, colour)
    write(image, (place[0] + 7, place[1] + 14), text, SMALL_SIZE, ink)
    return wide


def rounded(image: Image.Image, box: tuple[int, int, int, int], radius: int, fill: RGB) -> None:
    """Draw a rounded ground."""
    ImageDraw.Draw(image).rounded_rectangle(box, radius, fill=fill)


@functools.lru_cache(_KEPT)
def _arc(start: int, end: int) -> Image.Image:
    """Return the mask of a dial's arc between two of its positions."""
    size = _ARC * _FINER
    mask = Image.new("L", (size, size))
    if end > start:
        first = _FIRST + _SWEEP * start / _STEPS
        last = _FIRST + _SWEEP * end / _STEPS
        ImageDraw.Draw(mask).arc((1, 1, size - 2, size - 2), first, last, 255, _THICK * _FINER)
    return mask.resize((_ARC, _ARC), Image.Resampling.LANCZOS)


@functools.lru_cache(_KEPT)
def _needle(place: int) -> Image.Image:
    """Return the mask of a dial's needle."""
    size = _ARC * _FINER
    mask = Image.new("L", (size, size))
    angle = math.radians(_FIRST + _SWEEP * place / _STEPS)
    middle, outer, inner = size / 2, size / 2 - 2, size / 2 - (_THICK + 7) * _FINER
    points = [
        (middle + radius * math.cos(angle), middle + radius * math.sin(angle))
        for radius in (inner, outer)
    ]
    ImageDraw.Draw(mask).line(points, 255, 3 * _FINER)
    return mask.resize((_ARC, _ARC), Image.Resampling.LANCZOS)


@functools.lru_cache(_KEPT)
def _marks(count: int, chosen: int | None) -> Image.Image:
    """Return the mask of a switch's positions around the dial, or of the chosen one alone."""
    size = _ARC * _FINER
    mask = Image.new("L", (size, size))
    draw = ImageDraw.Draw(mask)
    gap = 8.0
    each = (_SWEEP + gap) / count
    for place in range(count) if chosen is None else (chosen,):
        first = _FIRST + each * place
        draw.arc((1, 1, size - 2, size - 2), first, first + each - gap, 255, _THICK * _FINER)
    return mask.resize((_ARC, _ARC), Image.Resampling.LANCZOS)
