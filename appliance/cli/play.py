"""`neural-synth play`: the instrument in real time."""

import functools
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from appliance.audio import best_output_name, open_output
from appliance.audio.output import Output
from appliance.cli.settings import (
    DEFAULT_PRESET,
    config_option,
    configuration,
    open_library,
    preset_option,
    set_option,
    set_values,
)
from appliance.engine.instrument import Instrument
from appliance.engine.monitor import Monitor
from appliance.engine.player import Player
from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.engine.server import Server
from appliance.engine.status import Status
from appliance.errors import ApplianceError
from appliance.panel.child import PanelChild
from appliance.places import data_folder
from appliance.presets.commands import perform
from appliance.presets.finding import factory_shelf
from appliance.presets.keeper import Keeper

_WITHOUT_CARD = Path("neural-synth.wav")
_SECONDS_WITHOUT_CARD = 30.0


@click.command()
@click.option("--seconds", type=click.FloatRange(0.1), help="Stop after so long.")
@click.option("--output", help="ALSA PCM, 'null' or FILE.wav; default: the configuration's.")
@click.option("--panel/--no-panel", help="Start the panel too: Push and its other parts.")
@click.option("--seed", type=click.IntRange(0, 2**16 - 1), default=0, help="Of all random numbers.")
@config_option
@preset_option
@set_option
def play(
    seconds: float | None,
    output: str | None,
    panel: bool,
    seed: int,
    config_path: Path | None,
    preset: str | None,
    settings: tuple[str, ...],
) -> None:
    """Play the instrument through the sound card until interrupted.

    Without a card it plays 30 seconds into neural-synth.wav and says so.
    """
    config, file = configuration(config_path)
    name = output or config.audio.output
    if name == "auto" and best_output_name() is None:
        name = str(_WITHOUT_CARD)
        seconds = seconds or _SECONDS_WITHOUT_CARD
        click.echo(f"No sound card: playing {seconds:g} s into {_WITHOUT_CARD.resolve()}")
    audio = config.audio
    with (
        open_output(name, rate=audio.rate, period=audio.period, periods=audio.periods) as opened,
        _monitor(opened) as (monitor, warnings),
    ):
        instrument = Instrument(config, open_library(config), seed=seed, max_block=opened.period)
        player = Player(instrument, opened, config, monitor=monitor)
        keeper = Keeper(
            instrument.values,
            player.queue,
            instrument.morph,
            rate=instrument.rate,
            folder=data_folder(),
            factory=factory_shelf(),
        )
        sound = keeper.begin(preset, config.preset, DEFAULT_PRESET)
        set_values(instrument.values, settings)
        instrument.settle()
        status = Status(player, config.name, warnings, presets=keeper.status)
        server = Server(
            instrument.values,
            player.queue,
            status.snapshot,
            host=config.osc.host,
            port=config.osc.port,
            status_rate=config.osc.status_rate,
            presets=functools.partial(perform, keeper),
        )
        child = PanelChild(file) if panel else None
        try:
            if child is not None:
                child.look()  # before this thread has a priority that the child would inherit
            player.start()
            keeper.start(functools.partial(enter_real_time, BACKGROUND))
            server.start()
            enter_real_time(BACKGROUND)
            click.echo(
                f"Playing '{sound}' on {opened.name}: {opened.rate} Hz, {opened.periods} periods "
                f"of {opened.period}, headroom {1e3 * instrument.headroom / opened.rate:.1f} ms, "
                f"OSC port {server.port}, configuration {file or 'built in'}"
            )
            _until_told(player, seconds, child)
            end = status.snapshot()
        finally:
            if child is not None:
                child.stop()
            server.stop()
            keeper.stop()
            player.stop()
    if player.error is not None:
        if isinstance(player.error, ApplianceError):
            raise player.error
        raise ApplianceError(f"The audio thread ended: {player.error}") from player.error
    engine = end["engine"]
    click.echo(
        f"Played {end['uptime_s']} s: {opened.xruns} xruns, {engine['late_frames']} late frames, "
        f"audio thread {100 * engine['load']:.1f} % of a core, decoders "
        f"{100 * sum(d['load'] for d in end['decoders']):.1f} %"
    )


@contextmanager
def _monitor(output: Output) -> Generator[tuple[Monitor | None, tuple[str, ...]]]:
    """Yield a ring for what `output` gets, or what to warn of: the sound does not depend on it."""
    try:
        monitor = Monitor(output.rate, output.period)
    except OSError as error:
        yield None, (f"nobody can listen beside: shared memory {error.strerror or error}",)
        return
    try:
        yield monitor, ()
    finally:
        monitor.close()


def _until_told(player: Player, seconds: float | None, child: PanelChild | None) -> None:
    """Wait for the end of `seconds`, of the audio thread, or for a signal; mind the panel."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    end = None if seconds is None else time.monotonic() + seconds
    try:
        while end is None or time.monotonic() < end:
            left = 1.0 if end is None else max(0.0, min(1.0, end - time.monotonic()))
            if player.wait(left):
                return
            if child is not None:
                child.look()
    except KeyboardInterrupt:
        click.echo("", file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
