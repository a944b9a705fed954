"""The display's thread: ten pictures a second at most, only changes, and no death felt."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.config import Config
from appliance.errors import DeviceError
from appliance.panel.box import Box
from appliance.panel.oled import part as part_module
from appliance.panel.oled.fake import FakeDisplay
from appliance.panel.oled.part import OledPart
from appliance.panel.oled.renderer import render
from appliance.panel.part import Desk
from appliance.panel.push.live import LiveSurface
from appliance.panel.settings import OledConfig, PanelConfig
from appliance.panel.state import PresetState, State


class Engine:
    """The panel's box, as far as the display knows it."""

    def __init__(self) -> None:
        self.connected = True
        self.state = State(presets=PresetState(current=1, name="One"))

    def get(self, _: str) -> float:
        return 0.0

    def listen(self, listener: Callable[..., object]) -> None:
        self.listener = listener

    def ignore(self, _: object) -> None:
        pass


@contextmanager
def showing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *displays: FakeDisplay, **settings: Any
) -> Generator[tuple[Engine, Desk]]:
    monkeypatch.setenv("NEURAL_SYNTH_RUNTIME", str(tmp_path))
    monkeypatch.setenv("NEURAL_SYNTH_DATA", str(tmp_path))
    monkeypatch.setattr(part_module, "_FIRST_RETRY", 0.01)
    engine, left = Engine(), iter(displays)

    def open_next(_: OledConfig) -> FakeDisplay:
        try:
            return next(left)
        except StopIteration:
            raise DeviceError("There is no display.") from None

    config = Config(panel=PanelConfig(oled=OledConfig(**settings)))
    surface = LiveSurface(Box(port=9))
    desk = Desk(engine, config, surface, {})  # type: ignore[arg-type]
    part = OledPart(desk, open_next)
    part.start()
    try:
        yield engine, desk
    finally:
        part.stop()
        assert part.failure is None


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_only_changes_are_sent_and_never_too_fast(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    display = FakeDisplay()
    with showing(monkeypatch, tmp_path, display) as (engine, _):
        until(lambda: display.images)
        time.sleep(0.35)
        assert len(display.images) == 1
        for number in range(60):
            name = f"Preset {number}"
            engine.state = State(presets=PresetState(current=number % 64, name=name))
            time.sleep(0.01)
        assert 3 <= len(display.images) < 60
    assert display.broken == []
    assert display.closed
    goodbye = render(part_module.GOODBYE, 128, 64)
    assert display.images[-1].tobytes() == goodbye.tobytes()


def test_a_display_that_dies_is_opened_again_and_shown_everything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = FakeDisplay(), FakeDisplay()
    with showing(monkeypatch, tmp_path, first, second) as (engine, _):
        until(lambda: first.images)
        first.plugged = False
        engine.state = State(presets=PresetState(current=2, name="Two"))
        until(lambda: second.images)
        assert first.closed
        assert second.level == 255


def test_it_dims_and_wakes_on_touch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    display = FakeDisplay()
    with showing(monkeypatch, tmp_path, display, dim_seconds=0.3, rest_seconds=0.6, dim=7) as (
        _,
        desk,
    ):
        until(lambda: display.level == 255)
        until(lambda: display.level == 7)
        until(lambda: len(display.images) >= 2)
        desk.signals.touch()
        until(lambda: display.level == 255)
    assert display.broken == []


def test_without_a_display_nothing_is_felt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with showing(monkeypatch, tmp_path):
        time.sleep(0.1)


def test_grey_displays_get_greys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    display = FakeDisplay(256, 64, grey=True)
    with showing(monkeypatch, tmp_path, display):
        until(lambda: display.images)
    assert display.broken == []
    assert set(display.images[0].tobytes()) - {0, 255}
