"""The status display as a part of the panel: ten looks a second, and only changes are sent."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PIL import Image

from appliance.board import this_board
from appliance.errors import DeviceError
from appliance.panel import power
from appliance.panel.box import News
from appliance.panel.oled.care import Care
from appliance.panel.oled.director import GOODBYE, Director, Inputs
from appliance.panel.oled.facts import Machine, machine
from appliance.panel.oled.renderer import render
from appliance.panel.oled.screen import Screen
from appliance.panel.part import Desk, ThreadPart
from appliance.panel.settings import OledConfig
from appliance.panel.usb.visit import read_visit
from appliance.places import data_folder
from appliance.start_up import read_start

PERIOD = 0.1
"""Seconds between two frames at least: I2C is slow, and nobody reads faster."""
_FACTS_SECONDS = 2.0
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0


class Screenlike(Protocol):
    """A display that shows pictures; every call but `close` raises DeviceError when it is gone."""

    width: int
    height: int
    grey: bool

    def show(self, image: Image.Image) -> None:
        """Send a picture."""
        ...

    def contrast(self, level: int) -> None:
        """Set the brightness, 0 to 255."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


Open = Callable[[OledConfig], Screenlike]


class OledPart(ThreadPart):
    """Shows what is to be known; a display that is absent or dies is opened again."""

    name = "oled"

    def __init__(self, desk: Desk, open_: Open | None = None) -> None:
        """Prepare; nothing is opened before the start."""
        super().__init__()
        self._desk = desk
        self._config = desk.config.panel.oled
        self._open = open_ or _open
        self._director = Director(desk.config.name)
        config = self._config
        self._care = Care(config.contrast, config.dim, config.dim_seconds, config.rest_seconds)
        self._facts = Machine()
        self._counts: tuple[tuple[str, int], ...] = ()
        self._facts_due = 0.0
        self._sound: tuple[int | None, str] = (None, "")

    def start(self) -> None:
        """Start the thread, and learn when somebody turns something."""
        self._desk.box.listen(self._hear)
        super().start()

    def stop(self) -> None:
        """Say goodbye, which stays on the display."""
        super().stop()
        self._desk.box.ignore(self._hear)

    def run(self) -> None:
        """Show until told to stop."""
        rest = _FIRST_RETRY
        while not self.stopping.is_set():
            try:
                display = self._open(self._config)
            except (DeviceError, ImportError):
                self.stopping.wait(rest)
                rest = min(2 * rest, _LAST_RETRY)
                continue
            rest = _FIRST_RETRY
            with contextlib.closing(display), contextlib.suppress(DeviceError):
                last = self._attend(display)
                time.sleep(max(0.0, last + PERIOD - time.monotonic()))
                _send(display, GOODBYE)

    def _attend(self, display: Screenlike) -> float:
        """Show on one display until told to stop; return when the last picture was sent.

        Raises DeviceError when it is gone.
        """
        shown: tuple[Screen, tuple[int, int]] | None = None
        sent = b""
        contrast = -1
        last = 0.0
        while not self.stopping.is_set():
            now = time.monotonic()
            light = self._care.light(now - self._desk.signals.touched, now)
            screen = self._director.choose(
                self._look(now), now, resting=light.place if light.resting else None
            )
            if shown != (screen, light.shift):
                shown = (screen, light.shift)
                size = (display.width, display.height)
                image = render(screen, *size, grey=display.grey, shift=light.shift)
                data = image.tobytes()
                if data != sent:
                    display.show(image)
                    sent, last = data, time.monotonic()
            if light.contrast != contrast:
                display.contrast(light.contrast)
                contrast = light.contrast
            self.stopping.wait(max(0.0, max(now, last) + PERIOD - time.monotonic()))
        return last

    def _look(self, now: float) -> Inputs:
        if now >= self._facts_due:
            self._facts_due = now + _FACTS_SECONDS
            self._facts = machine(data_folder())
            self._counts = _counts(data_folder())
        box = self._desk.box
        presets = box.state.presets
        if (presets.current, presets.name) != self._sound:
            self._sound = (presets.current, presets.name)
            self._desk.signals.touch()
        return Inputs(
            box,
            self._facts,
            self._desk.signals,
            None if box.connected else read_start(),
            read_visit(),
            power.asked(),
            self._counts,
        )

    def _hear(self, news: News) -> None:
        if news.kind == "values":
            self._desk.signals.touch()


def _send(display: Screenlike, screen: Screen) -> None:
    display.show(render(screen, display.width, display.height, grey=display.grey))


def farewell(config: OledConfig, screen: Screen) -> None:
    """Show `screen` once and leave it there; raises DeviceError."""
    with contextlib.closing(_open(config)) as display:
        _send(display, screen)


def _open(config: OledConfig) -> Screenlike:
    from appliance.panel.oled.display import open_display  # noqa: PLC0415

    return open_display(config, this_board())


def _counts(folder: Path) -> tuple[tuple[str, int], ...]:
    """Return how many samples and models the player has."""
    counts: list[tuple[str, int]] = []
    for name in ("samples", "models"):
        with contextlib.suppress(OSError):
            found = [e for e in (folder / name).iterdir() if not e.name.startswith(".")]
            counts.append((name, len(found)))
    return tuple(counts)
