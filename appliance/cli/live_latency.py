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
from appliance.input.capture import Capture

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
        answers, capture = _play(config, instrument, loop)
    if not answers.seconds:
        raise AudioError(
            f"None of {bursts} bursts was answered (the largest sample that came in was "
            f"{answers.returned:.3f}): connect the output {output.name} to the input, and turn the "
            "input up."
        )
    encoding = instrument.encoding
    frame = encoding.frame_samples if encoding is not None else 0.0
    parts = {
        "queued in the card": (output.periods - 1) * output.period,
        "headroom": instrument.headroom,
        "waiting in the input": capture.intake.reserve + capture.intake.period / 2,
        "half a frame of the encoder": frame / 2,
    }
    known = sum(parts.values()) / output.rate
    click.echo(
        f"input to sound: median {1e3 * answers.median:.1f} ms, "
        f"{1e3 * min(answers.seconds):.1f} to {1e3 * max(answers.seconds):.1f} ms "
        f"({len(answers.seconds)} of {bursts} bursts answered)\n"
        + "".join(f"{1e3 * n / output.rate:6.1f} ms {name}\n" for name, n in parts.items())
        + f"{1e3 * (answers.median - known):6.1f} ms the models' own and what else there is\n"
        f"{output.rate} Hz, {output.periods} periods of {output.period}, "
        f"{loop.xruns} xruns, {capture.intake.gaps} gaps of the input"
    )


def _play(config: Config, instrument: Instrument, loop: Loop) -> tuple[Answers, Capture]:
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
    return loop.answers(capture.peak), capture
