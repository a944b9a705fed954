"""The performance surface: what hands do comes in, what the engine is to do comes out.

Without threads, devices or time of its own: whoever holds it says what time it is. What is to be
seen is `face`, read whenever something may have changed.
"""

from appliance.errors import ParameterError
from appliance.panel.push.actions import Action
from appliance.panel.push.buttons import USES
from appliance.panel.push.controls import COLUMNS
from appliance.panel.push.events import (
    ButtonPressed,
    ButtonReleased,
    EncoderReleased,
    EncoderTouched,
    EncoderTurned,
    Event,
    PadPressed,
    PadPressure,
    PadReleased,
    StripMoved,
    StripReleased,
    StripTouched,
)
from appliance.panel.push.face import Face, face_of, pads_of, strip_address
from appliance.panel.push.grip import Engine, Grip
from appliance.panel.push.pads import Bars
from appliance.panel.push.paging import layer_of
from appliance.panel.push.wording import share_of, value_at

_GLOBAL = {
    "tempo": "/clock/tempo",
    "swing": "/preset/seconds",
    "master": "/master/level_db",
}
_STEPS_A_PRESET = 10
_CHORDS = ("new", "save", "delete", "duplicate", "select", "centre")


class Surface:
    """One surface, played from any number of devices, that plays `engine`."""

    def __init__(self, engine: Engine) -> None:
        """Begin on the first page."""
        self.grip = Grip(engine)
        self._wheel = 0

    def handle(self, event: Event, now: float) -> list[Action]:
        """Take one event at the time `now` in seconds; return what the engine is to do."""
        grip = self.grip
        grip.now = now
        grip.actions = []
        try:
            self._take(event)
        except ParameterError as error:
            grip.say(str(error))  # a row that this engine does not have
        return grip.actions

    def let_go(self, now: float) -> list[Action]:
        """Take all hands off: the device is gone."""
        actions: list[Action] = []
        grip = self.grip
        for pad in list(grip.pads):
            actions += self.handle(PadReleased(pad), now)
        if "strip" in grip.used:
            actions += self.handle(StripReleased(), now)
        grip.buttons.clear()
        grip.touched.clear()
        grip.used.clear()
        grip.copied = None
        return actions

    def face(self, now: float) -> Face:
        """Return what is to be seen at the time `now`."""
        self.grip.now = now
        return face_of(self.grip)

    def _take(self, event: Event) -> None:
        match event:
            case ButtonPressed() | ButtonReleased():
                self._button(event)
            case EncoderTurned(name, steps):
                self._turn(name, steps)
            case EncoderTouched(name):
                self._touch(name)
            case EncoderReleased(name):
                self._untouch(name)
            case PadPressed() | PadReleased() | PadPressure():
                self._pad(event)
            case StripTouched() | StripMoved() | StripReleased():
                self._strip(event)

    def _button(self, event: ButtonPressed | ButtonReleased) -> None:
        grip, name = self.grip, event.name
        if isinstance(event, ButtonPressed):
            grip.buttons[name] = grip.now
            grip.used.discard(name)
            if name in USES:
                USES[name].press(grip)
            return
        since = grip.buttons.pop(name, None)
        if since is not None and name in USES:
            USES[name].release(grip, grip.now - since)

    def _pad(self, event: PadPressed | PadReleased | PadPressure) -> None:
        grip = self.grip
        match event:
            case PadPressed(pad):
                grip.pads[pad] = grip.now
                grip.used.update(name for name in _CHORDS if name in grip.buttons)
                pads_of(grip).press(grip, pad)
            case PadReleased(pad):
                since = grip.pads.pop(pad, None)
                if since is not None:
                    pads_of(grip).release(grip, pad, grip.now - since)
                if not grip.pads:
                    self._press_on(None, 0.0)
            case PadPressure(pad, pressure):
                self._press_on(pad, pressure)

    def _address(self, name: str) -> str | None:
        if name in COLUMNS:
            return layer_of(self.grip).addresses(self.grip)[COLUMNS.index(name)]
        return _GLOBAL.get(name)

    def _turn(self, name: str, steps: int) -> None:
        grip = self.grip
        if name == "jog":
            self._browse(steps)
            return
        address = self._address(name)
        if address is None:
            return
        grip.used.add(name)
        value = grip.turning.turned(
            grip.parameter(address),
            grip.get(address),
            steps,
            fine=grip.shift,
            sensitivity=grip.get("/push/sensitivity"),
        )
        if value != grip.get(address):
            grip.set(address, value)

    def _browse(self, steps: int) -> None:
        grip = self.grip
        self._wheel += steps
        whole = int(self._wheel / _STEPS_A_PRESET)
        self._wheel -= whole * _STEPS_A_PRESET
        filled = sorted(grip.state.presets.filled)
        if whole and filled:
            here = grip.goal or grip.state.presets.current or filled[0]
            place = filled.index(here) if here in filled else 0
            grip.goal = filled[(place + whole) % len(filled)]

    def _touch(self, name: str) -> None:
        grip = self.grip
        if name not in grip.touched:
            grip.touched.append(name)
        address = self._address(name)
        if address is not None and "delete" in grip.buttons:
            grip.set(address, grip.parameter(address).default)

    def _untouch(self, name: str) -> None:
        grip = self.grip
        if name in grip.touched:
            grip.touched.remove(name)
        address = self._address(name)
        if address is not None:
            grip.turning.release(address)

    def _strip(self, event: StripTouched | StripMoved | StripReleased) -> None:
        grip = self.grip
        address = strip_address(grip)
        if address is None:
            return
        parameter = grip.parameter(address)
        match event:
            case StripTouched():
                grip.used.add("strip")
                grip.memory[f"strip {address}"] = grip.get(address)
                if "delete" in grip.buttons:
                    grip.set(address, parameter.default)
            case StripMoved(place):
                if "delete" not in grip.buttons:
                    grip.set(address, value_at(parameter, place))
            case StripReleased():
                grip.used.discard("strip")
                before = grip.memory.pop(f"strip {address}", None)
                if before is not None and not grip.get("/push/latch"):
                    grip.set(address, before)

    def _press_on(self, pad: int | None, pressure: float) -> None:
        """Let pressure move from where a value stood to the end of its travel, and back."""
        grip = self.grip
        mode = grip.get("/push/pressure")
        address = strip_address(grip) if mode == 1 else self._pressed(pad) if mode else None
        moved = next((k for k in grip.memory if k.startswith("pressed ")), None)
        if pressure <= 0 or address is None:
            if moved is not None:
                grip.set(moved.removeprefix("pressed "), grip.memory.pop(moved))
            return
        if moved is not None and moved != f"pressed {address}":
            grip.set(moved.removeprefix("pressed "), grip.memory.pop(moved))
        parameter = grip.parameter(address)
        base = grip.memory.setdefault(f"pressed {address}", grip.get(address))
        start = share_of(parameter, base)
        end = 0.0 if parameter.minimum < 0 and base < 0 else 1.0
        grip.set(address, value_at(parameter, start + pressure * (end - start)))

    def _pressed(self, pad: int | None) -> str | None:
        grip = self.grip
        pad = pad if pad is not None else next(reversed(grip.pads), None)
        pads = pads_of(grip)
        if pad is None or not isinstance(pads, Bars):
            return None
        address = grip.expand(pads.template, pad % 8 + 1)
        return None if address is None or grip.parameter(address).choices else address
