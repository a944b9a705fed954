"""The format of presets and their messages as Markdown, from the tables the program uses."""

from typing import get_args, get_origin

import msgspec

from appliance.markdown import table
from appliance.parameters.page import HEAD, row_of
from appliance.parameters.table import ROWS
from appliance.presets.commands import COMMANDS
from appliance.presets.file_name import FOLDERS
from appliance.presets.history import KEPT
from appliance.presets.preset import FORMAT, Preset
from appliance.presets.shelf import SLOTS
from appliance.yaml_kind import split

_EXAMPLE = """\
```yaml
format: 1
name: Slow bells
tags: [periodic, metal]
parameters:
  /oscillators/1/waveform: sine
  /oscillators/1/frequency: 0.25
  /decoder/2/on: off
files:
  /jam/1/file: latents/breath.npy
```"""


def manual() -> str:
    """Return the page."""
    parts = [
        "# Presets",
        f"A preset is a YAML file of format {FORMAT} that holds only what differs from the "
        "defaults:",
        _EXAMPLE,
        table(("key", "holds", "it is"), [_field(f) for f in msgspec.structs.fields(Preset)]),
        f"A bank is a folder of up to {SLOTS} such files, `01.yaml` to `{SLOTS}.yaml`; a name may "
        "go on behind the number, as in `07-slow-bells.yaml`. Files may be edited while the "
        "instrument plays. One that cannot be read keeps its slot's last good version; at the next "
        f"start it is moved to `aside/`. `history/` holds the last {KEPT} overwritten versions of "
        "each slot.",
        "Files that a preset plays from are named relative to the player's folder or the factory "
        f"presets, in {' or '.join(f'`{folder}/`' for folder in FOLDERS)}.",
        "## Recall",
        "At once: levels, pan and everything else with a gain reach the new values in 20 ms; "
        "latents change with the next frame. Mix and master wait for the headroom of the decoders, "
        "so that they change with what is heard of the new latents; a control that is moved by "
        "hand is heard at once. In time: each parameter goes a straight line in its "
        "own travel, by its curve below; `switch` changes at one point of the way, by default the "
        "middle. A decoder that is switched on rises from silence all the way, one that is "
        "switched off falls to it. A parameter that is turned by hand meanwhile is left to the "
        "hand. Decoder slots that a preset names and the box lacks are passed over.",
        "## Parameters",
        "`{channel}`, `{source}` and `{jam}` are 1 to 8, `{slot}` a decoder slot from 1, `{peak}` "
        "1 to 4.",
        table(HEAD, [row_of(row) for row in ROWS]),
        "The defaults of a decoder's on, level and pan are those of the configuration.",
        "## Messages",
        table(
            ("message", "arguments", "effect"),
            [
                (f"`/preset/{c.name}`", f"`{c.arguments}`" if c.arguments else "", c.description)
                for c in COMMANDS
            ],
        ),
        "Arguments in brackets may be left out. What changed a slot is answered with "
        "`/preset/saved SLOT ...` once it is on the disk; what cannot be done, with `/error` and a "
        "sentence.",
    ]
    return "\n\n".join(parts) + "\n"


def _field(field: msgspec.structs.FieldInfo) -> tuple[str, str, str]:
    notes = [n for n in getattr(field.type, "__metadata__", ()) if isinstance(n, msgspec.Meta)]
    meaning = " ".join(n.description for n in notes if n.description)
    kind = " or ".join(k.description for k in split(field.type))
    hint = get_args(field.type)[0] if notes else field.type
    if get_origin(hint) is dict:
        kind = "a mapping"
    return f"`{field.encode_name}`", meaning, kind + (", required" if field.required else "")
