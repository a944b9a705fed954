"""The bytes that go to a Push and come from one, against the device's protocol."""

import numpy as np
import pytest
from PIL import Image

from appliance.panel.push.colours import ACTIVE, DARK, Colour, Level, Light, Motion
from appliance.panel.push.controls import Lamp
from appliance.panel.push.device import sysex
from appliance.panel.push.device.frame import BYTES, Frame, decode
from appliance.panel.push.device.lcd import lines_of
from appliance.panel.push.device.lights import Lights, palette, strip_levels
from appliance.panel.push.device.model import MODELS, model_of
from appliance.panel.push.device.reading import Reader
from appliance.panel.push.device.wire import _index
from appliance.panel.push.events import (
    ButtonPressed,
    ButtonReleased,
    EncoderReleased,
    EncoderTouched,
    EncoderTurned,
    PadPressed,
    PadPressure,
    PadReleased,
    PedalMoved,
    StripMoved,
    StripReleased,
    StripTouched,
)
from appliance.panel.push.face import Face, Strip
from tests.panel.push.hands import Hands
from tests.panel.push.scenes import SCENES, scene

PUSH_3, PUSH_2, PUSH_1 = MODELS


def bare(pads: dict[int, Light], buttons: dict[str, Light], strip: Strip | None = None) -> Face:
    """Return a face with these lights and no others."""
    screen = Hands().face().screen
    lights = tuple(pads.get(n, DARK) for n in range(64))
    return Face(lights, buttons, strip or Strip(), screen)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ("90 24 40", PadPressed(56, 64)),  # bottom left
        ("90 63 7f", PadPressed(7, 127)),  # top right
        ("80 24 00", PadReleased(56)),
        ("90 24 00", PadReleased(56)),
        ("a0 5c 7f", PadPressure(0, 1.0)),
        ("d0 00", PadPressure(None, 0.0)),
        ("b0 66 7f", ButtonPressed("upper_1")),
        ("b0 1b 00", ButtonReleased("lower_8")),
        ("b0 24 7f", ButtonPressed("scene_8")),
        ("b0 2b 7f", ButtonPressed("scene_1")),
        ("b0 47 01", EncoderTurned("encoder_1", 1)),
        ("b0 4e 7f", EncoderTurned("encoder_8", -1)),
        ("b0 0e 40", EncoderTurned("tempo", -64)),
        ("b0 4f 3f", EncoderTurned("master", 63)),
        ("90 07 7f", EncoderTouched("encoder_8")),
        ("90 07 00", EncoderReleased("encoder_8")),
        ("90 0c 7f", StripTouched()),
        ("90 0c 00", StripReleased()),
        ("e0 00 00", StripMoved(0.0)),
        ("e0 40 7f", StripMoved(1.0)),
        ("b0 40 7f", PedalMoved(1, True)),
        ("b0 45 00", PedalMoved(2, False)),
        ("b0 72 7f", None),  # Volume, on a Push 1 only
        ("91 24 40", None),  # a note of an MPE mode
        ("90 24", None),
        ("b0", None),
        ("90 ff 40", None),
    ],
)
def test_a_push_2_is_read(message: str, event: object) -> None:
    assert Reader(PUSH_2).event(bytes.fromhex(message)) == event


def test_what_only_one_model_has_is_read_there_alone() -> None:
    volume, jog, tempo = bytes.fromhex("b0727f"), bytes.fromhex("b04601"), bytes.fromhex("b00f7f")
    assert Reader(PUSH_1).event(volume) == ButtonPressed("volume")
    assert Reader(PUSH_3).event(jog) == EncoderTurned("jog", 1)
    assert Reader(PUSH_3).event(tempo) == ButtonPressed("tempo_press")
    assert Reader(PUSH_2).event(tempo) == EncoderTurned("swing", -1)


def test_every_control_of_every_model_is_read() -> None:
    for model in MODELS:
        reader = Reader(model)
        for button in model.controls.buttons:
            assert reader.event(bytes((0xB0, button.number, 127))) == ButtonPressed(button.name)
        for encoder in model.controls.encoders:
            assert reader.event(bytes((0xB0, encoder.turn, 1))) == EncoderTurned(encoder.name, 1)


def test_sysex_of_a_push_2() -> None:
    assert sysex.live_mode().hex() == "f000211d01010a00f7"
    assert sysex.led_brightness(100).hex() == "f000211d01010664f7"
    assert sysex.display_brightness(255).hex() == "f000211d0101087f01f7"
    assert sysex.statistics(5).hex() == "f000211d01011a05f7"
    assert sysex.palette_entry(64, (255, 128, 1), 200).hex() == "f000211d010103407f01000101004801f7"
    assert sysex.strip_by_host().hex() == "f000211d01011703f7"
    lights = sysex.strip_lights([7, 1, *([0] * 28), 5])
    assert len(lights) == 6 + 1 + 16 + 1 and lights[7] == 7 | 1 << 3 and lights[-2] == 5


def test_sysex_of_a_push_1() -> None:
    line = sysex.lcd_line(2, "Offset é")
    assert line[:8].hex() == "f0477f151a004500" and len(line) == 77
    assert line[8:16] == b"Offset ?" and line[-1] == 0xF7
    assert next(m.hex() for m in sysex.akai_setup()) == "f0477f1562000101f7"


def test_answers_are_understood_and_garbage_is_not() -> None:
    identity = "f07e0106020021 1d67320200010a3f0001020304050 1f7".replace(" ", "")
    assert sysex.answer(bytes.fromhex(identity)) == sysex.Identity(0x1967, "1.10")
    power = bytes.fromhex("f000211d01011a01550000000000f7")
    assert sysex.answer(power) == sysex.Power(external=True, run=0x55)
    random = np.random.default_rng(4)
    for _ in range(2000):
        body = bytes(random.integers(0, 256, random.integers(0, 30), np.uint8))
        sysex.answer(b"\xf0" + body + b"\xf7")
        sysex.answer(body)
        for model in MODELS:
            Reader(model).event(body)


def test_the_first_pixel_of_a_frame_is_the_manuals() -> None:
    picture = Image.new("RGB", (960, 160))
    picture.putpixel((0, 0), (255, 0, 0))
    frame = Frame().encode(picture)
    assert len(frame) == BYTES == 327_680
    assert frame[:8].hex() == "f8f3e7ffe7f3e7ff"
    assert frame[1920:1924].hex() == "e7f3e7ff"  # what fills a line is masked as well


def test_a_frame_shows_its_picture() -> None:
    random = np.random.default_rng(3).integers(0, 256, (160, 960, 3), np.uint8)
    shown = np.asarray(decode(Frame().encode(Image.fromarray(random, "RGB"))))
    assert np.abs(shown.astype(int) - random.astype(int)).max() <= 8
    with pytest.raises(ValueError, match="960 x 160 RGB"):
        Frame().encode(Image.new("L", (960, 160)))


def test_only_what_changed_is_told() -> None:
    lights = Lights(PUSH_2)
    first = list(lights.changes(bare({}, {})))
    assert len(first) == 64 + len(PUSH_2.controls.buttons) + 1
    assert list(lights.changes(bare({}, {}))) == []
    red = Light(Colour.RED, Level.FULL)
    messages = list(lights.changes(bare({0: red}, {"play": ACTIVE})))
    assert [m[:2].hex() for m in messages] == ["905c", "b055"]
    lights.forget()
    assert len(list(lights.changes(bare({0: red}, {"play": ACTIVE})))) == len(first)


def test_moving_lights_start_still_then_move() -> None:
    lights = Lights(PUSH_2)
    list(lights.changes(bare({}, {})))
    pulse = Light(Colour.GREEN, Level.FULL, Motion.PULSE)
    start, move = lights.changes(bare({63: pulse}, {}))
    assert start[:2].hex() == "902b" and move[:2].hex() == "992b" and move[2] == start[2] - 1


def test_white_lights_are_dim_and_full_by_each_models_numbers() -> None:
    dim = Light(Colour.WHITE, Level.DIM)
    for model, expected in ((PUSH_2, (16, 127)), (PUSH_1, (1, 4))):
        lights = Lights(model)
        list(lights.changes(bare({}, {})))
        values = [
            next(iter(lights.changes(bare({}, {"shift": light}))))[2] for light in (dim, ACTIVE)
        ]
        assert tuple(values) == expected


def test_our_palette_leaves_the_promised_colours() -> None:
    entries = [message[7] for message in palette() if message[6] == 0x03]
    assert len(entries) == len(set(entries)) == 2 * len(Colour)
    assert not {0, 16, 48, 122, 123, 124, 125, 126, 127} & set(entries)


def test_the_strip_is_a_bar_with_a_tip() -> None:
    assert strip_levels(Strip(0.0, 0.0)) == [7, *([0] * 30)]
    levels = strip_levels(Strip(1.0, 0.0))
    assert len(levels) == 31 and levels[-1] == 7 and min(levels) > 0
    middle = strip_levels(Strip(0.25, 0.5))
    assert middle[:8] == [0] * 8 and middle[8] == 7 and middle[15] > 0 and not any(middle[16:])


def test_a_push_1_gets_four_whole_lines_for_every_scene() -> None:
    for name in SCENES:
        lines = lines_of(scene(name).face().screen)
        assert [len(line) for line in lines] == [68] * 4, name
    names, values, below, story = lines_of(scene("offset").face().screen)
    assert names.startswith("1  Offse") and values.strip() and below.strip()
    assert story.rstrip().endswith("Offset") and "First light" in story


def test_models_are_told_apart_by_their_ports() -> None:
    assert model_of("Ableton Push 2") is PUSH_2
    assert model_of("Ableton Push 3") is PUSH_3
    assert model_of("Ableton Push") is PUSH_1
    assert model_of("Midi Through") is None
    assert _index("Ableton Push 2:Ableton Push 2 Live Port 28:0") == 0
    assert _index("Ableton Push 2:Ableton Push 2 MIDI 2 20:1") == 1


def test_a_push_3_has_a_colour_for_every_lamp() -> None:
    lit = [button for button in PUSH_3.controls.buttons if button.lamp is not Lamp.NONE]
    assert all(button.lamp is Lamp.RGB for button in lit)
