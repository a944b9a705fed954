"""One preset: versioned YAML that holds only what differs from the defaults."""

import functools
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, field
from numpy.typing import NDArray

from appliance.errors import ParameterError, PresetError
from appliance.parameters import Table, Values
from appliance.parameters.table import MAX_SLOTS
from appliance.presets.file_name import check_file
from appliance.presets.plain import plain_parameters
from appliance.yaml_file import MAX_BYTES, legible, parse_yaml, read_yaml
from appliance.yaml_text import flow

FORMAT = 1
SUFFIX = ".yaml"
DIGITS = 7
"""Significant digits of a written number: what float32, and so OSC, can tell apart."""

Tag = Annotated[str, Meta(min_length=1, max_length=32)]


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named sound: parameter addresses and their values, everything else at its default."""

    format: Annotated[
        int, Meta(ge=1, description=f"Version of this format; this one is {FORMAT}")
    ] = FORMAT
    name: Annotated[str, Meta(min_length=1, max_length=64, description="Shown to the player")]
    tags: Annotated[list[Tag], Meta(max_length=16, description="Words to find it by")] = field(
        default_factory=list[str]
    )
    parameters: Annotated[
        dict[str, float | str],
        Meta(description="Address and value of every parameter that is not at its default"),
    ] = field(default_factory=dict[str, float | str])
    files: Annotated[
        dict[str, str],
        Meta(description="Address and relative name of every file that the sound plays from"),
    ] = field(default_factory=dict[str, str])

    def settings(self, table: Table, base: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of every parameter of `table`, float64 (parameters,).

        What the preset does not name is taken from `base`, the values of a box without a preset.
        Decoder slots that this box lacks are passed over; a label's class stops at the last that
        the slot's model knows.
        """
        settings = base.copy()
        place = table.places
        for address, value in self.parameters.items():
            index = place.get(address)
            if index is not None:
                settings[index] = min(float(value), table.parameters[index].maximum)
        return settings


def read_preset(path: Path) -> Preset:
    """Return the preset at `path`; its values are numbers.

    Raises PresetError naming the file, the line, the value and the rule.
    """
    lines: dict[str, int] = {}
    preset = read_yaml(path, Preset, error=PresetError, lines=lines)
    return checked_preset(preset, str(path), lines)


def parse_preset(text: str | bytes, *, source: str) -> Preset:
    """Return the preset that `text` describes; as `read_preset`, errors call it `source`."""
    short = _parse_plain(text, source)
    if short is not None:
        return short
    lines: dict[str, int] = {}
    preset = parse_yaml(text, Preset, source=source, error=PresetError, lines=lines)
    return checked_preset(preset, source, lines)


def _parse_plain(text: str | bytes, source: str) -> Preset | None:
    """Return the preset if the short way can read it; see `appliance.presets.plain`."""
    if len(text) > MAX_BYTES:
        return None
    try:
        plain = text.decode() if isinstance(text, bytes) else text
        found = plain_parameters(plain, every_slot())
        if found is None:
            return None
        rest, numbers = found
        head = parse_yaml(rest, Preset, source=source, error=PresetError)
        if head.parameters:
            return None
        head = checked_preset(head, source, {})
    except (UnicodeDecodeError, PresetError):
        return None  # the full way names the line
    return msgspec.structs.replace(head, parameters=numbers)


def load_preset(path: Path, values: Values) -> Preset:
    """Read the preset at `path` into `values`, all of it or nothing; raises as `read_preset`.

    `values` are those of a box without a preset, see `box_values`: what is not named stays.
    """
    preset = read_preset(path)
    values.array[:] = preset.settings(values.table, values.array)
    return preset


def write_preset(preset: Preset) -> str:
    """Return `preset` as YAML for people, in the order of the table; choices are words."""
    lines = [f"format: {preset.format}", f"name: {flow(preset.name)}"]
    if preset.tags:
        lines.append(f"tags: {flow(preset.tags)}")
    table = every_slot()
    if preset.parameters:
        lines.append("parameters:")
        for index, value in sorted((table.index(a), v) for a, v in preset.parameters.items()):
            parameter = table.parameters[index]
            choice = parameter.choices[int(value)] if parameter.choices else number_text(value)
            lines.append(f"  {parameter.address}: {choice}")
    if preset.files:
        lines.append("files:")
        lines.extend(f"  {address}: {flow(name)}" for address, name in preset.files.items())
    return "\n".join(lines) + "\n"


def number_text(value: float | str) -> str:
    """Return a number with as many digits as are kept."""
    return f"{float(value) + 0.0:.{DIGITS}g}"


def same_settings(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Return whether two sets of values are equal in all the digits that are kept."""
    return bool(np.allclose(one, other, rtol=10.0 ** (1 - DIGITS), atol=1e-9))


@functools.cache
def every_slot() -> Table:
    """Return the table of the largest box, which knows every address a preset may hold."""
    return Table(MAX_SLOTS)


def checked_preset(preset: Preset, source: str, lines: dict[str, int], *, key: str = "") -> Preset:
    """Return `preset`, as it was written, with numbers for values.

    `lines` are those of its file, where its keys begin with `key`. Raises PresetError for the
    first one that is wrong.
    """

    def refuse(inner: str, rule: str) -> PresetError:
        line = lines.get(key + inner)
        return PresetError(f"{source}, line {line}: {rule}" if line else f"{source}: {rule}")

    if preset.format != FORMAT:
        raise refuse(
            "format",
            f"format is {preset.format}, this version reads format {FORMAT}. "
            "Update the instrument, or save the preset again.",
        )
    if not preset.name.isprintable() or not preset.name.strip():
        raise refuse("name", f"name is {legible(preset.name)!r}; it must be one line of text.")
    table = every_slot()
    numbers: dict[str, float | str] = {}
    for address, value in preset.parameters.items():
        try:
            numbers[address] = table[address].parse(value)
        except ParameterError as error:
            raise refuse(f"parameters.{address}", str(error)) from None
    for address, name in preset.files.items():
        rule = check_file(address, name)
        if rule is not None:
            raise refuse(f"files.{address}", rule)
    return msgspec.structs.replace(preset, parameters=numbers)
