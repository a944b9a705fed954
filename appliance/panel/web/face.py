"""What a page is shown of the surface: lights and screen as JSON, displays as pictures."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from appliance.panel.part import Desk
from appliance.panel.push.buttons import USES
from appliance.panel.push.colours import Colour, Level, Light
from appliance.panel.push.drawing.easel import Easel
from appliance.panel.push.screen import Column, Label, Screen
from appliance.panel.web.display import Display, Screens
from appliance.panel.web.ear import Ear
from appliance.panel.web.oled import PageOled

_POINTS = 1024
_WAVEFORM = b"\x03\0\0\0"


class Face:
    """The surface of `desk` as all open pages see it, made anew only when it has changed."""

    def __init__(self, desk: Desk) -> None:
        """Prepare to show it."""
        self._surface = desk.surface
        self._ear = Ear(desk.box)
        self._push = Display(Screens.PUSH)
        self._version = -1
        self._easel = Easel(lambda: self._surface.face.screen, desk.box)
        self._picture = 0
        self._parts: dict[str, Any] = {}
        self._oled = PageOled(desk)
        self.displays = (self._push, self._oled.display)

    def start(self) -> None:
        """Start what moves by itself."""
        self._oled.start()

    def close(self) -> None:
        """Stop that, and let go of the engine's sound."""
        self._oled.stop()
        self._ear.close()

    def look(self) -> None:
        """See whether anything has changed, and draw that."""
        number, image = self._easel.picture()
        if number != self._picture:
            self._picture = number
            self._push.show(image)
        if self._surface.version == self._version:
            return
        self._version = self._surface.version
        face = self._surface.face
        presets = face.screen.title == "Presets" or face.buttons["session"].level is Level.FULL
        self._parts = {
            "lights": {
                "pads": [_light(light) for light in face.pads],
                "buttons": {name: _light(light) for name, light in face.buttons.items()},
                "strip": {"share": round(face.strip.share, 4), "rest": round(face.strip.rest, 4)},
                "presets": presets,
            },
            "screen": _screen(face.screen),
            "uses": {name: use.text for name, use in USES.items()},
        }

    def parts(self) -> dict[str, Any]:
        """Return what is to be seen, as JSON types by the names of their messages."""
        return self._parts

    def waveform(self) -> Iterator[bytes]:
        """Yield the output as a scope shows it, if there is any."""
        sound = self._ear.latest(2 * _POINTS)
        if sound is not None and sound.shape[1] > _POINTS:
            yield _WAVEFORM + waveform(sound, _POINTS)


def waveform(sound: np.ndarray, points: int) -> bytes:
    """Return what a scope shows of float32 (2, n): int16 (points,), from a rising edge on."""
    middle = sound.mean(0)
    early = middle[: max(1, len(middle) - points)]
    edges = np.flatnonzero((early[:-1] < 0) & (early[1:] >= 0))
    start = int(edges[-1]) if len(edges) else max(0, len(middle) - points)
    shown = np.clip(middle[start : start + points] * 32767, -32768, 32767)
    return shown.astype("<i2").tobytes()


def _screen(screen: Screen) -> dict[str, Any]:
    return {
        "title": screen.title,
        "colour": _hex(screen.colour),
        "tabs": [_label(label) for label in screen.tabs],
        "columns": [_column(column) for column in screen.columns],
        "lower": [_label(label) for label in screen.lower],
        "layers": [_label(label) for label in screen.layers],
        "notice": screen.notice,
    }


def _column(column: Column | None) -> dict[str, Any] | None:
    if column is None:
        return None
    return {
        "name": column.name,
        "value": column.value,
        "unit": column.unit,
        "share": round(column.share, 4),
        "rest": round(column.rest, 4),
        "choices": column.choices,
        "colour": _hex(column.colour),
        "touched": column.touched,
        "muted": column.muted,
    }


def _label(label: Label) -> dict[str, Any]:
    return {"text": label.text, "colour": _hex(label.colour), "level": int(label.level)}


def _light(light: Light) -> tuple[str, int, int]:
    return _hex(light.colour), int(light.level), int(light.motion)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour.rgb)
