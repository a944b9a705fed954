"""Values as words for a display, and as places on a knob's travel."""

import math

from appliance.parameters import Curve, Parameter

_SILENT = -60.0


def words(parameter: Parameter, value: float) -> tuple[str, str]:
    """Return `value` as short text and its unit."""
    if parameter.choices:
        index = min(max(round(value), 0), len(parameter.choices) - 1)
        return parameter.choices[index], ""
    if parameter.unit == "dB":
        if value <= _SILENT and parameter.minimum == _SILENT:
            return "silent", ""
        both = parameter.minimum < 0 < parameter.maximum
        return f"{value:+.1f}" if value and both else f"{value:.1f}", "dB"
    size = abs(value)
    if parameter.unit == "BPM":
        digits = 1
    elif size >= 1000:
        return f"{value / 1000:.2f}", f"k{parameter.unit}"
    else:
        digits = 0 if size >= 100 else 1 if size >= 10 else 2
    text = f"{value:.{digits}f}"
    return ("0" if float(text) == 0 else text), parameter.unit


def share_of(parameter: Parameter, value: float) -> float:
    """Return the place of `value` on the knob's travel, 0 to 1."""
    low, high = parameter.minimum, parameter.maximum
    value = min(max(value, low), high)
    if parameter.curve is Curve.LOGARITHMIC:
        return math.log(value / low) / math.log(high / low)
    share = (value - low) / (high - low)
    return share ** (1 / 3) if parameter.curve is Curve.CUBIC else share


def value_at(parameter: Parameter, share: float) -> float:
    """Return the value at a place of the knob's travel, 0 to 1."""
    low, high = parameter.minimum, parameter.maximum
    share = min(max(share, 0.0), 1.0)
    if parameter.choices:
        return float(round(low + share * (high - low)))
    if parameter.curve is Curve.LOGARITHMIC:
        return min(max(low * math.exp(share * math.log(high / low)), low), high)
    return low + (share**3 if parameter.curve is Curve.CUBIC else share) * (high - low)
