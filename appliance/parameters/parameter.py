"""One row of the parameter table."""

import math
from dataclasses import dataclass
from enum import StrEnum

from appliance.errors import ParameterError
from appliance.suggestion import did_you_mean


class Curve(StrEnum):
    """How a knob's travel maps to the value."""

    LINEAR = "linear"
    CUBIC = "cubic"  # fine control near zero, for frequencies that may be zero
    LOGARITHMIC = "logarithmic"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: where it is reached, what it means and what it may be.

    ``minimum``, ``maximum`` and ``default`` are in ``unit``. A switched parameter holds the index
    of one of its ``choices``; it is not morphed but changes at once.
    """

    address: str
    name: str
    unit: str
    minimum: float
    maximum: float
    default: float
    curve: Curve = Curve.LINEAR
    choices: tuple[str, ...] = ()
    description: str = ""

    def parse(self, value: object) -> float:
        """Return `value` (number, bool, choice name or numeric text) as a legal float.

        Raises ParameterError naming the address, the value and the rule.
        """
        if self.choices and isinstance(value, str) and not _is_number(value):
            if value in self.choices:
                return float(self.choices.index(value))
            hint = did_you_mean(value, self.choices)
            raise ParameterError(
                f"{self.address} cannot be '{value}': it must be one of "
                f"{', '.join(self.choices)}.{hint}"
            )
        if not isinstance(value, int | float | str) or (
            isinstance(value, str) and not _is_number(value)
        ):
            raise ParameterError(
                f"{self.address} cannot be {value!r}: it must be a number from {self.range}."
            )
        number = float(value)
        if not math.isfinite(number) or not self.minimum <= number <= self.maximum:
            raise ParameterError(
                f"{self.address} cannot be {value}: it must be a number from {self.range}."
            )
        if self.choices and number != int(number):
            raise ParameterError(
                f"{self.address} cannot be {value}: it must be one of {', '.join(self.choices)}."
            )
        return number

    @property
    def range(self) -> str:
        """The legal range as text, with the unit."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.minimum:g} to {self.maximum:g}{unit}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
