"""One preset file: versioned YAML that holds only what differs from the defaults."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.errors import ParameterError, PresetError
from appliance.parameters import Values
from appliance.places import data_folder, factory_folder
from appliance.suggestion import did_you_mean
from appliance.yaml_file import read_yaml

FORMAT = 1
SUFFIX = ".yaml"


class Preset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named sound: parameter addresses and their values, everything else at its default."""

    format: Annotated[int, Meta(ge=1)] = FORMAT
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    tags: list[str] = msgspec.field(default_factory=list[str])
    parameters: dict[str, float | str] = msgspec.field(default_factory=dict[str, float | str])


def load_preset(path: Path, values: Values) -> Preset:
    """Read the preset at `path` into `values`, all of it or nothing.

    Parameters of the decoder slots that the preset does not name keep their values, all others
    return to their defaults. Raises PresetError naming the file, the line, the value and the rule.
    """
    lines: dict[str, int] = {}
    preset = read_yaml(path, Preset, error=PresetError, lines=lines)
    if preset.format != FORMAT:
        raise PresetError(
            f"{path} has format {preset.format}, this version reads format {FORMAT}. "
            "Update the instrument, or save the preset again."
        )
    parsed: list[tuple[int, float]] = []
    for address, value in preset.parameters.items():
        try:
            index = values.table.index(address)
            parsed.append((index, values.table.parameters[index].parse(value)))
        except ParameterError as error:
            line = lines.get(f"parameters.{address}")
            place = f"{path}, line {line}" if line else str(path)
            raise PresetError(f"{place}: {error}") from error
    for index, parameter in enumerate(values.table):
        if not parameter.address.startswith("/decoder/"):
            values.array[index] = parameter.default
    for index, number in parsed:
        values.array[index] = number
    return preset


def find_preset(name: str) -> Path:
    """Return the file of a preset given by path or by name, the user's before the factory's.

    Raises PresetError naming the nearest known preset.
    """
    path = Path(name).expanduser()
    if path.suffix == SUFFIX or "/" in name:
        if path.is_file():
            return path
        raise PresetError(f"There is no preset file {path}. Check the path.")
    known: dict[str, Path] = {}
    for folder in (factory_folder("presets"), data_folder() / "presets"):
        if folder.is_dir():
            known.update({file.stem: file for file in sorted(folder.glob(f"*{SUFFIX}"))})
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        hint = did_you_mean(name, known)
        raise PresetError(f"There is no preset '{name}' (known: {names}).{hint}")
    return known[name]
