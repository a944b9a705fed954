"""A face as messages to the lights: only what differs from what the device was told last."""

from collections.abc import Iterator

from appliance.panel.push.colours import Colour, Level, Light, Motion
from appliance.panel.push.controls import Button, Lamp, note_of
from appliance.panel.push.device.model import Model
from appliance.panel.push.device.sysex import (
    STRIP_LIGHTS,
    palette_entry,
    palette_reapply,
    strip_lights,
)
from appliance.panel.push.face import Face, Strip

_FIRST = 64  # our colours stand here: 0 and 122 to 127 stay as they are, white lights use 16
_DIM_SHARE = 0.16
_WHITE_DIM, _WHITE_FULL = 16, 127
_PULSE, _BLINK = 9, 14  # channels of a quarter each
_NOTE, _CONTROL = 0x90, 0xB0
_BAR, _TIP, _REST = 4, 7, 1  # levels of the strip's lights

# Push 1: bright colours of its fixed palette; the dim one is two further, white's is grey.
_FIXED = {
    Colour.WHITE: (3, 1), Colour.GREY: (2, 1), Colour.RED: (5, 7), Colour.ORANGE: (9, 11),
    Colour.AMBER: (9, 11), Colour.YELLOW: (13, 15), Colour.LIME: (17, 19),
    Colour.GREEN: (21, 23), Colour.TEAL: (29, 31), Colour.SKY: (37, 39), Colour.BLUE: (45, 47),
    Colour.VIOLET: (49, 51), Colour.PINK: (57, 59),
}  # fmt: skip
# Its two-coloured lights: the first of six values (dim, two blinks, full, two blinks).
_RED, _AMBER, _YELLOW, _GREEN = 1, 7, 13, 19
_TWO = {
    Colour.RED: _RED, Colour.PINK: _RED, Colour.ORANGE: _AMBER, Colour.AMBER: _AMBER,
    Colour.YELLOW: _YELLOW, Colour.LIME: _GREEN, Colour.GREEN: _GREEN, Colour.TEAL: _GREEN,
}  # fmt: skip

_INDEX = {colour: _FIRST + 2 * n for n, colour in enumerate(Colour)}


def palette() -> Iterator[bytes]:
    """Yield the messages that put our colours into the palette of a Push 2 or 3."""
    for colour, index in _INDEX.items():
        red, green, blue = colour.rgb
        dim = (round(red * _DIM_SHARE), round(green * _DIM_SHARE), round(blue * _DIM_SHARE))
        yield palette_entry(index, colour.rgb, 255)
        yield palette_entry(index + 1, dim, 32)
    yield palette_reapply()


class Lights:
    """The lights of one device, as it was told them."""

    def __init__(self, model: Model) -> None:
        """Take them all for dark, and none for told."""
        self._model = model
        self._told: dict[str | int, tuple[bytes, ...]] = {}
        self._strip: bytes = b""

    def forget(self) -> None:
        """Tell everything anew next time: the device may have lost it."""
        self._told.clear()
        self._strip = b""

    def changes(self, face: Face) -> Iterator[bytes]:
        """Yield the messages that bring the device to `face`."""
        for pad, light in enumerate(face.pads):
            yield from self._tell(pad, self._pad(note_of(pad), light))
        for button in self._model.controls.buttons:
            if button.lamp is not Lamp.NONE:
                light = face.buttons.get(button.name, Light())
                yield from self._tell(button.name, self._button(button, light))
        strip = self._strip_message(face.strip)
        if strip != self._strip:
            self._strip = strip
            yield strip

    def _tell(self, key: str | int, messages: tuple[bytes, ...]) -> Iterator[bytes]:
        if self._told.get(key) != messages:
            self._told[key] = messages
            yield from messages

    def _pad(self, note: int, light: Light) -> tuple[bytes, ...]:
        if self._model.ableton:
            return _moving(_NOTE, note, light)
        return (bytes((_NOTE, note, _fixed(light))),)

    def _button(self, button: Button, light: Light) -> tuple[bytes, ...]:
        match button.lamp:
            case Lamp.RGB if self._model.ableton:
                return _moving(_CONTROL, button.number, light)
            case Lamp.RGB:
                value = _fixed(light)
            case Lamp.RED_GREEN:
                value = _two(light)
            case _:
                value = self._white(light)
        return (bytes((_CONTROL, button.number, value)),)

    def _white(self, light: Light) -> int:
        if light.level is Level.OFF:
            return 0
        if self._model.ableton:
            return _WHITE_FULL if light.level is Level.FULL else _WHITE_DIM
        lit = 4 if light.level is Level.FULL else 1
        return lit + (1 if light.motion is not Motion.STILL else 0)

    def _strip_message(self, strip: Strip) -> bytes:
        if not self._model.ableton:
            bend = min(16383, round(strip.share * 16383))
            return bytes((0xE0, bend & 0x7F, bend >> 7))
        return strip_lights(strip_levels(strip))


def strip_levels(strip: Strip) -> list[int]:
    """Return the levels of the strip's 31 lights, from the bottom: a bar with a bright tip."""
    tip, rest = (round(share * (STRIP_LIGHTS - 1)) for share in (strip.share, strip.rest))
    low, high = sorted((tip, rest))
    levels = [_BAR if low <= n <= high else 0 for n in range(STRIP_LIGHTS)]
    levels[rest] = max(levels[rest], _REST)
    levels[tip] = _TIP
    return levels


def _moving(status: int, number: int, light: Light) -> tuple[bytes, ...]:
    """Return a light of Push 2 and 3: a still one, or where it starts and where it moves to."""
    index = _INDEX[light.colour]
    dim = index + 1
    if light.level is Level.OFF:
        return (bytes((status, number, 0)),)
    if light.motion is Motion.STILL:
        return (bytes((status, number, index if light.level is Level.FULL else dim)),)
    channel = _PULSE if light.motion is Motion.PULSE else _BLINK
    return bytes((status, number, dim)), bytes((status | channel, number, index))


def _fixed(light: Light) -> int:
    bright, dim = _FIXED[light.colour]
    return {Level.OFF: 0, Level.DIM: dim, Level.FULL: bright}[light.level]


def _two(light: Light) -> int:
    if light.level is Level.OFF:
        return 0
    base = _TWO.get(light.colour, _YELLOW)
    return base + (3 if light.level is Level.FULL else 0) + (light.motion is not Motion.STILL)
