"""Files that a preset plays from, taken at once: for rendering, where nothing else waits."""

import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from appliance.engine.instrument import Instrument
from appliance.engine.listening import FILE
from appliance.errors import PresetError
from appliance.input.clip import load_clip
from appliance.jam.arrays import read_latents
from appliance.jam.studio import address_of
from appliance.latent.clip import clip_of
from appliance.latent.jam import Jam
from appliance.latent.terrain import Terrain
from appliance.parameters.table import JAMS
from appliance.presets.file_name import find_file
from appliance.terrain.chart import ADDRESS, read_chart


def take_files(instrument: Instrument, files: Mapping[str, str], folders: Iterable[Path]) -> None:
    """Give `instrument` the `files` of a preset, looked for in `folders`.

    Raises PresetError if one is missing or nothing plays from its address, and what reading raises.
    """
    receivers: dict[str, Callable[[Path], None]] = {
        address_of(slot): functools.partial(_jam, instrument.jam, slot) for slot in range(JAMS)
    }
    receivers[FILE] = functools.partial(take_input, instrument)
    receivers[ADDRESS] = functools.partial(_terrain, instrument.terrain)
    looked = tuple(folders)
    for address, name in files.items():
        if address not in receivers:
            raise PresetError(f"Nothing here plays from {address}, where {name} belongs.")
        receivers[address](find_file(name, looked))


def take_input(instrument: Instrument, path: Path) -> None:
    """Give the encoder of `instrument` the audio file at `path`; raises AudioError."""
    instrument.sources.file.clip = load_clip(path, instrument.rate)


def _jam(jam: Jam, slot: int, path: Path) -> None:
    jam.put(slot, clip_of(read_latents(path), path.stem))


def _terrain(terrain: Terrain, path: Path) -> None:
    terrain.ground = read_chart(path).ground
