"""The part that plays on a Push, against a Push that keeps the rules of the real ones."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from appliance.config import Config
from appliance.errors import ConfigError
from appliance.panel.box import Box
from appliance.panel.part import Desk
from appliance.panel.push.device.fake import step
from appliance.panel.push.device.model import MODELS
from appliance.panel.push.device.part import PushPart
from appliance.panel.push.drawing.easel import Easel
from appliance.panel.push.drawing.picture import draw
from appliance.panel.push.live import LiveSurface
from tests.panel.conftest import Engine, until
from tests.panel.push.torment import Played, hasten, torment

PUSH_3, PUSH_2, PUSH_1 = MODELS


@pytest.fixture
def desk(box: Box) -> Iterator[Desk]:
    surface = LiveSurface(box)
    surface.start()
    yield Desk(box, Config(), surface, {})
    surface.stop()


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.fixture(params=MODELS, ids=lambda model: model.name)
def played(request: pytest.FixtureRequest, desk: Desk, fast: None) -> Iterator[Played]:
    played = Played(desk, request.param)
    yield played
    played.part.stop()
    assert played.part.failure is None
    assert played.push.broken == []


def test_it_is_found_set_up_lit_and_played(played: Played, desk: Desk, engine: Engine) -> None:
    push = played.push
    assert not push.pads
    push.plug()
    until(played.ready)
    if push.model.ableton:
        assert push.mode == 0 and push.poly and push.moving and push.strip_by_host
        assert push.buttons["upper_1"][0] != 0
        assert np.asarray(push.image()).max() > 100
    else:
        until(lambda: "Offset" in push.lines[3])
        assert push.mode == 1
    time.sleep(0.01)
    push.play(0xB0, 71, 20)
    until(lambda: engine.values.get("/offset/1/value") > 0)
    push.play(0x90, 12, 127)
    push.play(0xE0, 0x40, 0x7F)
    push.play(0x90, 12, 0)
    until(lambda: engine.values.get("/offset/expression") == 4)


def test_the_display_shows_the_surface(desk: Desk, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.plug()
    until(played.ready)
    played.push.play(0xB0, 103, 127)
    played.push.play(0xB0, 103, 0)
    until(lambda: desk.surface.face.screen.title == "Oscillators")

    def same() -> bool:
        expected = np.asarray(draw(desk.surface.face.screen, None)).astype(int)
        return bool(np.abs(expected - np.asarray(played.push.image()).astype(int)).max() <= 8)

    until(same)
    played.part.stop()
    assert not played.push.broken
    assert {value for value, _ in played.push.pads.values()} == {0}  # it leaves the Push dark


def test_usb_power_is_said(desk: Desk, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.external_power = False
    played.push.plug()
    until(lambda: "USB power" in desk.surface.face.screen.health.warning)
    assert played.push.led_level == 8 and played.push.display_power == 100
    played.push.external_power = True
    until(lambda: "USB power" not in desk.surface.face.screen.health.warning)
    played.part.stop()


def test_a_push_that_passes_over_the_question_for_power_is_played(desk: Desk, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.tells_power = False
    played.push.plug()
    until(played.ready)
    time.sleep(0.5)
    assert played.push.poly and desk.surface.face.screen.health.warning == ""
    played.part.stop()


def test_a_push_that_was_switched_off_and_on_is_set_up_anew(desk: Desk, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.plug()
    until(played.ready)
    played.push.switch_on()  # without its cable being pulled: nobody tells us
    until(lambda: played.ready() and played.push.poly)
    played.part.stop()
    assert not played.push.broken


def test_a_dead_port_is_left_and_opened_anew(desk: Desk, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.plug()
    until(played.ready)
    played.push.silent = True
    until(lambda: "answer" in desk.surface.face.screen.health.warning)
    played.push.plug()
    until(played.ready)
    played.part.stop()


def test_a_stalled_display_delays_no_light(desk: Desk, engine: Engine, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.plug()
    until(played.ready)
    played.push.stalled = 1.6
    played.push.play(0xB0, 71, 3)
    before = played.push.buttons["upper_2"]
    played.push.play(0xB0, 103, 127)
    until(lambda: played.push.buttons["upper_2"] != before, 1.4)
    played.push.stalled = 0.0
    frames = played.push.frame_count
    until(lambda: played.push.frame_count > frames)
    played.part.stop()


def test_a_picture_that_cannot_be_drawn_is_told_and_tried_again(
    desk: Desk, fast: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Easel.picture

    missing = threading.Event()
    missing.set()

    def draw_if_possible(easel: Easel) -> tuple[int, Image.Image]:
        if missing.is_set():
            raise ConfigError("The typeface of the display is missing.")
        return drawn(easel)

    monkeypatch.setattr(Easel, "picture", draw_if_possible)
    played = Played(desk, PUSH_2)
    played.push.plug()
    until(lambda: "typeface" in desk.surface.face.screen.health.warning)
    until(lambda: len(played.push.pads) == 64)
    missing.clear()
    until(played.ready)
    until(lambda: "typeface" not in desk.surface.face.screen.health.warning)
    played.part.stop()


def test_pedals_go_to_the_footswitch(desk: Desk, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.plug()
    until(played.ready)
    time.sleep(0.01)
    step(played.push, 1, down=True)
    step(played.push, 2, down=True)
    contacts = [desk.signals.contacts.get(timeout=2) for _ in range(2)]
    assert [(c.switch, c.closed) for c in contacts] == [(1, True), (0, True)]
    played.part.stop()


def test_what_is_held_is_let_go_when_the_cable_is_pulled(desk: Desk, fast: None) -> None:
    played = Played(desk, PUSH_2)
    played.push.plug()
    until(played.ready)
    time.sleep(0.01)
    played.push.play(0xB0, 49, 127)
    until(lambda: desk.surface._surface.grip.shift)
    played.push.unplug()
    until(lambda: not desk.surface._surface.grip.shift)
    played.part.stop()


def test_any_sequence_of_plugs_and_garbage_ends_in_a_full_surface(desk: Desk, fast: None) -> None:
    """30 here; `python -m tests.bench plugging` does a thousand."""
    broken = torment(desk, rounds=30, seed=1)
    assert broken == []


def test_without_any_midi_it_waits(desk: Desk) -> None:
    part = PushPart(desk)  # the real wires, on a machine without a Push
    part.start()
    time.sleep(0.2)
    assert part.failure is None
    part.stop()
    assert threading.active_count() < 20
