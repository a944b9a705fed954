"""The latents of a preset: what its modules give in its first seconds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.jam.arrays import read_latents
from appliance.jam.studio import address_of
from appliance.latent import Clock, Jam, Noise, Offset, Oscillators
from appliance.latent.clip import clip_of
from appliance.latent.grid import CONTROL_PERIOD
from appliance.parameters import Table, Values
from appliance.parameters.table import JAMS
from appliance.presets.file_name import find_file
from appliance.presets.preset import Preset

SECONDS = 8.0
_CHUNK = 64


def preset_latents(
    preset: Preset, table: Table, base: NDArray[np.float64], rate: int, folders: Sequence[Path]
) -> NDArray[np.float64]:
    """Return the first seconds of a preset's latents at the control grid, float64 (8, instants).

    `base` are the values of a box without a preset. Raises PresetError or LatentError if a file it
    plays from cannot be used.
    """
    values = Values(table)
    values.array[:] = preset.settings(table, base)
    clock = Clock(values, rate)
    jam = Jam(values, rate, clock=clock)
    for slot in range(JAMS):
        name = preset.files.get(address_of(slot))
        if name is not None:
            jam.put(slot, clip_of(read_latents(find_file(name, folders))))
    modules = (
        Offset(values, rate),
        Oscillators(values, rate, clock=clock),
        Noise(values, rate, 0, clock=clock),
        jam,
    )
    count = round(SECONDS * rate / CONTROL_PERIOD)
    latents = np.zeros((LATENT_CHANNELS, count))
    part = np.zeros((LATENT_CHANNELS, _CHUNK))
    for start in range(0, count, _CHUNK):
        size = min(_CHUNK, count - start)
        clock.advance(start, size)
        for module in modules:
            module.evaluate(start, part[:, :size])
            latents[:, start : start + size] += part[:, :size]
    return latents
