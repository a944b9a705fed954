"""Feet to engine: the real engine's presets answer, sources come, go and lie."""

import queue
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.board import load_board
from appliance.config import Config
from appliance.errors import DeviceError
from appliance.panel.box import Box
from appliance.panel.footswitch import part as part_module
from appliance.panel.footswitch.fake import FakeSource
from appliance.panel.footswitch.part import FootswitchPart, held_now
from appliance.panel.footswitch.source import open_source
from appliance.panel.part import Desk
from appliance.panel.push.live import LiveSurface
from appliance.panel.settings import FootswitchConfig, PanelConfig
from appliance.panel.signals import Contact
from appliance.panel.state import PresetState, State
from appliance.parameters import Table


class Engine:
    """Stands for the panel's box: notes what was sent, and steps back when told to."""

    def __init__(self) -> None:
        self.sent: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self.state = State(presets=PresetState(undo=5))
        self.table = Table(2)
        self.mirror = {p.address: p.default for p in self.table}

    @property
    def values(self) -> "Engine":
        return self

    def get(self, address: str) -> float:
        return self.mirror[address]

    def set(self, address: str, value: float) -> None:
        self.mirror[address] = value

    def command(self, address: str, *arguments: object) -> bool:
        if address in ("/preset/next", "/preset/previous"):
            self.state = State(presets=PresetState(undo=self.state.presets.undo + 1))
        self.sent.put((address, *arguments))
        return True

    def said(self) -> str:
        return self.sent.get(timeout=5)[0]


@contextmanager
def standing(
    monkeypatch: pytest.MonkeyPatch, source: FakeSource, *more: FakeSource, **settings: Any
) -> Generator[tuple[Engine, Desk]]:
    engine = Engine()
    config = FootswitchConfig(long_seconds=0.2, both_seconds=0.1, bounce_ms=5, **settings)
    surface = LiveSurface(Box(port=9))
    desk = Desk(engine, Config(panel=PanelConfig(footswitch=config)), surface, {})  # type: ignore[arg-type]
    sources = iter((source, *more))

    def open_next(*_: object) -> FakeSource:
        try:
            return next(sources)
        except StopIteration:
            raise DeviceError("There is no chip.") from None

    monkeypatch.setattr(part_module, "open_source", open_next)
    monkeypatch.setattr(part_module, "_FIRST_RETRY", 0.01)
    part = FootswitchPart(desk)
    part.start()
    assert source.heard.wait(5)
    try:
        yield engine, desk
    finally:
        part.stop()
        assert part.failure is None


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_left_and_right_step_and_long_presses_come_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()
    with standing(monkeypatch, source, long_left="tap") as (engine, desk):
        source.step(1, True)
        assert engine.said() == "/preset/next"
        source.step(1, False)
        source.step(0, True)
        assert engine.said() == "/preset/previous"
        assert engine.said() == "/clock/tap"
        source.step(0, False)
        assert desk.signals.pages == 0


def test_both_take_back_what_led_there_then_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()
    with standing(monkeypatch, source) as (engine, _):
        engine.mirror["/jam/3/play"] = 1.0
        engine.mirror["/encoder/feedback/1/level_db"] = 6.0
        engine.mirror["/master/level_db"] = -3.0
        source.step(0, True)
        assert engine.said() == "/preset/previous"
        source.step(1, True)
        assert engine.said() == "/preset/next"
        assert engine.said() == "/preset/undo"
        assert engine.said() == "/preset/undo"
        until(lambda: engine.mirror["/master/level_db"] == -60)
        assert engine.mirror["/jam/3/play"] == 0
        assert engine.mirror["/encoder/feedback/1/level_db"] == -60
        source.step(0, False)
        source.step(1, False)
        time.sleep(0.05)
        source.step(0, True)
        source.step(1, True)
        until(lambda: engine.mirror["/master/level_db"] == -3.0)


def test_both_held_for_long_ask_for_the_power_to_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEURAL_SYNTH_RUNTIME", str(tmp_path))
    source = FakeSource()
    with standing(monkeypatch, source, off_seconds=0.2):
        source.step(0, True)
        source.step(1, True)
        until((tmp_path / "poweroff").exists)


def test_a_press_that_did_nothing_is_not_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()
    with standing(monkeypatch, source, both="mute") as (engine, _):
        monkeypatch.setattr(engine, "command", lambda *said: engine.sent.put(said) or True)
        source.step(0, True)
        source.step(1, True)
        assert [engine.said(), engine.said()] == ["/preset/previous", "/preset/next"]
        until(lambda: engine.mirror["/master/level_db"] == -60)
        assert engine.sent.empty()


def test_a_lost_edge_is_found_by_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()
    with standing(monkeypatch, source) as (engine, _):
        source.step(1, True, told=False)
        assert engine.said() == "/preset/next"
        source.step(1, False, told=False)
        time.sleep(0.06)
        source.step(1, True)
        assert engine.said() == "/preset/next"


def test_a_source_that_goes_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [FakeSource(), FakeSource()]
    with standing(monkeypatch, *sources) as (engine, desk):
        sources[0].step(0, True)
        assert engine.said() == "/preset/previous"
        sources[0].plugged = False
        until(lambda: sources[0].closed)
        assert sources[1].heard.wait(5)
        assert desk.signals.input_error is None
        sources[1].step(1, True)
        assert engine.said() == "/preset/next"


def test_pedals_in_the_jacks_of_a_push_are_heard_too(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()
    with standing(monkeypatch, source) as (engine, desk):
        source.plugged = False
        desk.signals.contacts.put(Contact(0, True, time.monotonic()))
        assert engine.said() == "/preset/previous"
        desk.signals.contacts.put(Contact(0, False, time.monotonic()))
        until(lambda: desk.signals.input_error == "There is no chip.")


def test_a_stuck_switch_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeSource()
    source.step(0, True, told=False)
    with standing(monkeypatch, source, stuck_seconds=0.1) as (_, desk):
        until(lambda: desk.signals.stuck == ("left",))
        source.step(0, False)
        until(lambda: desk.signals.stuck == ())


def test_gpiozero_pins_tell_both_ways_of_wiring(monkeypatch: pytest.MonkeyPatch) -> None:
    gpiozero = pytest.importorskip("gpiozero")
    mock = pytest.importorskip("gpiozero.pins.mock")
    for normally, rest in (("open", "drive_high"), ("closed", "drive_low")):
        factory = mock.MockFactory()
        monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
        config = FootswitchConfig(source="gpiozero", normally=normally)  # type: ignore[arg-type]
        board = load_board("pi5")
        pressed = "drive_low" if rest == "drive_high" else "drive_high"
        source = open_source(config, board)
        assert source is not None
        for number in (17, 27):
            getattr(factory.pin(number), rest)()
        while source.wait(0):
            pass
        assert source.levels() == (False, False)
        getattr(factory.pin(27), pressed)()
        assert [(c.switch, c.closed) for c in source.wait(1)] == [(1, True)]
        assert source.levels() == (False, True)
        getattr(factory.pin(27), rest)()
        assert [(c.switch, c.closed) for c in source.wait(1)] == [(1, False)]
        assert source.wait(0) == []
        source.close()
        factory.reset()


def test_what_cannot_be_opened_says_what_to_do() -> None:
    with pytest.raises(DeviceError, match="no GPIO chip 'pinctrl-rp1'"):
        open_source(FootswitchConfig(source="gpiod"), load_board("pi5"))
    with pytest.raises(DeviceError, match="has no pins for footswitches"):
        open_source(FootswitchConfig(source="gpiod"), load_board("pc"))
    assert open_source(FootswitchConfig(), load_board("pc")) is None
    assert held_now(FootswitchConfig(), load_board("pi5")) == (False, False)


def test_stopping_leaves_no_thread_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    with standing(monkeypatch, FakeSource()):
        assert threading.active_count() > before
    until(lambda: threading.active_count() == before)
