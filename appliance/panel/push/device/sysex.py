"""System exclusive messages of Push: what is sent, and what the answers say.

Numbers are facts of the devices; Push 2 and 3 share a dialect, Push 1 has another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

IDENTITY_REQUEST = bytes((0xF0, 0x7E, 0x7F, 0x06, 0x01, 0xF7))
_ABLETON = (0x00, 0x21, 0x1D, 0x01, 0x01)
_AKAI = (0x47, 0x7F, 0x15)
_STRIP_BY_HOST = 0x03  # lights by sysex, moves as pitch bend, no return
LCD_LINES, LCD_WIDTH = 4, 68
STRIP_LIGHTS = 31


@dataclass(frozen=True, slots=True)
class Identity:
    """A Push answers who it is: `product` is its USB number, None for a Push 1."""

    product: int | None
    firmware: str


@dataclass(frozen=True, slots=True)
class Power:
    """What a Push 2 or 3 says of itself: `run` is the number given since it was switched on."""

    external: bool
    run: int


def ableton(*body: int) -> bytes:
    """Return a message of Push 2 and 3."""
    return bytes((0xF0, *_ABLETON, *body, 0xF7))


def akai(*body: int) -> bytes:
    """Return a message of Push 1."""
    return bytes((0xF0, *_AKAI, *body, 0xF7))


def live_mode() -> bytes:
    """Return the message that makes a Push 2 or 3 play on its first port."""
    return ableton(0x0A, 0x00)


def led_brightness(level: int) -> bytes:
    """Return the message for the brightness of all lights, 0 to 127."""
    return ableton(0x06, level)


def display_brightness(level: int) -> bytes:
    """Return the message for the brightness of the display, 0 to 255."""
    return ableton(0x08, level & 0x7F, level >> 7)


def statistics(run: int = 0) -> bytes:
    """Return the question for the power state; a `run` that is not 0 is remembered."""
    return ableton(0x1A, run)


def poly_pressure() -> bytes:
    """Return the message that makes every pad tell its own pressure."""
    return ableton(0x1E, 0x01)


def strip_by_host() -> bytes:
    """Return the message that leaves the strip's lights to us."""
    return ableton(0x17, _STRIP_BY_HOST)


def strip_lights(levels: Sequence[int]) -> bytes:
    """Return the message for the 31 lights of the strip, from the bottom, each 0 to 7."""
    padded = [*levels, 0]
    pairs = zip(padded[::2], padded[1::2], strict=True)
    return ableton(0x19, *(low | high << 3 for low, high in pairs))


def palette_entry(index: int, rgb: tuple[int, int, int], white: int) -> bytes:
    """Return the message for one colour; every part is 0 to 255."""
    parts = (part for value in (*rgb, white) for part in (value & 0x7F, value >> 7))
    return ableton(0x03, index, *parts)


def palette_reapply() -> bytes:
    """Return the message that shows changed colours."""
    return ableton(0x05)


def akai_setup() -> Iterator[bytes]:
    """Yield what a Push 1 needs: user mode, poly pressure, a strip whose bar is ours."""
    yield akai(0x62, 0x00, 0x01, 0x01)
    yield akai(0x5C, 0x00, 0x01, 0x00)
    yield akai(0x63, 0x00, 0x01, 0x01)


def lcd_line(line: int, text: str) -> bytes:
    """Return the message that writes line 0 to 3 of a Push 1; `text` is cut or filled to 68."""
    codes = [ord(c) if 32 <= ord(c) < 127 else ord("?") for c in text[:LCD_WIDTH].ljust(LCD_WIDTH)]
    return akai(0x18 + line, 0x00, LCD_WIDTH + 1, 0x00, *codes)


def answer(message: bytes) -> Identity | Power | None:
    """Return what a system exclusive message says, None if it says nothing we ask for."""
    body = message[1:-1]
    if message[:1] != b"\xf0" or message[-1:] != b"\xf7" or any(byte > 0x7F for byte in body):
        return None
    if body[:1] == b"\x7e" and body[2:4] == b"\x06\x02":
        return _identity(body[4:])
    head = bytes((*_ABLETON, 0x1A))
    if body.startswith(head) and len(body) >= len(head) + 2:
        return Power(body[len(head)] == 1, body[len(head) + 1])
    return None


def _identity(body: bytes) -> Identity | None:
    if body[:3] == bytes(_ABLETON[:3]) and len(body) >= 9:
        # The family number is the USB product, seven bits at a time.
        return Identity(body[3] | body[4] << 7, f"{body[7]}.{body[8]}")
    if body[:2] == bytes((_AKAI[0], _AKAI[2])) and len(body) >= 9:
        return Identity(None, f"{body[5]}.{body[6]}{body[7]}")
    return None
