"""The performance surface: what hands do, and what the engine is then asked for."""

import pytest

from appliance.panel.push.actions import Command
from appliance.panel.push.buttons import UNUSED, USES
from appliance.panel.push.colours import DARK, Colour, Level, Motion
from appliance.panel.push.controls import PUSH1, PUSH2, PUSH3, Controls, note_of, pad_of
from appliance.panel.push.events import (
    EncoderTurned,
    PadPressed,
    PadReleased,
    StripMoved,
    StripReleased,
    StripTouched,
)
from appliance.panel.push.pages import PAGES
from tests.panel.push.hands import Hands


@pytest.fixture
def hands() -> Hands:
    return Hands()


def open_page(hands: Hands, name: str) -> None:
    hands.surface.grip.page = name


def test_encoders_turn_what_stands_under_them(hands: Hands) -> None:
    hands.turn(3, 21)
    assert hands["/offset/3/value"] == pytest.approx(0.2)
    assert hands.column(3).value == "0.20" and hands.column(3).name == "3  Offset"
    hands.hold("shift")
    hands.turn(3, 21)
    hands.release("shift")
    assert hands["/offset/3/value"] == pytest.approx(0.22)
    hands.turn(3, -500)
    assert hands["/offset/3/value"] == -1
    hands.turn(3, 500)
    assert hands["/offset/3/value"] == 1


def test_the_whole_travel_is_one_turn_whatever_the_curve(hands: Hands) -> None:
    hands.press("upper_2")
    hands.do(EncoderTurned("encoder_1", -300))
    assert hands["/oscillators/1/frequency"] == 0
    for _ in range(210):
        hands.turn(1, 1)
    assert hands["/oscillators/1/frequency"] == pytest.approx(100, abs=1)


def test_a_knob_that_passes_its_default_can_rest_there(hands: Hands) -> None:
    hands.turn(1, 7)
    for _ in range(14):
        hands.turn(1, -1)
        if hands["/offset/1/value"] == 0:
            break
    assert hands["/offset/1/value"] == 0


def test_switches_need_ten_steps_and_forget_the_rest_on_release(hands: Hands) -> None:
    hands.press("upper_2")
    hands.press("scene_4")
    assert hands.column(1).name == "1  Waveform" and hands.column(1).choices == 5
    hands.turn(1, 9)
    assert hands["/oscillators/1/waveform"] == 0
    hands.turn(1, 1)
    assert hands["/oscillators/1/waveform"] == 1
    hands.turn(1, 9)
    hands.untouch(1)
    hands.turn(1, 9)
    assert hands["/oscillators/1/waveform"] == 1
    hands.turn(1, -10)
    assert hands["/oscillators/1/waveform"] == 0


def test_touch_tells_more_before_anything_turns(hands: Hands) -> None:
    hands.touch(2)
    screen = hands.face().screen
    assert hands.column(2).touched and not hands.column(1).touched
    assert screen.touched.startswith("Offset: constant latent value. -1 to 1")
    hands.untouch(2)
    assert not hands.face().screen.touched


def test_delete_and_touch_is_the_default(hands: Hands) -> None:
    hands.turn(4, 50)
    hands.hold("delete")
    hands.touch(4)
    assert hands["/offset/4/value"] == 0


def test_the_strip_is_the_expression_of_the_open_page(hands: Hands) -> None:
    hands.strip(0.25, 0.5)
    assert hands["/offset/expression"] == 2
    hands.press("upper_3")
    hands.strip(1.0)
    assert hands["/noise/expression"] == 4
    assert hands.face().strip.share == 1
    hands.press("master")
    hands.strip(1.0)
    assert hands["/master/level_db"] == 12


def test_without_latch_the_strip_springs_back(hands: Hands) -> None:
    hands.press("accent")
    hands.do(StripTouched(), StripMoved(1.0))
    assert hands["/offset/expression"] == 4
    hands.do(StripReleased())
    assert hands["/offset/expression"] == 2


def test_lower_buttons_mute_and_bring_back_hold_is_momentary(hands: Hands) -> None:
    hands.turn(5, 42)
    value = hands["/offset/5/value"]
    hands.press("lower_5")
    assert hands["/offset/5/value"] == 0 and hands.column(5).muted
    assert hands.face().buttons["lower_5"].level == Level.DIM
    hands.press("lower_5")
    assert hands["/offset/5/value"] == value
    hands.hold("lower_5")
    assert hands["/offset/5/value"] == 0
    hands.wait(0.6)
    hands.release("lower_5")
    assert hands["/offset/5/value"] == value


def test_a_page_button_latches_when_tapped_and_is_momentary_when_held(hands: Hands) -> None:
    hands.press("mix")
    assert hands.face().screen.title == "Mix"
    hands.press("upper_1")
    hands.hold("upper_7")
    assert hands.face().screen.title == "Reshape"
    hands.wait(0.6)
    hands.release("upper_7")
    assert hands.face().screen.title == "Offset"


def test_layers_are_chosen_at_the_right_or_by_the_page_again(hands: Hands) -> None:
    hands.press("upper_2")
    hands.press("upper_2")
    assert hands.column(1).name == "1  Amplitude"
    hands.press("scene_3")
    assert hands.column(1).name == "1  Duty"
    hands.press("down")
    assert hands.column(1).name == "1  Waveform"
    lights = hands.face().buttons
    assert [lights[f"scene_{n}"].level for n in range(1, 9)] == [1, 1, 1, 2, 1, 0, 0, 0]


def test_reshape_takes_the_decoder_of_its_layer(hands: Hands) -> None:
    hands.press("upper_7")
    hands.press("scene_3")
    hands.turn(2, 21)
    assert hands["/decoder/3/reshape/2"] == pytest.approx(1.8)


def test_the_pads_are_bars_and_a_second_strike_is_the_default(hands: Hands) -> None:
    hands.pad(2)
    assert hands["/offset/3/value"] == 1
    assert hands.face().pads[2].level == Level.FULL
    hands.pad(2)
    assert hands["/offset/3/value"] == 0
    hands.pad(8 * 7 + 2)
    assert hands["/offset/3/value"] == -1
    hands.press("upper_2")
    hands.press("scene_4")
    hands.pad(8 * 5)
    assert hands["/oscillators/1/waveform"] == 2


def test_session_brings_the_bank_to_any_page(hands: Hands) -> None:
    hands.press("session")
    hands.pad(4)
    assert hands.commands == [("/preset/recall", 5)]
    hands.press("note")
    hands.pad(4)
    assert len(hands.commands) == 1


def test_the_bank_shows_what_is_filled_current_and_coming(hands: Hands) -> None:
    hands.press("browse")
    hands.presets(state="morph", target=12, target_name="Rust", progress=0.4, queued=2)
    pads = hands.face().pads
    assert pads[0].level == Level.FULL and pads[0].colour is Colour.WHITE
    assert pads[4].level == Level.DIM and pads[2] == DARK
    assert pads[11].motion is Motion.PULSE and pads[1].motion is Motion.BLINK
    assert hands.face().screen.health.target == "12 Rust"


def test_chords_store_copy_clear_and_name(hands: Hands) -> None:
    open_page(hands, "presets")
    hands.hold("new")
    hands.pad(8)
    hands.release("new")
    hands.hold("duplicate")
    hands.pad(4)
    hands.pad(9)
    hands.release("duplicate")
    hands.hold("delete")
    hands.pad(11)
    hands.release("delete")
    hands.hold("select")
    hands.pad(1)
    hands.release("select")
    assert hands.commands == [
        ("/preset/store", 9),
        ("/preset/copy", 5, 10),
        ("/preset/clear", 12),
    ]
    hands.do(EncoderTurned("encoder_1", 21))
    assert hands.commands[-1] == ("/preset/morph", 1, 2, pytest.approx(0.1))
    hands.presets(state="hand", progress=0.1)
    hands.do(EncoderTurned("encoder_1", 21))
    assert hands.commands[-1] == ("/preset/morph", pytest.approx(0.2))


def test_new_alone_stores_in_the_first_empty_slot(hands: Hands) -> None:
    hands.press("new")
    assert hands.commands == [("/preset/store", 3)]


def test_holding_a_pad_names_the_preset(hands: Hands) -> None:
    open_page(hands, "presets")
    hands.do(PadPressed(4))
    view = hands.face().screen.view
    assert getattr(view, "held", "") == "05 Low choir"


def test_undo_and_redo(hands: Hands) -> None:
    hands.press("undo")
    hands.hold("shift")
    hands.press("undo")
    assert hands.commands == [("/preset/undo",), ("/preset/redo",)]


def test_arrows_walk_the_presets_and_tempo_is_tapped(hands: Hands) -> None:
    hands.press("right")
    hands.press("left")
    hands.press("tap_tempo")
    assert hands.commands == [("/preset/next",), ("/preset/previous",), ("/clock/tap",)]
    hands.do(EncoderTurned("tempo", 3))
    assert hands["/clock/tempo"] == pytest.approx(124)


def test_fixed_length_changes_between_hard_and_timed(hands: Hands) -> None:
    hands.press("fixed_length")
    assert hands.commands[-1] == ("/preset/seconds", 2.0)
    hands.presets(seconds=2.0)
    hands.wait(1)
    hands.press("fixed_length")
    assert hands.commands[-1] == ("/preset/seconds", 0.0)


def test_mute_and_solo_make_the_lower_row_the_decoders(hands: Hands) -> None:
    hands.hold("mute")
    hands.press("lower_2")
    hands.release("mute")
    assert hands["/decoder/2/on"] == 0
    hands.hold("solo")
    hands.press("lower_3")
    assert [hands[f"/decoder/{n}/on"] for n in range(1, 5)] == [0, 0, 1, 0]
    hands.press("lower_3")
    hands.release("solo")
    assert [hands[f"/decoder/{n}/on"] for n in range(1, 5)] == [1, 0, 1, 1]


def test_routing_connects_and_a_held_pads_encoder_turns_its_gain(hands: Hands) -> None:
    hands.press("upper_5")
    hands.press("scene_4")
    start = hands["/jam/1/route/2/3"]
    hands.pad(8 + 2)
    assert hands["/jam/1/route/2/3"] != start
    hands.do(PadPressed(8 + 4))
    hands.turn(5, -21)
    hands.wait(1.0)
    gain = hands["/jam/1/route/2/5"]
    hands.do(PadReleased(8 + 4))
    assert hands["/jam/1/route/2/5"] == gain == pytest.approx(0.2)


def test_terrain_is_a_plane(hands: Hands) -> None:
    hands.press("upper_6")
    hands.pad(7)
    assert (hands["/terrain/x"], hands["/terrain/y"]) == (1, 1)
    hands.do(PadPressed(0), PadPressed(63))
    assert (hands["/terrain/x"], hands["/terrain/y"]) == (0.5, 0.5)


def test_jam_pads_switch_take_in_hand_and_set_what_plays(hands: Hands) -> None:
    hands.press("upper_5")
    hands.pad(2)
    assert hands["/jam/3/play"] == 1 and hands.surface.grip.jam == 3
    hands.pad(2, 0.8)
    assert hands["/jam/3/play"] == 1
    hands.do(PadPressed(32 + 8), PadPressed(32 + 15), PadReleased(32 + 8), PadReleased(32 + 15))
    assert (hands["/jam/3/start"], hands["/jam/3/end"]) == (0.25, 0.5)
    hands.press("double_loop")
    assert hands["/jam/3/end"] == 0.75
    hands.press("stop_clip")
    assert hands["/jam/3/play"] == 0


def test_pressure_moves_a_value_and_lets_it_come_back(hands: Hands) -> None:
    hands.press("scale")
    hands.do(PadPressed(8 * 3 + 1))
    base = hands["/offset/expression"]
    hands.lean(25, 0.5)
    assert hands["/offset/expression"] == pytest.approx(3)
    hands.lean(25, 0.0)
    assert hands["/offset/expression"] == base
    hands.press("scale")
    hands.lean(25, 1.0)
    assert hands["/offset/2/value"] == 1
    hands.do(PadReleased(25))
    assert hands["/offset/2/value"] == pytest.approx(0.25)


def test_hands_that_vanish_leave_nothing_held(hands: Hands) -> None:
    hands.press("accent")
    hands.do(StripTouched(), StripMoved(1.0), PadPressed(3))
    hands.hold("shift")
    for action in hands.surface.let_go(hands.now):
        assert not isinstance(action, Command)
    grip = hands.surface.grip
    assert not grip.buttons and not grip.pads and not grip.touched


def test_help_for_every_page_while_setup_is_held(hands: Hands) -> None:
    for name in PAGES:
        open_page(hands, name)
        hands.hold("setup")
        assert not hands.face().screen.help
        hands.wait(0.5)
        assert len(hands.face().screen.help) >= 3
        hands.release("setup")
        assert hands.face().screen.title == PAGES[name].title
    hands.press("setup")
    assert hands.face().screen.title == "Setup"


@pytest.mark.parametrize("slots", [1, 4, 8])
def test_every_page_has_its_dials_for_any_number_of_decoders(slots: int) -> None:
    hands = Hands(slots)
    grip = hands.surface.grip
    for page in PAGES.values():
        grip.page = page.name
        for place, layer in enumerate(page.open_layers(grip)):
            grip.layers[page.name] = place
            assert any(layer.addresses(grip)), layer.name
            face = hands.face()
            assert len(face.pads) == 64 and len(face.screen.columns) == 8
            for n in range(1, 9):
                hands.turn(n, 3)
                hands.press(f"lower_{n}")
            for pad in (0, 3, 12, 25, 39, 46, 63):
                hands.pad(pad, 0.01)


@pytest.mark.parametrize("controls", [PUSH1, PUSH2, PUSH3], ids=["push1", "push2", "push3"])
def test_every_button_has_a_use_or_a_reason_for_none(controls: Controls) -> None:
    names = [button.name for button in controls.buttons]
    assert len(names) == len(set(names))
    numbers = [b.number for b in controls.buttons] + [e.turn for e in controls.encoders]
    assert len(numbers) == len(set(numbers))
    for name in names:
        assert (name in USES) != (name in UNUSED), name
    assert all(use.text for use in USES.values()) and all(UNUSED.values())


def test_every_use_is_on_some_push() -> None:
    known = {b.name for controls in (PUSH1, PUSH2, PUSH3) for b in controls.buttons}
    assert known == USES.keys() | UNUSED.keys()


def test_counts_of_the_manual() -> None:
    assert len(PUSH2.buttons) == 65 and len(PUSH2.encoders) == 11
    assert [pad_of(n) for n in (36, 43, 92, 99, 35, 100)] == [56, 63, 0, 7, None, None]
    assert all(pad_of(note_of(pad)) == pad for pad in range(64))


def test_unlit_means_useless(hands: Hands) -> None:
    buttons = hands.face().buttons
    for name in ("tap_tempo", "upper_5", "lower_1", "play", "new", "shift", "undo"):
        assert (buttons[name].level > Level.OFF) == (name != "undo")
    hands.presets(undo=1)
    assert hands.face().buttons["undo"].level > Level.OFF
    assert buttons["scene_1"].level == Level.OFF
