"""A short way to read presets as the instrument writes them: a thousand parameters in a blink.

It takes the lines below `parameters:` when each is one address and one plain number or choice, and
refuses everything else, which the full reader then judges. What it takes, both read alike.
"""

import functools
import re

from appliance.parameters import Table

_LINE = r"  /[a-z0-9_/]+: [^\s'\"#&*!|>%@`{}\[\],:][^\n:#]*\n"
_BLOCK = re.compile(rf"^parameters:\n((?:{_LINE})+)(?=\S|\Z)", re.MULTILINE)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")
_HEAD = re.compile(r"(?:(?:format|name|tags): [^|>\n][^\n]*\n)+")

Row = tuple[float, float, dict[str, float]]


def plain_parameters(text: str, table: Table) -> tuple[str, dict[str, float | str]] | None:
    """Return the text without its parameters, and their values; None if the full way is needed."""
    found = _BLOCK.search(text)
    if found is None or text.count("parameters:") != 1:
        return None
    head = text[: found.start()]
    if not all(map(_closed, head.splitlines())) or not _HEAD.fullmatch(head):
        return None
    known = _known(table)
    numbers: dict[str, float | str] = {}
    lines = found[1].splitlines()
    for line in lines:
        address, _, value = line[2:].partition(": ")
        number = _number(value, known.get(address))
        if number is None:
            return None
        numbers[address] = number
    # With fewer numbers than lines an address stands there twice.
    return (head + text[found.end() :], numbers) if len(numbers) == len(lines) else None


def _closed(line: str) -> bool:
    """Return whether all that is opened in a line is closed there."""
    quotes = line.count('"') % 2 + line.count("'") % 2
    return not quotes and line.count("[") == line.count("]") and "{" not in line


def _number(value: str, row: Row | None) -> float | None:
    if row is None:
        return None
    least, most, choices = row
    if choices:
        return choices.get(value)
    if _NUMBER.fullmatch(value) is None:
        return None
    number = float(value)
    return number if least <= number <= most else None


@functools.cache
def _known(table: Table) -> dict[str, Row]:
    return {
        p.address: (p.minimum, p.maximum, {c: float(n) for n, c in enumerate(p.choices)})
        for p in table
    }
