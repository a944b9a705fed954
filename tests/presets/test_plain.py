"""The short way to read presets: it reads what the full way reads, or leaves it to it."""

import pytest

from appliance.errors import PresetError
from appliance.presets.plain import plain_parameters
from appliance.presets.preset import (
    Preset,
    checked_preset,
    every_slot,
    parse_preset,
    write_preset,
)
from appliance.yaml_file import parse_yaml
from tests.presets.random_settings import random_settings


def full(text: str) -> Preset:
    lines: dict[str, int] = {}
    return checked_preset(
        parse_yaml(text, Preset, source="x", error=PresetError, lines=lines), "x", lines
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_the_instrument_writes_is_read_alike(seed: int) -> None:
    table = every_slot()
    settings = random_settings(table, seed)
    text = write_preset(
        Preset(
            name="parameters: #1",
            tags=["a, b"],
            parameters={p.address: float(settings[i]) for i, p in enumerate(table)},
            files={"/jam/1/file": "latents/a b.npy"},
        )
    )
    assert plain_parameters(text.replace("parameters: #1", "N"), table) is not None
    assert parse_preset(text, source="x") == full(text)


@pytest.mark.parametrize(
    "lines",
    [
        "  /offset/1/value: 0.5\n  more",
        "  /offset/1/value: 7",
        "  /offset/1/value: .5",
        "  /offset/1/value: 0.5\n  /offset/1/value: 0.5",
        "  /offset/1/value: 0.5 # half",
        "  /offset/1/value: '0.5'",
        "  /offset/1/value: nan",
        "  /ofset/1/value: 0.5",
        "  /decoder/1/on: 1",
        "  /decoder/1/on: On",
        "  /offset/1/value:\n    0.5",
        "  /offset/1/value: &a 0.5",
        "  /offset/1/value: 0.5\n bad",
    ],
)
def test_everything_else_is_left_to_the_full_way(lines: str) -> None:
    agree(f"name: N\nparameters:\n{lines}\n")


@pytest.mark.parametrize("head", ['name: "N', "name: |", "name: 'N", "tags: [", "name: N\n -"])
def test_a_head_that_goes_on_is_left_to_the_full_way(head: str) -> None:
    agree(f"{head}\nparameters:\n  /offset/1/value: 0.5\n")
    agree(f'{head}\nparameters:\n  /offset/1/value: 0.5\nfiles: {{}}\n"')


def agree(text: str) -> None:
    assert plain_parameters(text, every_slot()) is None
    results: list[object] = []
    for read in (lambda: parse_preset(text, source="x"), lambda: full(text)):
        try:
            results.append(read())
        except Exception as error:
            results.append(str(error))
    assert results[0] == results[1]
