"""The parameter table as a page for people, from the table itself."""

from itertools import groupby
from math import prod

from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.markdown import table
from appliance.parameters.parameter import Parameter
from appliance.parameters.table import JAMS, MAX_SLOTS, PEAKS, ROWS, Table

HEAD = ("address", "name", "values", "default", "curve", "meaning")

_TABLE = Table(1)
_SECTIONS = {
    "offset": "Offset: eight constants",
    "oscillators": "Oscillators: eight periodic latents",
    "noise": "Noise: eight random latents",
    "encoder": "Encoder: latents of sound",
    "jam": "Jam: eight loops of latents",
    "terrain": "Terrain: a map of latents",
    "clock": "Clock: beats",
    "decoder": "Decoders",
    "mix": "Mix",
    "master": "Master",
}


def parameters_page() -> str:
    """Return the page, Markdown."""
    marks = (
        f"`{{channel}}`, `{{source}}` and `{{jam}}` are 1 to {LATENT_CHANNELS}, `{{slot}}` is a "
        f"decoder slot from 1 to at most {MAX_SLOTS}, `{{peak}}` is 1 to {PEAKS}, `{{condition}}` "
        f"is 1 to {CONDITIONS}: the status says how a slot's model calls them"
    )
    assert JAMS == LATENT_CHANNELS
    parts = [
        "# Parameters",
        "Every parameter is reached over OSC by its address, by `--set ADDRESS=VALUE` on the "
        "command line, and in presets. This page is written by `neural-synth params --markdown` "
        f"from the table that the program uses: {len(Table(4))} parameters with four decoder "
        "slots.",
        f"{marks}. A parameter of choices takes their name, or their number from 0. A curve says "
        "how a knob's travel maps to the value and how a timed morph goes; a `switch` changes at "
        "once.",
    ]
    for key, rows in groupby(ROWS, lambda row: row.address.split("/")[1]):
        parts += [f"## {_SECTIONS[key]}", table(HEAD, [row_of(row) for row in rows])]
    return "\n\n".join(parts) + "\n"


def row_of(parameter: Parameter) -> tuple[str, str, str, str, str, str]:
    """Return the cells of one row, as `HEAD` names them."""
    choices = parameter.choices
    values = ", ".join(choices) if choices else parameter.range
    place = _TABLE.rows[parameter.address]
    all_of_it = _TABLE.parameters[place.start : place.start + prod(place.shape)]
    # One default, or those of the numbers in turn.
    defaults = dict.fromkeys(p.default for p in all_of_it)
    default = ", ".join(choices[int(d)] if choices else f"{d:g}" for d in defaults)
    return (
        f"`{parameter.address}`",
        parameter.name,
        values,
        default,
        str(parameter.curve),
        parameter.description,
    )
