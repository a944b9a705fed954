"""The part that plays on a Push, against a Push that keeps the rules of the real ones."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from appliance.config import Config
from appliance.panel.box import Box
from appliance.panel.part import Desk
from appliance.panel.push.controls import note_of
from appliance.panel.push.device.fake import FakePush, press_pad, step
from appliance.panel.push.device.model import MODELS, Model
from appliance.panel.push.device.part import PushPart
from appliance.panel.push.drawing.picture import draw
from appliance.panel.push.live import LiveSurface
from tests.panel.conftest import Engine, until

PUSH_3, PUSH_2, PUSH_1 = MODELS


@pytest.fixture
def desk(box: Box) -> Iterator[Desk]:
    surface = LiveSurface(box)
    surface.start()
    yield Desk(box, Config(), surface, {})
    surface.stop()


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less between looks: the order of things stays."""
    for name, seconds in {
        "part._LOOK": 0.01,
        "part._REST": 0.02,
        "session._PACE": 0.0,
        "session._SETTLE": 0.0,
        "session._LOOK": 0.02,
        "session._ASK": 0.1,
        "session._PATIENCE": 0.1,
        "picture_feed._RETRY": 0.02,
    }.items():
        monkeypatch.setattr(f"appliance.panel.push.device.{name}", seconds)


class Played:
    """A part at work on a fake."""

    def __init__(self, desk: Desk, model: Model) -> None:
        self.push = FakePush(model)
        self.part = PushPart(desk, self.push)
        self.part.start()

    def ready(self) -> bool:
        """Whether the whole surface is lit."""
        lit = len(self.push.pads) == 64 and "shift" in self.push.buttons
        return lit and (self.push.frame_count > 0 or self.push.model.product is None)


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
    played.push.stalled = 0.5
    played.push.play(0xB0, 71, 3)
    before = played.push.buttons["upper_2"]
    played.push.play(0xB0, 103, 127)
    until(lambda: played.push.buttons["upper_2"] != before, 0.4)
    played.push.stalled = 0.0
    frames = played.push.frame_count
    until(lambda: played.push.frame_count > frames)
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


def test_any_sequence_of_plugs_and_garbage_ends_in_a_full_surface(
    desk: Desk, fast: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 here; `python -m tests.bench push` does a thousand."""
    broken = torment(desk, MODELS, rounds=60, seed=1)
    assert broken == []


def torment(desk: Desk, models: tuple[Model, ...], *, rounds: int, seed: int) -> list[str]:
    """Plug, pull, switch, silence and babble at random; return the rules broken."""
    random = np.random.default_rng(seed)
    broken: list[str] = []
    for model in models:
        played = Played(desk, model)
        push = played.push
        for _ in range(rounds // len(models)):
            for _ in range(int(random.integers(1, 6))):
                _disturb(push, random)
                if random.random() < 0.3:
                    time.sleep(float(random.uniform(0, 0.02)))
            push.plug()
            until(played.ready)
            assert played.part.failure is None
        played.part.stop()
        broken += push.broken
    return broken


def _disturb(push: FakePush, random: np.random.Generator) -> None:
    match int(random.integers(0, 6)):
        case 0:
            push.plug()
        case 1:
            push.unplug()
        case 2:
            push.switch_on()
        case 3:
            push.silent = bool(random.integers(0, 2))
        case 4:
            press_pad(push, int(random.integers(0, 64)))
            push.play(0xA0, note_of(int(random.integers(0, 64))), int(random.integers(0, 128)))
        case _:
            body = random.integers(0, 256, int(random.integers(0, 40)))
            push.play(0xF0, *(int(b) for b in body), 0xF7)
            push.play(*(int(b) for b in body))


def test_without_any_midi_it_waits(desk: Desk) -> None:
    part = PushPart(desk)  # the real wires, on a machine without a Push
    part.start()
    time.sleep(0.2)
    assert part.failure is None
    part.stop()
    assert threading.active_count() < 20
