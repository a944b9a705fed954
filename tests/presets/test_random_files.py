"""Thousands of preset files: every one is taken or refused by one sentence that says where.

$PRESET_FILES sets how many; 2,000 by default, 10,000 in `python -m tests.bench presets`.
"""

import os
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import PresetError
from appliance.parameters import Table, Values
from appliance.presets.preset import Preset, parse_preset, write_preset
from tests.presets.random_files import files

TABLE = Table(4)
BASE = Values(TABLE).array
COUNT = int(os.environ.get("PRESET_FILES", "2000"))


def read(data: bytes) -> Preset | str:
    """Return the preset, or the sentence that refuses it."""
    try:
        preset = parse_preset(data, source="p.yaml")
    except PresetError as error:
        return str(error)
    for parameter, value in zip(TABLE, preset.settings(TABLE, BASE), strict=True):
        assert parameter.parse(float(value)) == value
    written = write_preset(preset)
    assert write_preset(parse_preset(written, source="again")) == written
    return preset


def test_every_file_is_taken_or_refused_by_name() -> None:
    taken = refused = 0
    for data, words in files(COUNT, seed=6):
        outcome = read(data)
        if isinstance(outcome, Preset):
            taken += 1
            assert words is None or words == "", data
        else:
            refused += 1
            assert words != "", (data, outcome)
            assert re.match(r"p\.yaml(, line \d+|: | is larger)", outcome), outcome
            assert "\n" not in outcome and len(outcome) < 600, outcome
            assert words is None or words in outcome, (words, outcome)
    assert taken > COUNT // 4 and refused > COUNT // 4


@settings(max_examples=COUNT // 20, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    read(data)


_TEXT = st.text(max_size=20)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(("format", "name", "tags", "parameters", "files")) | _TEXT


@settings(max_examples=COUNT // 20, deadline=None)
@given(st.dictionaries(_KEYS, _TREES, max_size=5))
def test_any_tree(tree: dict[str, object]) -> None:
    import yaml  # noqa: PLC0415

    read(yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass"))
