"""What the 64 pads do on a page: each kind plays from presses and shows its state as lights."""

from dataclasses import dataclass

from appliance.panel.push.colours import DARK, Colour, Level, Light, Motion
from appliance.panel.push.events import PADS
from appliance.panel.push.grip import HOLD_SECONDS, Grip
from appliance.panel.push.wording import share_of, value_at


class Pads:
    """One use of the pads; this one is none, and dark."""

    def press(self, grip: Grip, pad: int) -> None:
        """Act on a strike."""

    def release(self, grip: Grip, pad: int, seconds: float) -> None:
        """Act on the release of a pad that was held for `seconds`."""

    def lights(self, grip: Grip) -> tuple[Light, ...]:
        """Return what the 64 pads show."""
        del grip
        return (DARK,) * PADS


@dataclass(frozen=True)
class Bars(Pads):
    """A column of pads for each encoder: a strike sets its value, a second one its default.

    Switches show one pad a choice from the bottom. With `top` the upper row switches that
    parameter of each column, and the bars have the seven rows below.
    """

    template: str
    colour: Colour
    top: str | None = None

    def press(self, grip: Grip, pad: int) -> None:
        """Set the value of the column to the height of the pad."""
        row, column = divmod(pad, 8)
        if self.top is not None and row == 0:
            address = grip.expand(self.top, column + 1)
            if address is not None:
                grip.toggle(address, 0.0, 1.0)
            return
        address = grip.expand(self.template, column + 1)
        if address is None:
            return
        value = self._value(grip, address, row)
        if value is None:
            return
        if abs(grip.get(address) - value) < 1e-6:
            value = grip.parameter(address).default
        grip.set(address, value)

    def release(self, grip: Grip, pad: int, seconds: float) -> None:
        """Let a switch that was held for long spring back."""
        if self.top is not None and pad < 8 and seconds >= HOLD_SECONDS:
            self.press(grip, pad)

    def lights(self, grip: Grip) -> tuple[Light, ...]:
        """Return the bars."""
        lights = [DARK] * PADS
        for column in range(8):
            top = grip.expand(self.top, column + 1)
            if top is not None:
                lights[column] = Light(Colour.GREEN, Level.FULL if grip.get(top) else Level.DIM)
            address = grip.expand(self.template, column + 1)
            if address is not None:
                for row in range(0 if self.top is None else 1, 8):
                    lights[8 * row + column] = self._light(grip, address, row)
        return tuple(lights)

    def _value(self, grip: Grip, address: str, row: int) -> float | None:
        parameter = grip.parameter(address)
        height = 7 - row
        if parameter.choices:
            return float(height) if height < len(parameter.choices) else None
        rows = 8 if self.top is None else 7
        if parameter.minimum == -parameter.maximum:  # halves around zero
            steps = height - 3 if height > 3 else height - 4
            return parameter.maximum * steps / 4
        return value_at(parameter, height / (rows - 1))

    def _light(self, grip: Grip, address: str, row: int) -> Light:
        parameter, value = grip.parameter(address), grip.get(address)
        height = 7 - row
        if parameter.choices:
            if height >= len(parameter.choices):
                return DARK
            return Light(self.colour, Level.FULL if height == value else Level.DIM)
        if parameter.minimum == -parameter.maximum:
            mark = self._value(grip, address, row) or 0.0
            quarter = parameter.maximum / 8
            full = mark * value > 0 and abs(value) >= abs(mark) - quarter
            return Light(self.colour, Level.FULL if full else Level.DIM)
        rows = 8 if self.top is None else 7
        full = share_of(parameter, value) * (rows - 1) >= height - 0.5
        empty = share_of(parameter, value) == 0
        return Light(self.colour, Level.FULL if full and not empty else Level.DIM)


@dataclass(frozen=True)
class Gains(Pads):
    """A matrix of gains: rows are sources, columns channels. A strike connects or cuts.

    While a pad is held, its column's encoder turns its gain.
    """

    template: str
    colour: Colour

    def press(self, grip: Grip, pad: int) -> None:
        """Connect or cut, and let the encoders edit this row."""
        row, column = divmod(pad, 8)
        grip.row = row + 1
        address = grip.expand(self.template, column + 1)
        if address is not None and not grip.shift:
            grip.toggle(address, 0.0, 1.0)

    def release(self, grip: Grip, pad: int, seconds: float) -> None:
        """Cut again what was connected only while held, unless its encoder was turned."""
        column = pad % 8
        turned = f"encoder_{column + 1}" in grip.used
        if seconds >= HOLD_SECONDS and not turned and not grip.shift:
            self.press(grip, pad)
        grip.used.discard(f"encoder_{column + 1}")

    def lights(self, grip: Grip) -> tuple[Light, ...]:
        """Return the gains: full where signal flows, the row that the encoders edit dim."""
        lights: list[Light] = []
        kept = grip.row
        for pad in range(PADS):
            row, column = divmod(pad, 8)
            grip.row = row + 1
            address = grip.expand(self.template, column + 1)
            if address is None:
                lights.append(DARK)
                continue
            gain = grip.get(address)
            if gain:
                lights.append(Light(self.colour if gain > 0 else Colour.RED, Level.FULL))
            else:
                lights.append(Light(self.colour, Level.DIM if row + 1 == kept else Level.OFF))
        grip.row = kept
        return tuple(lights)


@dataclass(frozen=True)
class Field(Pads):
    """The pads as a plane: a strike goes there, two held pads meet halfway."""

    x: str
    y: str
    colour: Colour

    def press(self, grip: Grip, pad: int) -> None:
        """Go to the middle of the pads held."""
        pads = sorted({*grip.pads, pad})
        grip.set(self.x, sum(p % 8 for p in pads) / (7 * len(pads)))
        grip.set(self.y, sum(7 - p // 8 for p in pads) / (7 * len(pads)))

    def release(self, grip: Grip, pad: int, seconds: float) -> None:
        """Go to the middle of the pads still held."""
        del pad, seconds
        if grip.pads:
            self.press(grip, next(iter(grip.pads)))

    def lights(self, grip: Grip) -> tuple[Light, ...]:
        """Return the plane with the place where we are."""
        column, row = 7 * grip.get(self.x), 7 * (1 - grip.get(self.y))
        lights: list[Light] = []
        for pad in range(PADS):
            distance = max(abs(pad % 8 - column), abs(pad // 8 - row))
            if pad in grip.pads:
                lights.append(Light(Colour.WHITE, Level.FULL))
            elif distance <= 0.5:
                lights.append(Light(self.colour, Level.FULL))
            else:
                lights.append(Light(self.colour, Level.DIM if distance <= 1.5 else Level.OFF))
        return tuple(lights)


def presses(grip: Grip, pads: Pads, colour: Colour = Colour.WHITE) -> tuple[Light, ...]:
    """Return the lights of `pads`, those under a finger in white."""
    lights = list(pads.lights(grip))
    for pad in grip.pads:
        if lights[pad] != DARK:
            lights[pad] = Light(colour, Level.FULL, Motion.STILL)
    return tuple(lights)
