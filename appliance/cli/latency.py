"""`neural-synth latency`: how long a turned control takes to be heard, the model's time apart."""

from pathlib import Path

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from appliance.audio.null import NullOutput
from appliance.cli.live_latency import measure_input
from appliance.cli.settings import config_option, configuration, open_library
from appliance.config import Config, DecoderConfig
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.player import Player

_SETTLING = 3  # frames before the control is turned
_LATER = 6  # frames in which the change must be heard
_TURNS = 200


@click.command()
@click.option("--period", type=click.IntRange(16, 8192), help="Instead of the configuration's.")
@click.option(
    "--input", "live", is_flag=True, help="From the live input, through a cable from the output."
)
@click.option(
    "--bursts", type=click.IntRange(1, 200), default=20, show_default=True, help="With --input."
)
@click.option("--model", help="With --input: encode and decode with this model alone.")
@config_option
def latency(
    period: int | None, live: bool, bursts: int, model: str | None, config_path: Path | None
) -> None:
    """Turn an offset at random moments and find the first sample that changes, model by model.

    The very objects of the engine are stepped, with the headroom that they get on this board, their
    output played by a card that asks for a block whenever it has room for one. The model's own
    time, from its next frame's start to the first change, is taken off.

    With --input noise bursts go out, come in again, are encoded and change what the decoders play:
    the whole way, with both cards' buffers and the models' own time. Stop a running engine first.
    """
    config, _ = configuration(config_path)
    if period is not None:
        audio = msgspec.structs.replace(config.audio, period=period)
        config = msgspec.structs.replace(config, audio=audio)
    if live:
        measure_input(config, bursts, model)
        return
    library = open_library(config)
    rate = config.audio.rate
    headroom = _chosen(config, library)
    click.echo(
        f"period {config.audio.period}, {1e3 * _queued(config) / rate:.1f} ms in the card's "
        f"buffer, {1e3 * headroom / rate:.1f} ms headroom"
    )
    for name in dict.fromkeys(slot.model for slot in config.decoders):
        own, added = measure(config, library, name, headroom)
        spread = np.percentile(1e3 * added / rate, [0, 50, 100])
        click.echo(
            f"{name}: {spread[1]:.1f} ms added ({spread[0]:.1f} to {spread[2]:.1f}, mean "
            f"{1e3 * added.mean() / rate:.1f}); the model's own, from its frame on: "
            f"{1e3 * own / rate:.1f} ms"
        )


def _chosen(config: Config, library: Library) -> int:
    """Return the samples of headroom that the player takes for all that is configured."""
    instrument = Instrument(config, library)
    audio = config.audio
    output = NullOutput(rate=audio.rate, period=audio.period, periods=audio.periods)
    return Player(instrument, output, config).instrument.headroom


def _queued(config: Config) -> int:
    """Return the samples in the card's buffer when a block begins."""
    return config.audio.period * (config.audio.periods - 1)


def measure(
    config: Config, library: Library, name: str, headroom: int
) -> tuple[int, NDArray[np.float64]]:
    """Return the model's own samples from a frame's start, and the added ones of many turns."""
    alone = msgspec.structs.replace(config, decoders=[DecoderConfig(model=name, level_db=0)])
    period = config.audio.period
    ideal = Instrument(alone, library)
    frame = round(ideal.groups[0].frame_samples)
    turned = _SETTLING * frame
    response = _first_change(alone, library, turned, 0) - turned - ideal.master.latency
    whole = _first_change(alone, library, turned, headroom) - turned
    random = np.random.default_rng(0)
    added: list[float] = []
    for moment in random.uniform(0, frame, _TURNS):
        taken = -(-moment // period) * period  # the block that the message falls before
        own = -(-moment // frame) * frame - moment + response
        heard = -(-taken // frame) * frame + whole + _queued(config)
        added.append(heard - moment - own)
    return response, np.array(added)


def _first_change(config: Config, library: Library, turned: int, headroom: int) -> int:
    """Return the first sample that differs if an offset is turned at sample `turned`."""
    sounds: list[NDArray[np.float32]] = []
    for value in (0.0, 1.0):
        instrument = Instrument(config, library, headroom=headroom)
        instrument.values.set("/master/compressor/on", "off")
        instrument.settle()
        frame = round(instrument.groups[0].frame_samples)
        out = np.zeros((2, turned + _LATER * frame + headroom), np.float32)
        instrument.render(out[:, :turned])
        for channel in range(1, 9):
            instrument.values.set(f"/offset/{channel}/value", value)
        instrument.render(out[:, turned:])
        sounds.append(out)
    changed = np.abs(sounds[1] - sounds[0]).max(axis=0)
    return int(np.argmax(changed > 0))
