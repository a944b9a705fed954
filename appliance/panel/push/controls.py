"""The controls of Push 1, 2 and 3: names, MIDI numbers and what their lights can show.

Numbers are facts of the devices (Ableton's interface manual for Push 2, measurements of others for
Push 1 and 3). A name means the same use on every model; `LABELS` tells what is printed there.
"""

from dataclasses import dataclass
from enum import Enum


class Lamp(Enum):
    """What a button's light can show."""

    NONE = "none"
    WHITE = "white"
    RGB = "rgb"
    RED_GREEN = "red-green"


@dataclass(frozen=True, slots=True)
class Encoder:
    """An endless knob: the controller it turns and the note it touches, None if it has none."""

    name: str
    turn: int
    touch: int | None


@dataclass(frozen=True, slots=True)
class Button:
    """A button: its controller number and its lamp."""

    name: str
    number: int
    lamp: Lamp


@dataclass(frozen=True)
class Controls:
    """All controls of one model; `strip` is the note of the strip's touch."""

    encoders: tuple[Encoder, ...]
    buttons: tuple[Button, ...]
    strip: int = 12


W, RGB, RG = Lamp.WHITE, Lamp.RGB, Lamp.RED_GREEN

UPPER = tuple(f"upper_{n}" for n in range(1, 9))
"""The buttons above the display, from the left."""
LOWER = tuple(f"lower_{n}" for n in range(1, 9))
"""The buttons below the display, from the left."""
SCENES = tuple(f"scene_{n}" for n in range(1, 9))
"""The buttons right of the pads, from the top."""
COLUMNS = tuple(f"encoder_{n}" for n in range(1, 9))
"""The encoders above the display, from the left."""

_EIGHT = tuple(Encoder(name, 71 + n, n) for n, name in enumerate(COLUMNS))
_TEMPO, _SWING = Encoder("tempo", 14, 10), Encoder("swing", 15, 9)
_MASTER = Encoder("master", 79, 8)


def _row(names: tuple[str, ...], first: int, lamp: Lamp, step: int = 1) -> tuple[Button, ...]:
    return tuple(Button(name, first + step * n, lamp) for n, name in enumerate(names))


def _shared(row: Lamp, transport: Lamp) -> tuple[Button, ...]:
    """Return the buttons that all models have: `row` lights below the display and at the side."""
    return (
        Button("tap_tempo", 3, W),
        Button("metronome", 9, W),
        *_row(LOWER, 20, row),
        Button("master", 28, W),
        Button("stop_clip", 29, transport),
        *_row(SCENES, 43, row, -1),
        Button("left", 44, W),
        Button("right", 45, W),
        Button("up", 46, W),
        Button("down", 47, W),
        Button("select", 48, W),
        Button("shift", 49, W),
        Button("note", 50, W),
        Button("session", 51, W),
        Button("add_device", 52, W),
        Button("add_track", 53, W),
        Button("octave_down", 54, W),
        Button("octave_up", 55, W),
        Button("repeat", 56, W),
        Button("accent", 57, W),
        Button("scale", 58, W),
        Button("user", 59, W),
        Button("mute", 60, transport),
        Button("solo", 61, transport),
        Button("page_left", 62, W),
        Button("page_right", 63, W),
        Button("play", 85, transport),
        Button("record", 86, transport),
        Button("duplicate", 88, W),
        Button("automate", 89, transport),
        Button("fixed_length", 90, W),
        *_row(UPPER, 102, RGB),
        Button("device", 110, W),
        Button("mix", 112, W),
        Button("clip", 113, W),
        Button("quantize", 116, W),
        Button("double_loop", 117, W),
        Button("delete", 118, W),
        Button("undo", 119, W),
    )


PUSH1 = Controls(
    (*_EIGHT, _TEMPO, _SWING, _MASTER),
    (
        *_shared(RG, W),
        Button("new", 87, W),
        Button("browse", 111, W),
        Button("volume", 114, W),
        Button("pan_send", 115, W),
    ),
)
PUSH2 = Controls(
    (*_EIGHT, _TEMPO, _SWING, _MASTER),
    (
        *_shared(RGB, RGB),
        Button("setup", 30, W),
        Button("layout", 31, W),
        Button("convert", 35, W),
        Button("new", 87, W),
        Button("browse", 111, W),
    ),
)
# Every lamp of a Push 3 is coloured.
PUSH3 = Controls(
    (*_EIGHT, _TEMPO, _MASTER, Encoder("jog", 70, 11)),
    tuple(
        Button(button.name, button.number, RGB)
        for button in (
            *_shared(RGB, RGB),
            Button("setup", 30, W),
            Button("layout", 31, W),
            Button("convert", 35, W),
            Button("add", 32, W),
            Button("swap", 33, W),
            Button("session_display", 34, W),
            Button("capture", 65, W),
            Button("sets", 80, W),
            Button("learn", 81, W),
            Button("save", 82, W),
            Button("lock", 83, W),
            Button("centre", 91, W),
            Button("new", 92, W),
        )
    )
    + tuple(
        Button(name, number, Lamp.NONE)
        for name, number in (
            ("tempo_press", 15),
            ("master_press", 111),
            ("jog_press", 94),
            ("jog_left", 93),
            ("jog_right", 95),
        )
    ),
)

PEDALS = {64: 1, 69: 2}
"""The jacks of footswitches by their controller numbers."""
FIRST_PAD = 36
"""The note of the pad at the bottom left; notes rise to the right, then row by row upwards."""


def pad_of(note: int) -> int | None:
    """Return the pad (0 top left to 63 bottom right) that plays `note`, None if none does."""
    row, column = divmod(note - FIRST_PAD, 8)
    return 8 * (7 - row) + column if 0 <= row < 8 else None


def note_of(pad: int) -> int:
    """Return the note of a pad."""
    row, column = divmod(pad, 8)
    return FIRST_PAD + 8 * (7 - row) + column
