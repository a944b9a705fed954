"""What a turn of an encoder makes of a value."""

from appliance.panel.push.wording import share_of, value_at
from appliance.parameters import Parameter

STEPS = 210
"""Steps for the whole travel of a knob: one turn of a Push's encoder."""
FINE = 10
"""How much less a step does with Shift."""
PER_CHOICE = 10
"""Steps from one position of a switch to the next."""
_DETENT = 0.5  # of a step: so near to its default a knob that passes it stops there


class Turning:
    """Carries what a turn leaves over between the positions of switches."""

    def __init__(self) -> None:
        """Begin with nothing left over."""
        self._left: dict[str, float] = {}

    def turned(
        self, parameter: Parameter, value: float, steps: int, *, fine: bool, sensitivity: float
    ) -> float:
        """Return `value` after `steps` of the encoder."""
        amount = steps * sensitivity
        if parameter.choices:
            return self._switched(parameter, value, amount)
        step = 1 / STEPS / (FINE if fine else 1)
        before = share_of(parameter, value)
        share = min(max(before + amount * step, 0.0), 1.0)
        rest = share_of(parameter, parameter.default)
        if abs(share - rest) < _DETENT * step and before != rest:
            return parameter.default
        return value_at(parameter, share)

    def release(self, address: str) -> None:
        """Forget what was left over: the finger has gone."""
        self._left.pop(address, None)

    def _switched(self, parameter: Parameter, value: float, amount: float) -> float:
        left = self._left.get(parameter.address, 0.0)
        if left * amount < 0:
            left = 0.0  # turned back: what was left over the other way does not count
        left += amount
        whole = int(left / PER_CHOICE)
        self._left[parameter.address] = left - whole * PER_CHOICE
        return min(max(value + whole, parameter.minimum), parameter.maximum)
