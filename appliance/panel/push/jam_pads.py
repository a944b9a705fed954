"""The pads of the jam: which slots play, which is in hand, and the steps of its buffer.

From the top: a row that plays, one that mutes, one that loops, one that takes a slot in hand; then
32 steps of that slot's buffer. Two steps held together are its start and end.
"""

from appliance.panel.push.colours import DARK, Colour, Level, Light, Motion
from appliance.panel.push.events import PADS
from appliance.panel.push.grip import HOLD_SECONDS, Grip
from appliance.panel.push.pads import Pads

STEPS = 32
_FIRST_STEP = PADS - STEPS
_ROWS = (
    ("/jam/{n}/play", Colour.GREEN),
    ("/jam/{n}/mute", Colour.RED),
    ("/jam/{n}/loop", Colour.SKY),
)
_IN_HAND = 3


class JamPads(Pads):
    """Plays the eight slots and the buffer in hand."""

    def press(self, grip: Grip, pad: int) -> None:
        """Switch, take in hand, or set where the buffer plays."""
        row, column = divmod(pad, 8)
        if row < len(_ROWS):
            grip.jam = column + 1
            address = grip.expand(_ROWS[row][0], column + 1)
            if address is not None and not grip.shift:
                grip.toggle(address, 0.0, 1.0)
        elif row == _IN_HAND:
            grip.jam = column + 1
        else:
            self._step(grip)

    def release(self, grip: Grip, pad: int, seconds: float) -> None:
        """Let a switch that was held for long spring back."""
        if pad // 8 < len(_ROWS) and seconds >= HOLD_SECONDS and not grip.shift:
            self.press(grip, pad)

    def lights(self, grip: Grip) -> tuple[Light, ...]:
        """Return switches, the slot in hand, and the steps that play."""
        lights: list[Light] = []
        for template, colour in _ROWS:
            for n in range(1, 9):
                address = grip.expand(template, n)
                on = address is not None and grip.get(address) != 0
                moving = Motion.PULSE if on and template.endswith("play") else Motion.STILL
                lights.append(Light(colour, Level.FULL if on else Level.DIM, moving))
        lights += [
            Light(Colour.WHITE, Level.FULL if n == grip.jam else Level.DIM) for n in range(1, 9)
        ]
        start, end = self._ends(grip)
        cursor = jam_cursor(grip)
        for step in range(STEPS):
            if cursor is not None and int(cursor * STEPS) == step:
                lights.append(Light(Colour.WHITE, Level.FULL))
            elif start * STEPS - 0.5 <= step < end * STEPS - 0.5:
                lights.append(Light(Colour.PINK, Level.FULL))
            else:
                lights.append(Light(Colour.PINK, Level.DIM) if end > start else DARK)
        return tuple(lights)

    def _step(self, grip: Grip) -> None:
        steps = sorted(p - _FIRST_STEP for p in grip.pads if p >= _FIRST_STEP)
        start, end = grip.expand("/jam/{jam}/start"), grip.expand("/jam/{jam}/end")
        if start is None or end is None or not steps:
            return
        if len(steps) > 1:
            grip.set(start, steps[0] / STEPS)
            grip.set(end, (steps[-1] + 1) / STEPS)
        else:
            length = max(grip.get(end) - grip.get(start), 1 / STEPS)
            place = min(steps[0] / STEPS, 1 - 1 / STEPS)
            grip.set(start, place)
            grip.set(end, min(1.0, place + length))

    def _ends(self, grip: Grip) -> tuple[float, float]:
        start, end = grip.expand("/jam/{jam}/start"), grip.expand("/jam/{jam}/end")
        if start is None or end is None:
            return 0.0, 0.0
        return grip.get(start), grip.get(end)


def jam_cursor(grip: Grip) -> float | None:
    """Return where the slot in hand reads its buffer, 0 to 1; None if it does not play."""
    slots = grip.state.sections.get("jam", {}).get("slots", [])
    slot = slots[grip.jam - 1] if grip.jam <= len(slots) else {}
    cursor = slot.get("cursor")
    return float(cursor) if isinstance(cursor, int | float) else None
