"""Screens drawn: a screen and a size in, a picture out, and the same again for the same."""

from collections.abc import Callable
from typing import Any

from PIL import Image

from appliance.panel.oled.screen import Notice, Page, Play, Rest, Screen, Start, Work
from appliance.panel.oled.sheet import SMALL, Sheet

_LINE = SMALL + 2


def render(
    screen: Screen, width: int, height: int, *, grey: bool = False, shift: tuple[int, int] = (0, 0)
) -> Image.Image:
    """Return the picture of `screen`, mode "1" or, if `grey`, "L", moved by `shift` pixels.

    Displays have 128 x 64 pixels or more.
    """
    sheet = Sheet(width, height, grey=grey)
    _DRAW[type(screen)](sheet, screen)
    return sheet.moved(*shift)


def _start(sheet: Sheet, screen: Start) -> None:
    width, height = sheet.width, sheet.height
    name, size = sheet.fit(screen.name, width - 4, (28, 20, 16) if height > 64 else (20, 16, 12))
    sheet.text(width // 2, height // 16, name, size, anchor="mt")
    sheet.text(width // 2, height // 16 + size + 2, screen.version, anchor="mt", strength=0.6)
    if screen.failed:
        for number, line in enumerate(reversed(sheet.lines(screen.text, width, SMALL, 2))):
            sheet.text(0, height - (number + 1) * _LINE, line)
        return
    bar = height - _LINE - 12
    share = screen.done / screen.total if screen.total else 0.0
    sheet.bar(4, bar, width - 8, 8, share)
    counted = f"  {screen.done}/{screen.total}" if screen.total else ""
    room = width - sheet.measure(counted, SMALL) - 4
    text, _ = sheet.fit(screen.text, room, (SMALL,))
    sheet.text(width // 2, height - _LINE + 1, text + counted, anchor="mt")


def _play(sheet: Sheet, screen: Play) -> None:
    width, height = sheet.width, sheet.height
    tall = height > 64
    foot = height - _LINE + 1
    big = 40 if tall else 28
    number = "--" if screen.slot is None else f"{screen.slot:02}"
    left = sheet.measure("00", big) + 6
    sheet.text(0, 2, number, big)
    name = screen.name + (" *" if screen.edited else "")
    if tall:
        _name(sheet, name, 0, big + 2, width, 28)
        top = big + 40
    else:
        _name(sheet, name, left, 2, width - left, big - 4)
        top = big
    if screen.morph is not None or screen.queued is not None:
        text = f"wait: {screen.queued}" if screen.queued is not None else f"> {screen.target}"
        half = width // 2
        sheet.text(0, top - 2, text, width=half - 4)
        sheet.bar(half, top - 2, width - half, 9, screen.morph or 0.0)
        top += _LINE - 2
    _decoders(sheet, screen, top, foot - 4 - top)
    if screen.warning is not None:
        sheet.strip(foot - 2, screen.warning.text)
    elif screen.muted:
        sheet.strip(foot - 2, "MUTED")
    else:
        sheet.text(0, foot, f"CPU {screen.cpu}%")
        if width > 128:
            sheet.text(width // 2, foot, f"late {screen.late}", anchor="mt")
        sheet.text(width, foot, f"xruns {screen.xruns}", anchor="rt")


def _name(sheet: Sheet, name: str, x: int, y: int, width: int, height: int) -> None:
    """Write a name as large as it goes into `width` x `height`: on one line, or on two."""
    sizes = (28, 24, 20) if height >= 28 else (20, 18)
    text, size = sheet.fit(name, width, sizes)
    if not text.endswith("...") or name.endswith("..."):
        sheet.text(x, y + (height - round(0.7 * size)) // 2, text, size)
        return
    size = 16 if height >= 28 else 12
    for number, line in enumerate(sheet.lines(name, width, size, 2)):
        sheet.text(x, y + number * (height // 2 + 2), line, size)


def _decoders(sheet: Sheet, screen: Play, y: int, height: int) -> None:
    """Draw one level per decoder: a filled bar sounds, a line is off, a cross is broken."""
    count = len(screen.decoders)
    if not count or height < 4:
        return
    width = sheet.width // count
    bar = min(height, 12 if sheet.height <= 64 else 20)
    y += (height - bar) // 2
    for number, slot in enumerate(screen.decoders):
        x = number * width
        if slot.broken:
            sheet.draw.line((x + 2, y, x + width - 5, y + bar - 1), fill=sheet.ink())
            sheet.draw.line((x + 2, y + bar - 1, x + width - 5, y), fill=sheet.ink())
        elif slot.on:
            sheet.bar(x, y, width - 3, bar, slot.level)
        else:
            sheet.draw.line((x, y + bar // 2, x + width - 4, y + bar // 2), fill=sheet.ink(0.4))


def _page(sheet: Sheet, screen: Page) -> None:
    sheet.text(0, 0, screen.title, 12)
    sheet.text(sheet.width, 1, f"{screen.number}/{screen.count}", anchor="rt", strength=0.6)
    sheet.draw.line((0, 12, sheet.width, 12), fill=sheet.ink(0.5))
    y = 16
    for name, value in screen.rows:
        if y + SMALL > sheet.height + 2:
            return
        sheet.text(0, y, name, strength=0.6)
        at = sheet.measure(name, SMALL) + 6 if name else 0
        text, _ = sheet.fit(value, sheet.width - at, (SMALL,))
        sheet.text(sheet.width if name else 0, y, text, anchor="rt" if name else "lt")
        y += _LINE


def _work(sheet: Sheet, screen: Work) -> None:
    width, height = sheet.width, sheet.height
    title, size = sheet.fit(screen.title, width, (20, 16, 12))
    sheet.text(0, 2, title, size)
    middle = height // 2 - 2
    if screen.share is None:
        sheet.text(0, middle, "...", 16)
    else:
        sheet.bar(0, middle, width, 10, screen.share)
    for number, line in enumerate(sheet.lines(screen.text, width, SMALL, 2)):
        sheet.text(0, middle + 15 + number * (_LINE - 2), line, strength=0.8)


def _notice(sheet: Sheet, screen: Notice) -> None:
    width, height = sheet.width, sheet.height
    sizes = (24, 20, 16) if height > 64 else (20, 18, 16)
    title, size = sheet.fit(screen.title, width - 6, sizes)
    if screen.good:
        sheet.text(width // 2, 4, title, size, anchor="mt")
    else:
        sheet.draw.rectangle((0, 0, width - 1, size + 2), fill=sheet.ink())
        box = Sheet(width, size + 3, grey=sheet.grey)
        box.text(width // 2, 4, title, size, anchor="mt")
        sheet.image.paste(0, (0, 0), box.image)
    y = size + 8
    for line in screen.lines:
        for part in sheet.lines(line, width, SMALL, 3):
            if y + SMALL <= height + 2:
                sheet.text(width // 2, y, part, anchor="mt", strength=0.9)
            y += _LINE


def _rest(sheet: Sheet, screen: Rest) -> None:
    number = "--" if screen.slot is None else f"{screen.slot:02}"
    size = 20
    text, _ = sheet.fit(f"{number} {screen.name}", sheet.width - 16, (16, 12, SMALL))
    room_x = max(1, sheet.width - sheet.measure(text, 16))
    room_y = max(1, sheet.height - size)
    # Steps that share no divisor with the room wander over all of it.
    x, y = screen.place * 37 % room_x, screen.place * 23 % room_y
    fitted, size = sheet.fit(text, sheet.width - 16, (16, 12, SMALL))
    sheet.text(x, y, fitted, size, strength=0.4)
    if screen.warning is not None:
        sheet.text(0, sheet.height - _LINE, screen.warning.text, strength=0.7)


_DRAW: dict[type, Callable[[Sheet, Any], None]] = {
    Start: _start,
    Play: _play,
    Page: _page,
    Work: _work,
    Notice: _notice,
    Rest: _rest,
}
