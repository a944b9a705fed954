"""A preset made from the values as they stand."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from appliance.parameters import Table
from appliance.presets.box import OWN_ROWS
from appliance.presets.preset import DIGITS, Preset, number_text


def capture(
    settings: NDArray[np.float64],
    table: Table,
    base: NDArray[np.float64],
    *,
    name: str,
    tags: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
) -> Preset:
    """Return a preset of `settings`, float64 (parameters,), that names what `base` has not.

    What the configuration of the box says of its decoder slots is always named, so that the preset
    sounds the same on a box with another one.
    """
    own = {f"/decoder/{slot}/{row}" for slot in range(1, table.slots + 1) for row in OWN_ROWS}
    differs = ~np.isclose(settings, base, rtol=0.5 * 10.0**-DIGITS, atol=0)
    return Preset(
        name=name,
        tags=list(tags),
        parameters={
            parameter.address: float(number_text(settings[index]))
            for index, parameter in enumerate(table)
            if differs[index] or parameter.address in own
        },
        files=dict(files or {}),
    )
