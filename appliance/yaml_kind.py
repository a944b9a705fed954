"""What a typed field accepts: scalar types, their ranges, and the words that describe them."""

import functools
import math
import re
import types
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from appliance.yaml_tree import Scalar

Hint = Any
"""A type as it is written in an annotation; Python has no common type for those."""

_TRUE = ("true", "yes", "on")
_FALSE = ("false", "no", "off")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")
_TRY_FIRST = (type(None), bool, int, float)


class Kind:
    """One member of a field's type: `hint` without its limits, `base` its class, and the limits."""

    def __init__(self, hint: Hint, limits: tuple[msgspec.Meta, ...]) -> None:
        """Keep a type that is no union, with the limits that stood around it."""
        self.hint = hint
        self.base: Any = get_origin(hint) or hint
        self.is_struct = isinstance(self.base, type) and issubclass(self.base, msgspec.Struct)
        self.is_scalar = self.base in (*_TRY_FIRST, str, Literal)
        self._limits = limits

    def accepts(self, scalar: Scalar) -> bool:
        """Return True when `scalar` is of this type and within its limits."""
        text = scalar.text
        if self.base is str:
            return not scalar.empty and self.fits(len(text)) and self._matches(text)
        if self.base is Literal:
            return any(text == str(choice) for choice in get_args(self.hint))
        return scalar.plain and self._accepts_plain(scalar)

    def read(self, scalar: Scalar) -> str | float | None:
        """Return the value of a `scalar` that is accepted."""
        text = scalar.text
        if self.base is Literal:
            return next(choice for choice in get_args(self.hint) if str(choice) == text)
        if self.base is bool:
            return text.lower() in _TRUE
        if self.base is int or self.base is float:
            return float(text) if self.base is float else int(text)
        return text if self.base is str else None

    def fits(self, length: int) -> bool:
        """Return True when a text or list may be so long."""
        return all(
            (limit.min_length or 0) <= length
            and (limit.max_length is None or length <= limit.max_length)
            for limit in self._limits
        )

    @property
    def description(self) -> str:
        """Words such as "a whole number from 16 to 8192", to stand after "must be"."""
        if self.base is Literal:
            return "one of " + ", ".join(str(choice) for choice in get_args(self.hint))
        if self.is_struct:
            fields = msgspec.structs.fields(self.base)
            return "a mapping with keys such as " + ", ".join(f.encode_name for f in fields[:4])
        names = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
        names |= {type(None): "null", list: "a list", dict: "a mapping"}
        limits = {
            name: value
            for limit in self._limits
            for name in ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
            if (value := getattr(limit, name)) is not None
        }
        return names.get(self.base, "a value") + _range(limits, self.base)

    def _accepts_plain(self, scalar: Scalar) -> bool:
        text = scalar.text
        if self.base is bool:
            return text.lower() in _TRUE + _FALSE
        if self.base is int:
            return bool(_WHOLE.fullmatch(text)) and self._in_range(int(text))
        if self.base is float:
            number = float(text) if _NUMBER.fullmatch(text) else math.nan
            return math.isfinite(number) and self._in_range(number)
        return scalar.null and not scalar.empty

    def _in_range(self, number: float) -> bool:
        return all(
            (limit.ge is None or number >= limit.ge)
            and (limit.gt is None or number > limit.gt)
            and (limit.le is None or number <= limit.le)
            and (limit.lt is None or number < limit.lt)
            for limit in self._limits
        )

    def _matches(self, text: str) -> bool:
        return all(
            limit.pattern is None or re.search(limit.pattern, text) for limit in self._limits
        )


@functools.cache
def split(hint: Hint) -> tuple[Kind, ...]:
    """Return the members of a type hint, in the order to try them: the strictest first."""
    limits: list[msgspec.Meta] = []
    while get_origin(hint) is Annotated:
        hint, *notes = get_args(hint)
        limits += [note for note in notes if isinstance(note, msgspec.Meta)]
    if get_origin(hint) not in (Union, types.UnionType):
        return (Kind(hint, tuple(limits)),)
    kinds = [kind for member in get_args(hint) for kind in split(member)]
    # Everything written is a text, so a text may only be the last resort.
    return tuple(sorted(kinds, key=lambda k: (k.base is str, k.base not in _TRY_FIRST)))


def literals(kinds: Iterable[Kind]) -> list[str]:
    """Return the words that the literal members of `kinds` allow."""
    return [str(word) for kind in kinds if kind.base is Literal for word in get_args(kind.hint)]


def _range(limits: dict[str, Any], base: type) -> str:
    low, high = limits.get("ge"), limits.get("le")
    unit = ""
    if base in (str, list):
        low, high = limits.get("min_length"), limits.get("max_length")
        unit = " characters" if base is str else " items"
    of = " of" if unit else ""
    words = ""
    if low is not None and high is not None:
        words = f"{of} {low} to {high}{unit}" if unit else f" from {low} to {high}"
    elif low is not None:
        words = f"{of} at least {low}{unit}" if unit else f", {low} or more"
    elif high is not None:
        words = f"{of} at most {high}{unit}" if unit else f", {high} or less"
    if "gt" in limits:
        words += f" above {limits['gt']}"
    if "lt" in limits:
        words += f" below {limits['lt']}"
    if "pattern" in limits:
        words += f" matching {limits['pattern']}"
    return words
