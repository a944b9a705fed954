"""The configuration file: defaults, search order, and messages that say where and what is wrong."""

import re
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from appliance.config import (
    AudioConfig,
    Config,
    DecoderConfig,
    EngineConfig,
    OscConfig,
    dump,
    load_config,
    parse_config,
)
from appliance.errors import ConfigError, PresetError
from appliance.yaml_file import MAX_BYTES, parse_yaml, read_yaml

SAMPLE = """\
name: attic
audio: {output: auto, rate: 48000, period: 128, periods: 2}
engine:
  headroom: 3
  cores: [2, 3]
decoders:
  - {model: choir-wave, seed: 7, on: off, level_db: -3, pan: -.5, precision: int8}
  - model: choir-spectral
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own configuration out of the tests."""
    monkeypatch.delenv("NEURAL_SYNTH_CONFIG", raising=False)
    monkeypatch.setattr("appliance.config.PLACES", (str(tmp_path / "none" / "config.yaml"),))


def test_the_defaults_are_the_factory_instrument() -> None:
    config, file = load_config()
    assert file is None
    assert [(d.model, d.seed, d.pan) for d in config.decoders] == [
        ("choir-wave", 1, -0.4),
        ("choir-spectral", 2, 0.3),
        ("metal-wave", 3, 0.5),
        ("metal-spectral", 4, -0.2),
    ]
    assert (config.audio.rate, config.audio.period, config.audio.periods) == (44100, 256, 3)


def test_a_file_changes_what_it_names_and_leaves_the_rest() -> None:
    config = parse_config(SAMPLE)
    assert config.audio == AudioConfig(rate=48000, period=128, periods=2)
    assert config.engine == EngineConfig(headroom=3, cores=[2, 3])
    assert config.osc == OscConfig()
    assert config.decoders == [
        DecoderConfig(
            model="choir-wave", seed=7, on=False, level_db=-3, pan=-0.5, precision="int8"
        ),
        DecoderConfig(model="choir-spectral"),
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "null\n", "audio:\n", "{}"])
def test_an_empty_file_or_key_gives_the_defaults(text: str) -> None:
    assert parse_config(text) == Config()


def test_words_are_read_as_the_field_asks() -> None:
    config = parse_config("name: 1234\naudio: {output: null}\npreset: ~\n")
    assert (config.name, config.audio.output, config.preset) == ("1234", "null", None)
    assert parse_config("name: off\n").name == "off"
    assert parse_config("preset: 'null'\n").preset == "null"
    assert parse_config("osc: {status_rate: 2e1}\n").osc.status_rate == 20.0


def test_places_are_searched_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("explicit", "environment", "home", "system")
    files = {name: tmp_path / f"{name}.yaml" for name in names}
    for name, file in files.items():
        file.write_text(f"name: {name}\n")
    monkeypatch.setenv("NEURAL_SYNTH_CONFIG", str(files["environment"]))
    places = (str(files["home"]), str(files["system"]))
    monkeypatch.setattr("appliance.config.PLACES", places)
    assert load_config(files["explicit"]) == (Config(name="explicit"), files["explicit"])
    assert load_config() == (Config(name="environment"), files["environment"])
    monkeypatch.delenv("NEURAL_SYNTH_CONFIG")
    assert load_config() == (Config(name="home"), files["home"])
    files["home"].unlink()
    assert load_config() == (Config(name="system"), files["system"])
    files["system"].unlink()
    assert load_config() == (Config(), None)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("audio:\n  rate: 15999\n", 2, "audio.rate is 15999; it must be a whole number from 16000"),
        ("audio:\n  rate: 192001\n", 2, "audio.rate is 192001; it must be a whole number from"),
        ("audio: {period: 15}\n", 1, "audio.period is 15; it must be a whole number from 16 to 8"),
        ("audio: {period: 8193}\n", 1, "audio.period is 8193; it must be a whole number from 16"),
        ("audio: {periods: 1}\n", 1, "audio.periods is 1; it must be a whole number from 2 to 8."),
        ("audio: {periods: 9}\n", 1, "audio.periods is 9; it must be a whole number from 2 to 8."),
        ("audio: {output: ''}\n", 1, 'audio.output is ""; it must be text of 1 to 512 characters'),
        ("engine: {headroom: 65}\n", 1, "engine.headroom is 65; it must be a whole number from 0"),
        ("engine: {headroom: -1}\n", 1, "engine.headroom is -1; it must be a whole number from 0"),
        ("engine: {workers: 1.5}\n", 1, "engine.workers is 1.5; it must be a whole number"),
        ("engine:\n  cores: [0,\n  x]\n", 3, "engine.cores[1] is x; it must be a whole number"),
        ("engine:\n  cores: 3\n", 2, "engine.cores is 3; it must be a list"),
        ("engine: {priority: 0}\n", 1, "engine.priority is 0; it must be a whole number from 1"),
        ("engine: {priority: 96}\n", 1, "engine.priority is 96; it must be a whole number from 1"),
        ("engine: {stagger: 2}\n", 1, "engine.stagger is 2; it must be true or false."),
        ("osc: {port: 0}\n", 1, "osc.port is 0; it must be a whole number from 1 to 65535."),
        ("osc: {port: 65536}\n", 1, "osc.port is 65536; it must be a whole number from 1 to 65"),
        ("osc: {port: '57130'}\n", 1, 'osc.port is "57130"; it must be a whole number from 1'),
        ("osc: {status_rate: .nan}\n", 1, "osc.status_rate is .nan; it must be a number from 0"),
        ("osc:\n\n  host: 10.0.0.2\n", 3, "osc.host is 10.0.0.2; it must be a loopback address"),
        ("osc: {host: box.local}\n", 1, "osc.host is box.local; it must be a loopback address"),
        ("decoders: []\n", 1, "decoders is a list of 0; it must be a list of 1 to 8 items."),
        ("decoders:\n" + "- {model: a}\n" * 9, 2, "decoders is a list of 9; it must be a list of"),
        ("decoders: [{seed: 1}]\n", 1, "'decoders[0].model' is missing; add it."),
        ("decoders: [{model: a, pan: 1.01}]\n", 1, "decoders[0].pan is 1.01; it must be a number"),
        ("decoders:\n- model: a\n- model: b\n  level_db: 12.5\n", 4, "decoders[1].level_db is 12"),
        ("decoders: [{model: a, level_db: -61}]\n", 1, "decoders[0].level_db is -61; it must be a"),
        (
            "decoders: [{model: a, precision: in8}]\n",
            1,
            "decoders[0].precision is in8; it must be one of auto, mixed, fp32, fp16, blocks8, "
            "int8, blocks4. Did you mean 'int8'",
        ),
        ("audio:\n  perid: 64\n", 2, "'audio.perid' is not a key that is known here. Did you mean"),
        ("adio: {}\n", 1, "'adio' is not a key that is known here. Did you mean 'audio'?"),
        ("xyzzy: 1\n", 1, "'xyzzy' is not a key that is known here. The keys here are: name, aud"),
        ("audio: [1]\n", 1, "audio is a list of 1; it must be a mapping with keys such as output"),
        ("name: {a: 1}\n", 1, "name is a mapping; it must be text of 1 to 63 characters."),
        ("- 1\n", 1, "the file is a list of 1; it must be a mapping with keys such as name, audio"),
        ("name: a\nname: b\n", 2, "column 1: key 'name' stands here twice (first in line 1)."),
        ("name: &x a\npreset: *x\n", 1, "column 7: anchors (&) and aliases (*) are not used here"),
        ("name: !!str a\n", 1, "column 7: the tag 'tag:yaml.org,2002:str' is not used here"),
        ("name: a\n---\nname: b\n", 2, "column 1: a second document begins here"),
        ("name: a\n  b: c\n", 2, "column 4: this is not YAML: mapping values are not allowed in"),
        ("a: [1\n", 2, "column 1: this is not YAML: did not find expected ',' or ']'"),
        ("name: a\n? [1]\n: 2\n", 2, "column 3: a key must be a plain word."),
        ("name: " + "[" * 40, 1, "lists and mappings lie more than 16 deep."),
        ("name: a\n\x01", 2, "is not allowed in YAML"),
    ],
)
def test_every_rule_names_file_line_key_and_value(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load_config(file)
    assert re.match(rf"{re.escape(str(file))}, line {line}[:,] ", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_no_leave(host: str) -> None:
    assert parse_config(f"osc: {{host: '{host}'}}").osc.host == host


def test_other_hosts_need_remote() -> None:
    assert parse_config("osc: {host: 0.0.0.0, remote: true}").osc.host == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"name: a\nname\xff: b\n", "line 2: byte 0xff is not UTF-8 text"),
        (b"#" * (MAX_BYTES + 1), f"is larger than {MAX_BYTES} bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    data: bytes | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.yaml"
    if data is not None:
        file.write_bytes(data)
    monkeypatch.setenv("NEURAL_SYNTH_CONFIG", str(file))
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load_config()
    assert str(file) in str(caught.value)


def test_a_folder_in_place_of_the_file_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.config.PLACES", (str(tmp_path),))
    with pytest.raises(ConfigError, match="Is a directory"):
        load_config()


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xef\xbb\xbfname: attic\r\n")
    assert load_config(file).config.name == "attic"


def test_the_dump_is_commented_and_plain_yaml() -> None:
    text = dump(Config())
    assert parse_config(text) == Config()
    assert "# Frames per audio period; smaller answers faster (a whole number from 16 to" in text
    assert max(len(line) for line in text.splitlines()) <= 110
    # Another YAML reader must see the same file, but for the key "on", which it takes for true.
    other = yaml.safe_load(text)
    assert other["audio"] == {"output": "auto", "rate": 44100, "period": 256, "periods": 3}
    assert other["decoders"][0]["pan"] == -0.4


word = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
decoder = st.builds(
    DecoderConfig,
    model=word,
    seed=st.integers(0, 2**32 - 1),
    on=st.booleans(),
    level_db=st.floats(-60, 12),
    pan=st.floats(-1, 1),
    precision=st.sampled_from(["auto", "fp32", "int8"]),
)
config = st.builds(
    Config,
    name=word,
    audio=st.builds(AudioConfig, output=word, period=st.integers(16, 8192)),
    engine=st.builds(EngineConfig, cores=st.lists(st.integers(0, 1023), max_size=4)),
    osc=st.builds(OscConfig, host=word, status_rate=st.floats(0, 100), remote=st.just(value=True)),
    models=st.lists(word, max_size=3),
    preset=st.none() | word,
    decoders=st.lists(decoder, min_size=1, max_size=8),
)


@settings(max_examples=100, deadline=None)
@given(config)
def test_a_dump_reads_back_as_the_same_configuration(value: Config) -> None:
    assert parse_config(dump(value)) == value


def accept_or_explain(text: str) -> None:
    try:
        got = parse_config(text, source="config.yaml")
    except ConfigError as error:
        assert str(error).startswith("config.yaml, line ")
        assert str(error).isprintable()
    else:
        assert isinstance(got, Config)
        assert parse_config(dump(got)) == got


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_is_explained_or_harmless(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([SAMPLE, dump(Config())]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        stop = data.draw(st.integers(start, min(len(text), start + 12)))
        patch = data.draw(st.text("[]{}:,-?&*!|>'\"%@`#~ \t\nab01.e\x00\x85\ud800é", max_size=6))
        text = text[:start] + patch + text[stop:]
    accept_or_explain(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_explained_or_harmless(text: str) -> None:
    accept_or_explain(text)


leaf = st.none() | st.booleans() | st.integers() | st.floats() | word
keys = st.sampled_from(["name", "audio", "osc", "decoders", "model", "pan", "host", "on", "?"])
tree = st.recursive(leaf, lambda inner: st.lists(inner) | st.dictionaries(keys, inner))


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(keys, tree))
def test_any_structure_is_explained_or_harmless(value: dict[str, object]) -> None:
    accept_or_explain(yaml.safe_dump(value, allow_unicode=True))


Number = Annotated[float, Meta(ge=0, le=10)]


class Sheet(msgspec.Struct):
    """A struct of the shapes that other files use."""

    version: int
    values: dict[str, Number | list[Number] | str] = {}


def test_the_reader_takes_mappings_and_unions_and_reports_lines(tmp_path: Path) -> None:
    file = tmp_path / "sheet.yaml"
    file.write_text("version: 2\nvalues:\n  /a/b: 3\n  /c: [1, 2.5]\n  /d: square\n")
    lines: dict[str, int] = {}
    sheet = read_yaml(file, Sheet, error=PresetError, lines=lines)
    assert sheet == Sheet(version=2, values={"/a/b": 3.0, "/c": [1.0, 2.5], "/d": "square"})
    assert (lines["values./c"], lines["values./c[1]"], lines["values./d"]) == (4, 4, 5)
    with pytest.raises(PresetError, match=r"s, line 1: values\./c\[0\] is 11; it must be a number"):
        parse_yaml("{version: 1, values: {/c: [11]}}", Sheet, source="s", error=PresetError)
    with pytest.raises(PresetError, match="'version' is missing"):
        parse_yaml("", Sheet, source="s", error=PresetError)
