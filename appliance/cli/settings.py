"""What several commands share: the configuration, the library and the first parameters."""

from collections.abc import Iterable
from pathlib import Path

import click

from appliance.config import Config, load_config
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.offline import take_files
from appliance.errors import ParameterError
from appliance.parameters import Values
from appliance.places import data_folder
from appliance.presets.finding import factory_shelf, find_preset
from appliance.presets.preset import load_preset

config_option = click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="Configuration file."
)
preset_option = click.option("--preset", help="Preset to begin with: a name or a file.")
set_option = click.option(
    "--set", "settings", multiple=True, metavar="ADDRESS=VALUE", help="Set a parameter; repeat it."
)


def open_library(config: Config) -> Library:
    """Return the library with the configuration's extra folders in front."""
    return Library(Path(folder).expanduser() for folder in config.models)


def configuration(path: Path | None) -> tuple[Config, Path | None]:
    """Return the configuration and its file; raises ConfigError."""
    loaded = load_config(path)
    return loaded.config, loaded.file


def begin_with(
    instrument: Instrument, config: Config, preset: str | None, settings: Iterable[str]
) -> str:
    """Set the first parameters: preset with its files, then single settings.

    Returns the preset's name. Raises PresetError and ParameterError, and what its files raise.
    """
    chosen = preset or config.preset or DEFAULT_PRESET
    found = load_preset(find_preset(chosen), instrument.values)
    take_files(instrument, found.files, file_folders())
    set_values(instrument.values, settings)
    return found.name


def file_folders() -> tuple[Path, Path]:
    """Return where the files that presets play from are looked for."""
    return data_folder(), factory_shelf().folder


def set_values(values: Values, settings: Iterable[str]) -> None:
    """Set single parameters, each written ADDRESS=VALUE; raises ParameterError."""
    for setting in settings:
        address, sign, value = setting.partition("=")
        if not sign:
            raise ParameterError(
                f"'{setting}' is no setting: write ADDRESS=VALUE, such as /offset/1/value=0.5."
            )
        values.set(address.strip(), value.strip())


DEFAULT_PRESET = "factory:first-light"
