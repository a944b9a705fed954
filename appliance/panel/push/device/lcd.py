"""The screen as the four lines of text of a Push 1."""

from collections.abc import Sequence

from appliance.panel.push.device.sysex import LCD_WIDTH
from appliance.panel.push.screen import Column, Label, Screen

_CELL = 8
_EMPTY = " " * LCD_WIDTH


def lines_of(screen: Screen) -> tuple[str, str, str, str]:
    """Return four lines of 68 characters: names, values, buttons below, and what goes on.

    Eight cells of eight characters stand on four glasses of 17: every second cell is followed by
    nothing, since the glass ends there.
    """
    if screen.help:
        rows = [f"{where}: {what}" for where, what in screen.help[:4]]
        filled = [row[:LCD_WIDTH].ljust(LCD_WIDTH) for row in rows]
        filled += [_EMPTY] * (4 - len(filled))
        return filled[0], filled[1], filled[2], filled[3]
    names = _cells([column.name if column else "" for column in screen.columns])
    values = _cells([_value(column) for column in screen.columns])
    below = _cells([_label(label) for label in screen.lower])
    return names, values, below, _story(screen)


def _cells(texts: Sequence[str]) -> str:
    padded = (
        text[:_CELL].ljust(_CELL) + (" " if n % 2 == 0 else "") for n, text in enumerate(texts)
    )
    return "".join(padded).ljust(LCD_WIDTH)[:LCD_WIDTH]


def _value(column: Column | None) -> str:
    if column is None:
        return ""
    text = (
        f"{column.value}{column.unit}" if len(column.value + column.unit) <= _CELL else column.value
    )
    return f"({text[: _CELL - 2]})" if column.muted else text


def _label(label: Label) -> str:
    return label.text


def _story(screen: Screen) -> str:
    """Return the most urgent of what there is to say, and the page's name at the right."""
    health = screen.health
    text = screen.notice or screen.touched or health.warning
    if not text:
        text = f"{health.preset}{'*' if health.edited else ''}"
        if health.target:
            share = "" if health.progress is None else f" {100 * health.progress:.0f}%"
            text += f" > {health.target}{share}"
    title = f" {screen.title}"
    room = LCD_WIDTH - len(title)
    return text[:room].ljust(room) + title
