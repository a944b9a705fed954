"""`neural-synth latency --input`: from the live input to the sound it makes, measured."""

import time

import click
from msgspec.structs import replace

from appliance.audio import open_output
from appliance.cli.settings import open_library
from appliance.config import Config, DecoderConfig
from appliance.engine.instrument import Instrument
from appliance.engine.listening import Listening
from appliance.engine.loop import Answers, Loop
from appliance.engine.player import Player
from appliance.errors import AudioError

_PATIENCE = 5.0  # seconds until the input must give sound


def measure_input(config: Config, bursts: int, model: str | None) -> None:
    """Tell how long `bursts` took; `model` is to encode and decode alone.

    Raises AudioError if the input cannot be used or nothing came in.
    """
    if model is not None:
        config = replace(
            config,
            decoders=[DecoderConfig(model=model)],
            encoder=replace(config.encoder, model=model),
        )
    audio = config.audio
    with open_output(
        audio.output, rate=audio.rate, period=audio.period, periods=audio.periods
    ) as output:
        loop = Loop(output, bursts=bursts)
        instrument = Instrument(config, open_library(config), max_block=output.period)
        answers = _play(config, instrument, loop)
        headroom = 1e3 * instrument.headroom / output.rate
    if not answers.seconds:
        raise AudioError(
            f"None of {bursts} bursts was answered (the largest sample that came in was "
            f"{answers.returned:.3f}): connect the output {output.name} to the input, and turn the "
            "input up."
        )
    encoding = instrument.encoding
    frame = 1e3 * encoding.frame_samples / output.rate if encoding is not None else 0.0
    click.echo(
        f"input to sound: median {1e3 * answers.median:.1f} ms, "
        f"{1e3 * min(answers.seconds):.1f} to {1e3 * max(answers.seconds):.1f} ms "
        f"({len(answers.seconds)} of {bursts} bursts answered)\n"
        f"{output.rate} Hz, {output.periods} periods of {output.period}, headroom {headroom:.1f} "
        f"ms, encoder frame {frame:.1f} ms, {loop.xruns} xruns"
    )


def _play(config: Config, instrument: Instrument, loop: Loop) -> Answers:
    """Run the bursts through the instrument; raises AudioError if the input cannot be used."""
    player = Player(instrument, loop, config)
    values = instrument.values
    values.set("/encoder/live/level_db", 0)
    instrument.settle()
    part = Listening(
        instrument, player.queue, config, period=loop.period, name_file=lambda *_: None
    )
    capture = part.capture
    if capture is None:
        raise AudioError("Nothing is recorded: encoder.capture is none in the configuration.")
    part.start()
    player.start()
    try:
        end = time.monotonic() + _PATIENCE
        while not capture.open:
            if time.monotonic() > end:
                raise AudioError(capture.problem or f"PCM '{capture.name}' gives no sound.")
            time.sleep(0.05)
        while not loop.done:
            if player.wait(0.1):
                raise AudioError(f"The audio thread ended: {player.error}")
    finally:
        player.stop()
        part.stop()
    return loop.answers(capture.peak)
