"""Arguments of messages: each checked, or refused with a ParameterError that says the rule."""

from typing import get_args

from appliance.errors import ParameterError
from appliance.presets.bank import check_slot
from appliance.presets.session import Quantize


def whole_of(value: object, what: str) -> int:
    """Return a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
        raise ParameterError(f"{what} cannot be {value!r}: it must be a whole number.")
    return int(value)


def slot_number_of(value: object) -> int:
    """Return a slot of a bank; also raises PresetError if there is no such one."""
    slot = whole_of(value, "SLOT")
    check_slot(slot)
    return slot


def number_of(value: object, most: float, what: str) -> float:
    """Return a number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ParameterError(f"{what} cannot be {value!r}: it must be a number from 0 to {most:g}.")
    return float(value)


def seconds_of(value: object) -> float:
    """Return a time in seconds."""
    return number_of(value, 3600, "SECONDS")


def share_of(value: object) -> float:
    """Return a share, 0 to 1."""
    return number_of(value, 1, "SHARE")


def switch_of(value: object) -> bool:
    """Return a switch: 0, 1, on or off."""
    words = {"on": True, "off": False}
    if isinstance(value, str) and value in words:
        return words[value]
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    raise ParameterError(f"ON cannot be {value!r}: it must be 0 or 1.")


def quantize_of(value: object) -> Quantize:
    """Return when recalls begin."""
    for known in get_args(Quantize):
        if value == known:
            return known
    raise ParameterError(f"QUANTIZE cannot be {value!r}: it must be off or bar.")


def text_of(value: object, what: str) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ParameterError(f"{what} cannot be {value!r}: it must be text.")
    return value
