"""Preset files: read whole or refused, and every shipped one plays."""

from pathlib import Path

import pytest

from appliance.errors import PresetError
from appliance.parameters import Table, Values
from appliance.places import factory_folder
from appliance.presets.finding import find_preset
from appliance.presets.preset import load_preset


@pytest.fixture
def values() -> Values:
    return Values(Table(4))


def write(folder: Path, text: str) -> Path:
    path = folder / "preset.yaml"
    path.write_text(text)
    return path


def test_sets_what_it_names_and_resets_the_rest(tmp_path: Path, values: Values) -> None:
    values.set("/decoder/2/pan", 0.5)  # as the configuration of a box does
    path = write(
        tmp_path,
        "format: 1\nname: Test\ntags: [still]\nparameters:\n"
        "  /offset/1/value: 0.5\n  /oscillators/2/waveform: rect\n  /decoder/1/on: off\n",
    )
    assert load_preset(path, values).name == "Test"
    assert values.get("/offset/1/value") == 0.5
    assert values.get("/oscillators/2/waveform") == 3
    assert values.get("/decoder/1/on") == 0
    assert values.get("/decoder/2/pan") == 0.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: A\nparameters:\n  /offset/1/value: 2\n", "line 3"),
        ("name: A\nparameters:\n  /ofset/1/value: 1\n", "Did you mean '/offset/1/value'"),
        ("name: A\nparameters:\n  /oscillators/1/waveform: sinus\n", "off, sine, saw"),
        ("parameters: {}\n", "name"),
        ("name: A\nparamters: {}\n", "Did you mean 'parameters'"),
        ("name: A\nformat: 99\n", "format is 99"),
        ("name: A\nparameters: [1, 2\n", "line"),
        ("name: A\nparameters: 3\n", "parameters"),
        ("\x00\x01", "preset.yaml"),
    ],
)
def test_refuses_and_changes_nothing(tmp_path: Path, values: Values, text: str, words: str) -> None:
    values.set("/offset/2/value", 0.25)
    before = values.array.copy()
    with pytest.raises(PresetError, match=words) as error:
        load_preset(write(tmp_path, text), values)
    assert "preset.yaml" in str(error.value)
    assert (values.array == before).all()


def test_the_user_s_preset_hides_the_factory_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL_SYNTH_DATA", str(tmp_path))
    assert find_preset("first-light").parent == factory_folder("presets")
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "first-light.yaml").write_text("name: Mine\n")
    assert find_preset("first-light").parent == tmp_path / "presets"


@pytest.mark.parametrize(
    "path", sorted(factory_folder("presets").glob("*.yaml")), ids=lambda p: p.stem
)
def test_shipped_presets_load(path: Path, values: Values) -> None:
    preset = load_preset(path, values)
    assert preset.tags and (values.array != Values(Table(4)).array).any()
