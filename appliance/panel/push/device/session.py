"""One Push from the moment it answers to the moment it is gone."""

import queue
import threading
import time
from collections.abc import Iterator
from typing import TypeVar

from appliance.errors import DeviceError
from appliance.panel.push.colours import DARK
from appliance.panel.push.device import sysex
from appliance.panel.push.device.lcd import lines_of
from appliance.panel.push.device.lights import Lights, palette
from appliance.panel.push.device.link import MidiLink, Wires
from appliance.panel.push.device.model import Model
from appliance.panel.push.device.reading import Reader
from appliance.panel.push.events import PADS, PedalMoved
from appliance.panel.push.face import Face, Strip
from appliance.panel.push.live import LiveSurface
from appliance.panel.signals import Contact, Signals

_PATIENCE = 0.8  # seconds for an answer
_TRIES = 3
_SETTLE = 0.3  # a Push that was just plugged in reports its whole state, which no hand did
_PACE = 0.004  # seconds between messages that a Push stores, such as colours
_LOOK = 0.25  # seconds between two looks at what may have changed beside the face
_ASK = 5.0  # seconds between two questions whether it still is the same Push
_LCD = 1 / 15  # a Push 1 writes slowly
_RUN = 85  # the number by which a Push is known until it is switched off
_START = b"\xfa"  # lights move only after it


_Answer = TypeVar("_Answer", sysex.Identity, sysex.Power)


class PushGoneError(DeviceError):
    """The Push is no longer there, or no longer the one that was set up."""


class Session:
    """Plays `surface` on the Push of `model`."""

    def __init__(self, wires: Wires, model: Model, surface: LiveSurface, signals: Signals) -> None:
        """Open the ports; raises DeviceError."""
        self._wires, self.model = wires, model
        self._surface, self._signals = surface, signals
        self._reader = Reader(model)
        self._lights = Lights(model)
        self._answers: queue.SimpleQueue[sysex.Identity | sysex.Power] = queue.SimpleQueue()
        self._listen_from = float("inf")
        self._told: dict[str, object] = {}
        self._firmware = ""
        self._late_text = False
        """Whether a Push 1 was written to too recently to be told the newest."""
        self._link: MidiLink = wires.open_midi(model, self._receive)

    def run(self, stopping: threading.Event) -> None:
        """Set it up and play until `stopping` is set; raises DeviceError when it is gone."""
        try:
            self._greet()
            self._set_up()
            self._play(stopping)
            self._farewell()
        finally:
            self._link.close()
            self._surface.let_go()
            self._surface.complain("push")
            self._surface.tell("push")

    def _receive(self, message: bytes) -> None:
        if message[:1] == b"\xf0":
            answer = sysex.answer(message)
            if answer is not None:
                self._answers.put(answer)
            return
        if time.monotonic() < self._listen_from:
            return
        event = self._reader.event(message)
        if isinstance(event, PedalMoved):
            # Jack 1 is the right pedal.
            self._signals.contacts.put(Contact(2 - event.jack, event.down, time.monotonic()))
        elif event is not None:
            self._signals.touch()
            self._surface.put(event)

    def _greet(self) -> None:
        """Prove that it is there: an open port alone says nothing."""
        for attempt in range(_TRIES):
            # A box that starts, or draws its first pictures, is slow to hear an answer.
            patience = _PATIENCE * 2**attempt
            answer = self._ask(sysex.IDENTITY_REQUEST, sysex.Identity, patience)
            if answer is not None:
                if answer.product != self.model.product:
                    raise DeviceError(
                        f"What calls itself {self.model.client} says that it is another device."
                    )
                self._firmware = answer.firmware
                return
        raise DeviceError(
            f"{self.model.name} does not answer. Plug it out and in again; close other programs "
            "that use it."
        )

    def _set_up(self) -> None:
        for message in self._setup():
            self._link.send(message)
            time.sleep(_PACE)
        self._look()
        self._power(first=True)
        self._lights.forget()
        self._listen_from = time.monotonic() + _SETTLE

    def _setup(self) -> Iterator[bytes]:
        if not self.model.ableton:
            yield from sysex.akai_setup()
            return
        yield sysex.live_mode()
        yield sysex.poly_pressure()
        yield sysex.strip_by_host()
        yield from palette()
        yield _START

    def _play(self, stopping: threading.Event) -> None:
        version = -1
        looked = asked = drawn = time.monotonic()
        while not stopping.is_set():
            now = time.monotonic()
            if now - looked >= _LOOK:
                looked = now
                self._look()
            if now - asked >= _ASK:
                asked = now
                self._power(first=False)
            seen = self._surface.wait(version, _LOOK)
            if seen == version and not self._late_text:
                continue
            version, face = seen, self._surface.face
            for message in self._lights.changes(face):
                self._link.send(message)
            if not self.model.ableton and time.monotonic() - drawn >= _LCD:
                drawn = time.monotonic()
                self._write(face)
                self._late_text = False
            else:
                self._late_text = not self.model.ableton

    def _write(self, face: Face) -> None:
        for number, line in enumerate(lines_of(face.screen)):
            if self._told.get(f"line {number}") != line:
                self._told[f"line {number}"] = line
                self._link.send(sysex.lcd_line(number, line))

    def _look(self) -> None:
        """Follow the settings, and see whether the ports are still there."""
        if self._wires.find() is not self.model:
            raise PushGoneError(f"{self.model.name} was unplugged.")
        if not self.model.ableton:
            return
        leds = round(self._surface.setting("/push/leds"))
        display = round(self._surface.setting("/push/display"))
        for name, level, message in (
            ("leds", leds, sysex.led_brightness(leds)),
            ("display", display, sysex.display_brightness(display)),
        ):
            if self._told.get(name) != level:
                self._told[name] = level
                self._link.send(message)

    def _power(self, *, first: bool) -> None:
        """Ask whether it is the Push that was set up, and how it is fed."""
        name = f"{self.model.name}, firmware {self._firmware}"
        question = sysex.statistics(_RUN if first else 0)
        answer = self._ask(question, sysex.Power) if self.model.ableton else None
        if answer is None:
            # A Push 1 knows no such question; another that passes it over may still be there.
            if not any(self._ask(sysex.IDENTITY_REQUEST, sysex.Identity) for _ in range(_TRIES)):
                raise PushGoneError(f"{self.model.name} has stopped answering.")
            self._surface.tell("push", ("Push", name))
            return
        if not first and answer.run != _RUN:
            raise PushGoneError(f"{self.model.name} was switched off and on.")
        if self._told.get("power") != answer.external:
            self._told["power"] = answer.external
            feed = "own power supply" if answer.external else "USB power only"
            self._surface.tell("push", ("Push", f"{name}, {feed}"))
            dim = "The Push has USB power only and stays dim: plug in its power supply."
            self._surface.complain("push", *([] if answer.external else [dim]))

    def _ask(
        self, question: bytes, kind: type[_Answer], patience: float | None = None
    ) -> _Answer | None:
        """Send a question and return the answer of `kind` that comes in time, None if none does."""
        self._link.send(question)
        deadline = time.monotonic() + (_PATIENCE if patience is None else patience)
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = self._answers.get(timeout=left)
            except queue.Empty:
                return None
            if isinstance(answer, kind):
                return answer
        return None

    def _farewell(self) -> None:
        """Leave it dark."""
        face = self._surface.face
        dark = Face((DARK,) * PADS, {}, Strip(), face.screen)
        for message in self._lights.changes(dark):
            self._link.send(message)
        if not self.model.ableton:
            for number in range(sysex.LCD_LINES):
                self._link.send(sysex.lcd_line(number, ""))
