"""The views: latents, scope, reel, map, matrix, facts, presets. These move, and are drawn anew."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from appliance import LATENT_CHANNELS
from appliance.panel.push.colours import MODULE_COLOURS, Colour
from appliance.panel.push.drawing.lettering import largest, write
from appliance.panel.push.drawing.theme import (
    BACKGROUND,
    COLUMN,
    FAINT,
    HALF,
    LINE,
    PANEL,
    SECOND,
    SMALL_SIZE,
    STRIP,
    TEXT,
    TRACK,
    WIDTH,
    faded,
)
from appliance.panel.push.drawing.widgets import bar, rounded
from appliance.panel.push.screen import (
    Facts,
    Latents,
    Map,
    Matrix,
    Presets,
    Reel,
    Scope,
    View,
)

Wave = NDArray[np.float32]

_LATENT_SPAN = 3.0  # latent units from the middle of a meter to its end
_SCOPE_WIDTH = 700
_QUIET_DB = -60.0


def draw_view(image: Image.Image, view: View | None, colour: Colour, wave: Wave | None) -> None:
    """Draw `view` into its place; `wave` is the newest sound, float32 (2, n)."""
    match view:
        case Latents():
            _latents(image, view)
        case Scope():
            _scope(image, view, colour, wave)
        case Reel():
            _reel(image, view, colour)
        case Map():
            _map(image, view, colour)
        case Matrix():
            _matrix(image, view, colour)
        case Facts():
            _facts(image, view)
        case Presets():
            _presets(image, view, colour)
        case None:
            pass


def takes_half(view: View | None) -> bool:
    """Return whether `view` takes the right half, so that there are only four dials."""
    return isinstance(view, Map | Facts | Presets)


def _latents(image: Image.Image, view: Latents) -> None:
    """Draw a meter under each encoder: the sum above, each module's share below."""
    draw = ImageDraw.Draw(image)
    top = STRIP[0] + 2
    scale = (COLUMN / 2 - 8) / _LATENT_SPAN
    for channel in range(LATENT_CHANNELS):
        left = channel * COLUMN
        middle = left + COLUMN // 2
        draw.rectangle((left + 6, top, left + COLUMN - 7, top + 27), PANEL)
        for unit in (-2, -1, 1, 2):
            place = middle + round(unit * scale)
            draw.line((place, top, place, top + 27), LINE)
        values = [row[channel] for row in view.values]
        _meter(draw, middle, (top + 3, top + 12), sum(values), TEXT, scale)
        ends = [0.0, 0.0]
        for module, value in zip(view.modules, values, strict=False):
            side = 0 if value >= 0 else 1
            start = ends[side]
            ends[side] += value
            _span(draw, middle, (top + 16, top + 24), (start, ends[side]),
                  MODULE_COLOURS.get(module, Colour.WHITE).rgb, scale)  # fmt: skip
        draw.line((middle, top, middle, top + 27), FAINT)


def _meter(
    draw: ImageDraw.ImageDraw,
    middle: int,
    rows: tuple[int, int],
    value: float,
    colour: tuple[int, int, int],
    scale: float,
) -> None:
    _span(draw, middle, rows, (0.0, value), colour, scale)
    if abs(value) > _LATENT_SPAN:  # beyond the meter: a red end
        edge = middle + round(np.sign(value) * _LATENT_SPAN * scale)
        draw.rectangle((edge - 2, rows[0], edge + 2, rows[1]), Colour.RED.rgb)


def _span(
    draw: ImageDraw.ImageDraw,
    middle: int,
    rows: tuple[int, int],
    values: tuple[float, float],
    colour: tuple[int, int, int],
    scale: float,
) -> None:
    low, high = (min(max(v, -_LATENT_SPAN), _LATENT_SPAN) for v in sorted(values))
    left, right = middle + round(low * scale), middle + round(high * scale)
    if right > left:
        draw.rectangle((left, rows[0], right - 1, rows[1]), colour)


def _scope(image: Image.Image, view: Scope, colour: Colour, wave: Wave | None) -> None:
    """Draw the sound that goes out, and meters at the right."""
    draw = ImageDraw.Draw(image)
    top, bottom = STRIP[0] + 1, STRIP[1] - 3
    draw.rectangle((6, top, _SCOPE_WIDTH, bottom), PANEL)
    middle, half = (top + bottom) / 2, (bottom - top) / 2 - 1
    draw.line((6, middle, _SCOPE_WIDTH, middle), LINE)
    if wave is not None and wave.shape[1] > 1:
        sound = wave.mean(axis=0)
        gain = _gain(float(np.abs(sound).max()))
        _trace(draw, gain * sound, (7, _SCOPE_WIDTH - 1), middle, half, colour)
        if gain > 1:
            write(image, (_SCOPE_WIDTH - 6, bottom - 2), f"x{gain}", 14, SECOND, anchor="right")
    left = _SCOPE_WIDTH + 30
    for row, (name, peak) in enumerate(zip("LR", view.peak, strict=False)):
        place = top + 1 + 11 * row
        write(image, (_SCOPE_WIDTH + 12, place + 9), name, 13, SECOND)
        level = 20 * np.log10(max(peak, 1e-6))
        tint = Colour.RED if peak >= 0.99 else Colour.GREEN
        bar(image, (left, place, left + 130, place + 8), 1 - level / _QUIET_DB, tint.rgb)
    taken = view.compression_db + view.limiting_db
    bar(image, (left, top + 23, left + 130, top + 27), -taken / 24, Colour.AMBER.rgb)
    loud = 20 * np.log10(max(*view.peak, 1e-6)) if view.peak else -120.0
    shown = f"{loud:.1f}" if loud > _QUIET_DB else "quiet"
    write(image, (WIDTH - 8, top + 13), shown, 17, TEXT, anchor="right")
    write(image, (WIDTH - 8, top + 28), f"{taken:+.1f} dB" if taken else "0 dB", 14,
          Colour.AMBER.rgb, anchor="right")  # fmt: skip


def _gain(peak: float) -> int:
    """Return by how much a sound with this peak is drawn larger: 1, 2, 4 or 8 times."""
    return next((gain for gain in (8, 4, 2) if gain * peak <= 0.9), 1)


def _trace(
    draw: ImageDraw.ImageDraw,
    sound: NDArray[np.float32],
    ends: tuple[int, int],
    middle: float,
    half: float,
    colour: Colour,
) -> None:
    """Draw a line through `sound`, begun where it rises through zero."""
    wide = ends[1] - ends[0]
    shown = min(len(sound) - 1, 2 * wide)
    rises = np.flatnonzero((sound[:-1] < 0) & (sound[1:] >= 0))
    start = int(rises[0]) if len(rises) and rises[0] + shown < len(sound) else 0
    part = sound[start : start + shown]
    places = np.linspace(0, len(part) - 1, wide // 2)
    values = np.interp(places, np.arange(len(part)), part)
    rows = middle - half * np.clip(values, -1, 1)
    columns = np.linspace(ends[0], ends[1], len(rows))
    draw.line(np.column_stack((columns, rows)).ravel().tolist(), colour.rgb, 2)


def _reel(image: Image.Image, view: Reel, colour: Colour) -> None:
    """Draw a buffer, what of it plays, and where it is read."""
    draw = ImageDraw.Draw(image)
    top, bottom = STRIP[0] + 1, STRIP[1] - 3
    left, right = 6, WIDTH - 7
    wide = right - left
    draw.rectangle((left, top, right, bottom), PANEL)
    first, last = left + round(view.start * wide), left + round(view.end * wide)
    if last > first:
        draw.rectangle((first, top, last, bottom), faded(colour, 0.26))
    middle, half = (top + bottom) / 2, (bottom - top) / 2 - 1
    for place, height in enumerate(view.outline):
        x = left + round((place + 0.5) * wide / len(view.outline))
        inside = first <= x <= last
        tint = colour.rgb if inside else TRACK
        draw.line((x, middle - half * min(height, 1), x, middle + half * min(height, 1)), tint, 2)
    for edge in (first, last):
        draw.line((edge, top, edge, bottom), colour.rgb, 2)
    if view.cursor is not None:
        x = left + round(view.cursor * wide)
        draw.line((x, top - 1, x, bottom + 1), TEXT, 3)
    state = "recording" if view.recording else "playing" if view.playing else "stopped"
    words = "   ".join(word for word in (view.name, state, view.note) if word)
    tint = Colour.RED.rgb if view.recording else TEXT
    for shift in ((1, 1), (-1, -1), (1, -1), (-1, 1)):
        write(image, (14 + shift[0], top + 20 + shift[1]), words, 17, BACKGROUND)
    write(image, (14, top + 20), words, 17, tint)


def _map(image: Image.Image, view: Map, colour: Colour) -> None:
    """Draw the field, its places and the point."""
    left, top, right, bottom = HALF
    draw = ImageDraw.Draw(image)
    draw.rectangle((left + 6, top, right - 7, bottom), PANEL)
    wide, high = right - left - 34, bottom - top - 20
    for step in range(1, 8):
        x, y = left + 17 + wide * step / 8, top + 10 + high * step / 8
        draw.line((x, top, x, bottom), LINE)
        draw.line((left + 6, y, right - 7, y), LINE)
    for x, y, name in view.places:
        at = left + 17 + x * wide, bottom - 10 - y * high
        draw.ellipse((at[0] - 4, at[1] - 4, at[0] + 4, at[1] + 4), faded(colour, 0.75))
        write(image, (round(at[0]) + 8, round(at[1]) + 5), name, SMALL_SIZE, SECOND, room=100)
    at = left + 17 + view.x * wide, bottom - 10 - view.y * high
    draw.line((at[0], top, at[0], bottom), faded(colour, 0.6))
    draw.line((left + 6, at[1], right - 7, at[1]), faded(colour, 0.6))
    draw.ellipse((at[0] - 8, at[1] - 8, at[0] + 8, at[1] + 8), TEXT, colour.rgb, 3)


def _matrix(image: Image.Image, view: Matrix, colour: Colour) -> None:
    """Draw, under each encoder, what reaches that channel: a thin bar for each source."""
    draw = ImageDraw.Draw(image)
    top = STRIP[0] + 1
    for channel in range(LATENT_CHANNELS):
        left = channel * COLUMN + 6
        middle = left + (COLUMN - 12) // 2
        draw.rectangle((left, top, left + COLUMN - 13, top + 31 - 2), PANEL)
        for source in range(LATENT_CHANNELS):
            row = top + round(source * 3.7)
            gain = view.gains[source][channel]
            if source == view.row:
                draw.rectangle((left, row, left + COLUMN - 13, row + 3), TRACK)
            reach = round(min(abs(gain), 2) * (COLUMN - 16) / 4)
            if reach:
                ends = (middle, middle + reach) if gain > 0 else (middle - reach, middle)
                tint = colour.rgb if gain > 0 else Colour.RED.rgb
                draw.rectangle((ends[0], row, ends[1], row + 2), tint)


def _facts(image: Image.Image, view: Facts) -> None:
    left, top, right, _ = HALF
    for number, (name, fact) in enumerate(view.lines):
        row = top + 11 + round(number * 15.6)
        write(image, (left + 10, row), name, SMALL_SIZE, SECOND)
        write(image, (left + 84, row), fact, SMALL_SIZE, TEXT, room=right - left - 94)


def _presets(image: Image.Image, view: Presets, colour: Colour) -> None:
    """Draw what sounds, what comes, and the bank as a small grid."""
    left, top, right, bottom = HALF
    rounded(image, (left + 6, top - 2, right - 112, bottom), 6, PANEL)
    room = right - left - 140
    if view.held:
        write(image, (left + 18, top + 22), "under your finger", SMALL_SIZE, SECOND)
        size = largest(view.held, (32, 26, 21), room)
        write(image, (left + 18, top + 58), view.held, size, colour.rgb, room=room)
    else:
        size = largest(f"{view.slot}  {view.name}", (32, 26, 21), room)
        write(image, (left + 18, top + 30), f"{view.slot}  {view.name}", size, TEXT, room=room)
        if view.progress is not None:
            bar(image, (left + 18, top + 42, right - 124, top + 50), view.progress, colour.rgb)
        if view.target:
            words = (
                f"to  {view.target}" if view.progress is not None else f"by hand to  {view.target}"
            )
            tint = colour.rgb if view.progress is not None else SECOND
            write(image, (left + 18, top + 70), words, 20, tint, room=room)
    write(image, (left + 18, bottom - 6), f"Recall {view.mode}", SMALL_SIZE, SECOND, room=room)
    draw = ImageDraw.Draw(image)
    for slot in range(1, 65):
        row, column = divmod(slot - 1, 8)
        x, y = right - 104 + 12 * column, top - 2 + 12 * row
        tint = TRACK if slot not in view.filled else faded(colour, 0.6)
        tint = colour.rgb if slot == view.goal else tint
        tint = TEXT if slot == view.current else tint
        draw.rectangle((x, y, x + 9, y + 9), tint)
