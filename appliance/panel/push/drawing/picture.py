"""The whole picture: bands from top to bottom, and what lies over them."""

from PIL import Image, ImageDraw

from appliance.panel.push.colours import Colour, Level
from appliance.panel.push.drawing.lettering import fitted, width, write
from appliance.panel.push.drawing.theme import (
    BACKGROUND,
    COLUMN,
    DIALS,
    FAINT,
    HEIGHT,
    LOWER,
    NAME_SIZE,
    PANEL,
    SECOND,
    SHADE,
    STATUS,
    TABS,
    TEXT,
    TRACK,
    WIDTH,
    faded,
    on_colour,
)
from appliance.panel.push.drawing.views import Wave, draw_view, takes_half
from appliance.panel.push.drawing.widgets import bar, dial, lower, pill, rounded, tab
from appliance.panel.push.screen import Health, Screen

_BUSY, _FULL = 0.7, 0.9  # of a core: from here on the load is amber, red


def draw(screen: Screen, wave: Wave | None = None) -> Image.Image:
    """Return the picture of `screen`, 960 x 160 RGB; `wave` is the newest sound, float32 (2, n)."""
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    for place, label in enumerate(screen.tabs):
        image.paste(tab(label), (place * COLUMN, TABS[0]))
    _status(image, screen)
    half = takes_half(screen.view)
    for place, column in enumerate(screen.columns[: 4 if half else 8]):
        if column is not None:
            image.paste(dial(column), (place * COLUMN, DIALS[0]))
    draw_view(image, screen.view, screen.colour, wave)
    for place, label in enumerate(screen.lower):
        image.paste(lower(label), (place * COLUMN, LOWER[0]))
    if screen.help:
        _help(image, screen)
    if screen.notice:
        _notice(image, screen.notice, screen.colour)
    return image


def _status(image: Image.Image, screen: Screen) -> None:
    """Draw where we are, what sounds and how the box is."""
    ImageDraw.Draw(image).rectangle((0, STATUS[0] + 1, WIDTH, STATUS[1] - 2), SHADE)
    baseline = STATUS[0] + 15
    health = screen.health
    right = _health(image, health, baseline)
    if screen.touched:
        write(image, (8, baseline), screen.touched, NAME_SIZE, TEXT, room=right - 16)
        return
    left = 8
    open_tab = any(t.text == screen.title and t.level == Level.FULL for t in screen.tabs)
    title = screen.title if not open_tab else ""
    layer = next((label.text for label in screen.layers if label.level == Level.FULL), "")
    if title:
        left += pill(image, (left - 2, STATUS[0] + 1), title, screen.colour.rgb,
                     on_colour(screen.colour)) + 8  # fmt: skip
    if layer:
        number = next(n for n, label in enumerate(screen.layers, 1) if label.text == layer)
        left += write(image, (left, baseline), layer, NAME_SIZE, screen.colour.rgb) + 6
        text = f"{number}/{len(screen.layers)}"
        left += write(image, (left, baseline), text, 14, FAINT) + 18
    left = max(left, 248)
    if health.warning:
        tint = Colour.RED if not health.connected else Colour.AMBER
        pill(image, (left, STATUS[0] + 1), fitted(health.warning, 15, right - left - 24), tint.rgb,
             on_colour(tint))  # fmt: skip
        return
    name = f"{health.preset}{' *' if health.edited else ''}"
    left += write(image, (left, baseline), name, NAME_SIZE, TEXT, room=220) + 12
    if health.target:
        if health.progress is not None:
            bar(image, (left, STATUS[0] + 7, left + 90, STATUS[0] + 13), health.progress,
                Colour.YELLOW.rgb)  # fmt: skip
            left += 100
        write(image, (left, baseline), health.target, NAME_SIZE, Colour.YELLOW.rgb,
              room=max(0, right - left - 10))  # fmt: skip


def _health(image: Image.Image, health: Health, baseline: int) -> int:
    """Draw load, xruns and late frames at the right; return where they begin."""
    right = WIDTH - 8
    faults = [(health.xruns, "xrun"), (health.late, "late")]
    for count, word in reversed(faults):
        if count:
            text = f"{count} {word}{'s' if word == 'xrun' and count > 1 else ''}"
            right -= width(text, NAME_SIZE)
            write(image, (right, baseline), text, NAME_SIZE, Colour.AMBER.rgb)
            right -= 12
    if not health.connected:
        return right
    tint = (
        Colour.RED if health.load > _FULL else Colour.AMBER if health.load > _BUSY else Colour.GREEN
    )
    text = f"{100 * health.load:.0f} %"
    right -= width("100 %", NAME_SIZE)
    write(image, (right + width("100 %", NAME_SIZE), baseline), text, NAME_SIZE, SECOND,
          anchor="right")  # fmt: skip
    right -= 58
    bar(image, (right, STATUS[0] + 7, right + 52, STATUS[0] + 13), health.load, tint.rgb, TRACK)
    return right - 12


def _help(image: Image.Image, screen: Screen) -> None:
    """Lay the page's help over everything between tabs and lower row."""
    top, bottom = STATUS[0], LOWER[0]
    rounded(image, (4, top + 1, WIDTH - 5, bottom - 2), 8, PANEL)
    ImageDraw.Draw(image).rounded_rectangle(
        (4, top + 1, WIDTH - 5, bottom - 2), 8, outline=faded(screen.colour, 0.8)
    )
    step = min(20.0, (bottom - top - 12) / len(screen.help))
    for number, (where, what) in enumerate(screen.help):
        row = round(top + 20 + step * number)
        write(image, (20, row), where, 18, screen.colour.rgb, room=200)
        write(image, (232, row), what, 18, TEXT, room=WIDTH - 250)


def _notice(image: Image.Image, sentence: str, colour: Colour) -> None:
    """Lay a sentence over the middle."""
    room = WIDTH - 80
    text = fitted(sentence, 21, room)
    wide = width(text, 21)
    left = (WIDTH - wide) // 2
    box = (left - 18, 66, left + wide + 18, 102)
    rounded(image, box, 9, PANEL)
    ImageDraw.Draw(image).rounded_rectangle(box, 9, outline=colour.rgb, width=2)
    write(image, (left, 91), text, 21, TEXT)
