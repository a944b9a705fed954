"""What a Push sends, as events of hands."""

from appliance.panel.push.controls import PEDALS, pad_of
from appliance.panel.push.device.model import Model
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
    PedalMoved,
    StripMoved,
    StripReleased,
    StripTouched,
)

_NOTE_OFF, _NOTE_ON, _POLY, _CONTROL, _PRESSURE, _BEND = 0x80, 0x90, 0xA0, 0xB0, 0xD0, 0xE0
_STRIP_TOP = 16320  # the strip's bend has eight bits, in steps of 64


class Reader:
    """Reads the messages of one model; what it does not know it passes over."""

    def __init__(self, model: Model) -> None:
        """Prepare the tables of the model's controls."""
        controls = model.controls
        self._buttons = {button.number: button.name for button in controls.buttons}
        self._turns = {encoder.turn: encoder.name for encoder in controls.encoders}
        self._touches = {
            encoder.touch: encoder.name
            for encoder in controls.encoders
            if encoder.touch is not None
        }
        self._strip = controls.strip

    def event(self, message: bytes) -> Event | PedalMoved | None:
        """Return what one message (no system message) tells, None if nothing we play with."""
        # Channel 1 only: the others carry the notes of an MPE mode that was set on the device.
        if len(message) == 2 and message[0] == _PRESSURE and message[1] <= 0x7F:
            return PadPressure(None, message[1] / 127)
        if len(message) != 3 or max(message[1:]) > 0x7F:
            return None
        kind, first, second = message
        event: Event | PedalMoved | None = None
        if kind in (_NOTE_ON, _NOTE_OFF):
            event = self._note(first, second if kind == _NOTE_ON else 0)
        elif kind == _POLY and (pad := pad_of(first)) is not None:
            event = PadPressure(pad, second / 127)
        elif kind == _CONTROL:
            event = self._control(first, second)
        elif kind == _BEND:
            event = StripMoved(min(1.0, (first | second << 7) / _STRIP_TOP))
        return event

    def _note(self, note: int, velocity: int) -> Event | None:
        pad = pad_of(note)
        if pad is not None:
            return PadPressed(pad, velocity) if velocity else PadReleased(pad)
        if note == self._strip:
            return StripTouched() if velocity else StripReleased()
        name = self._touches.get(note)
        if name is None:
            return None
        return EncoderTouched(name) if velocity else EncoderReleased(name)

    def _control(self, number: int, value: int) -> Event | PedalMoved | None:
        name = self._turns.get(number)
        if name is not None:
            steps = value - 128 if value > 63 else value
            return EncoderTurned(name, steps) if steps else None
        name = self._buttons.get(number)
        if name is not None:
            return ButtonPressed(name) if value else ButtonReleased(name)
        if number in PEDALS:
            return PedalMoved(PEDALS[number], value >= 64)
        return None
