"""The box's configuration: one YAML file; without any, the factory instrument plays."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, field
from msgspec.structs import replace

from appliance.errors import ConfigError
from appliance.panel.settings import PanelConfig
from appliance.places import data_folder
from appliance.section import Section
from appliance.yaml_file import legible, parse_yaml, read_yaml
from appliance.yaml_text import write_yaml

ENVIRONMENT = "NEURAL_SYNTH_CONFIG"
PLACES = ("~/.config/neural-synth/config.yaml", "/etc/neural-synth/config.yaml")


class AudioConfig(Section, frozen=True):
    """The sound card and its clock."""

    output: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=512,
            description="auto (the sound card), an ALSA PCM such as hw:CARD=Device,DEV=0,"
            " null, or a path ending in .wav",
        ),
    ] = "auto"
    rate: Annotated[int, Meta(ge=16000, le=192000, description="Sample rate in Hz")] = 44100
    period: Annotated[
        int, Meta(ge=16, le=8192, description="Frames per audio period; smaller answers faster")
    ] = 256
    periods: Annotated[int, Meta(ge=2, le=8, description="Periods in the card's buffer")] = 3


Core = Annotated[int, Meta(ge=0, le=1023)]


class EngineConfig(Section, frozen=True):
    """How the engine uses the processor."""

    headroom: Annotated[
        int,
        Meta(
            ge=0,
            le=64,
            description="Least periods by which decoders run ahead of the card; 0 is as many as"
            " the models take on this board, none if they are quick",
        ),
    ] = 0
    workers: Annotated[
        int, Meta(ge=0, le=64, description="Decoding threads; 0 is as many as are useful")
    ] = 0
    cores: Annotated[
        list[Core],
        Meta(
            max_length=64,
            description="Processor cores: the first for audio, the others for decoders; [] is any",
        ),
    ] = field(default_factory=list[int])
    priority: Annotated[
        int, Meta(ge=1, le=95, description="Real-time priority (SCHED_FIFO) of the audio thread")
    ] = 70
    device: Annotated[
        Literal["cpu", "cuda"],
        Meta(description="Where decoders are calculated; cuda needs an NVIDIA GPU and torch"),
    ] = "cpu"
    stagger: Annotated[
        bool, Meta(description="Spread the decoders' work over the frame instead of one peak")
    ] = True


class OscConfig(Section, frozen=True):
    """Where the engine listens for OSC."""

    host: Annotated[str, Meta(min_length=1, max_length=253, description="Address to listen on")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=1, le=65535, description="UDP port")] = 57130
    status_rate: Annotated[
        float, Meta(ge=0, le=100, description="Status messages per second; 0 is none")
    ] = 10.0
    remote: Annotated[
        bool,
        Meta(description="Allow a host other than loopback: anyone on the network may then play"),
    ] = False


class DecoderConfig(Section, frozen=True):
    """One decoder slot."""

    model: Annotated[
        str, Meta(min_length=1, max_length=512, description="Name of an imported model")
    ]
    seed: Annotated[
        int, Meta(ge=0, le=2**32 - 1, description="Seed of the decoder's own noise")
    ] = 0
    on: Annotated[bool, Meta(description="Whether the slot sounds")] = True
    level_db: Annotated[float, Meta(ge=-60, le=12, description="Level in dB")] = -6.0
    pan: Annotated[
        float, Meta(ge=-1, le=1, description="Place between left (-1) and right (1)")
    ] = 0.0
    precision: Annotated[
        Literal["auto", "mixed", "fp32", "fp16", "blocks8", "int8", "blocks4"],
        Meta(description="Weights to use; auto is what was measured best on this board"),
    ] = "auto"
    channel: Annotated[
        Literal["both", "left", "right"],
        Meta(description="Of a two-channel model; left and right share one decode"),
    ] = "both"


class EncoderConfig(Section, frozen=True):
    """What turns sound into latents, and where live sound comes from."""

    model: Annotated[
        Annotated[str, Meta(min_length=1, max_length=512)] | None,
        Meta(description="Name of an imported model that encodes, or null for none"),
    ] = "choir-wave"
    precision: Annotated[
        Literal["auto", "fp32", "int8"],
        Meta(description="Weights to use; auto is what was measured best on this board"),
    ] = "auto"
    capture: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=512,
            description="auto (the card of audio.output), an ALSA PCM to record from, or none",
        ),
    ] = "auto"
    channel: Annotated[
        Literal["both", "left", "right"], Meta(description="Which of its channels is heard")
    ] = "both"


def _factory_decoders() -> list[DecoderConfig]:
    return [
        DecoderConfig(model="choir-wave", seed=1, pan=-0.4),
        DecoderConfig(model="choir-spectral", seed=2, pan=0.3),
        DecoderConfig(model="metal-wave", seed=3, pan=0.5),
        DecoderConfig(model="metal-spectral", seed=4, pan=-0.2),
    ]


Folder = Annotated[str, Meta(min_length=1, max_length=4096)]


class Config(Section, frozen=True):
    """Everything the box needs to know before it sounds."""

    name: Annotated[
        str, Meta(min_length=1, max_length=63, description="Name of the box, shown and announced")
    ] = "neural-synth"
    audio: Annotated[AudioConfig, Meta(description="The sound card and its clock")] = AudioConfig()
    engine: Annotated[EngineConfig, Meta(description="How the engine uses the processor")] = field(
        default_factory=EngineConfig
    )
    osc: Annotated[OscConfig, Meta(description="Where the engine listens for OSC")] = OscConfig()
    encoder: Annotated[
        EncoderConfig, Meta(description="What turns sound into latents, and live sound")
    ] = field(default_factory=EncoderConfig)
    models: Annotated[
        list[Folder],
        Meta(max_length=64, description="More folders in which imported models are looked for"),
    ] = field(default_factory=list[str])
    preset: Annotated[
        Annotated[str, Meta(min_length=1, max_length=4096)] | None,
        Meta(description="Preset to begin with: a name, a path, or null for none"),
    ] = None
    decoders: Annotated[
        list[DecoderConfig],
        Meta(min_length=1, max_length=8, description="The decoder slots, 1 to 8, each with:"),
    ] = field(default_factory=_factory_decoders)
    panel: Annotated[PanelConfig, Meta(description="Everything that hands and eyes use")] = field(
        default_factory=PanelConfig
    )

    def with_port(self, port: int) -> "Config":
        """Return the same configuration with the engine on OSC port `port`."""
        return replace(self, osc=replace(self.osc, port=port))


class LoadedConfig(NamedTuple):
    """A configuration and the file it came from, None when it is the built-in one."""

    config: Config
    file: Path | None


def load_config(path: Path | str | None = None) -> LoadedConfig:
    """Read the configuration from `path`, or from the first place that has one.

    The places are $NEURAL_SYNTH_CONFIG, config.yaml in the player's folder (where a stick puts
    it), ~/.config/neural-synth/config.yaml and /etc/neural-synth/config.yaml; where there is none,
    the defaults are returned. A file that is named but missing, or that breaks a rule, raises
    ConfigError.
    """
    named = path or os.environ.get(ENVIRONMENT)
    if named:
        file = Path(named).expanduser()
        return LoadedConfig(_read(file), file)
    for file in (data_folder() / "config.yaml", *(Path(p).expanduser() for p in PLACES)):
        # Only a missing file is passed over; one that may not be read is an error.
        if os.path.lexists(file):
            return LoadedConfig(_read(file), file)
    return LoadedConfig(Config(), None)


def parse_config(text: str, *, source: str = "configuration") -> Config:
    """Return the configuration that `text` describes; errors call the text `source`."""
    lines: dict[str, int] = {}
    config = parse_yaml(text, Config, source=source, error=ConfigError, lines=lines)
    _check_host(config.osc, source, lines)
    return config


def dump(config: Config) -> str:
    """Return `config` as YAML with every key, its meaning and its range in comments."""
    return write_yaml(config)


def _read(file: Path) -> Config:
    lines: dict[str, int] = {}
    config = read_yaml(file, Config, error=ConfigError, lines=lines)
    _check_host(config.osc, str(file), lines)
    return config


def _check_host(osc: OscConfig, source: str, lines: dict[str, int]) -> None:
    if osc.remote or osc.host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(osc.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ConfigError(
            f"{source}, line {lines.get('osc.host', 1)}: osc.host is {legible(osc.host)};"
            " it must be a loopback address such as 127.0.0.1, unless osc.remote is true."
        )
