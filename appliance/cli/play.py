"""`neural-synth play`: the instrument in real time."""

import os
import signal
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click

from appliance.audio import best_output_name, open_output
from appliance.audio.output import Output
from appliance.cli.box import box_configuration, box_instrument
from appliance.cli.settings import (
    DEFAULT_PRESET,
    config_option,
    configuration,
    open_library,
    preset_option,
    set_option,
    set_values,
)
from appliance.config import Config
from appliance.engine.console import Console
from appliance.engine.instrument import Instrument
from appliance.engine.loading import Progress
from appliance.engine.monitor import Monitor
from appliance.engine.player import Player
from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.errors import ApplianceError
from appliance.notify import ServiceManager
from appliance.panel.child import PanelChild
from appliance.start_up import StartReport, held_at_power_on

_WITHOUT_CARD = Path("neural-synth.wav")
_SECONDS_WITHOUT_CARD = 30.0


@click.command()
@click.option("--seconds", type=click.FloatRange(0.1), help="Stop after so long.")
@click.option("--output", help="ALSA PCM, 'null' or FILE.wav; default: the configuration's.")
@click.option("--panel/--no-panel", help="Start the panel too: Push and web page.")
@click.option("--seed", type=click.IntRange(0, 2**16 - 1), default=0, help="Of all random numbers.")
@config_option
@preset_option
@set_option
@click.option(
    "--box",
    is_flag=True,
    help="Never give up: wait for the sound card, and play the factory instrument if the "
    "configuration or a model cannot be used.",
)
@click.option("--safe", is_flag=True, help="With --box: the factory instrument, whatever else.")
def play(
    seconds: float | None,
    output: str | None,
    panel: bool,
    seed: int,
    config_path: Path | None,
    preset: str | None,
    settings: tuple[str, ...],
    box: bool,
    safe: bool,
) -> None:
    """Play the instrument through the sound card until interrupted.

    Without a card it is heard in the browser, if the panel runs and a terminal can end it; else it
    plays 30 seconds into neural-synth.wav and says so. A box waits for a card.
    """
    manager = ServiceManager()
    warnings: list[str] = []
    if box:
        safe = safe or held_at_power_on() == "left"
        (config, file), warnings = box_configuration(config_path, safe=safe)
        preset = DEFAULT_PRESET if safe else preset
    else:
        config, file = configuration(config_path)
    name = output or config.audio.output
    if not box:
        name, seconds = _without_card(name, seconds, heard=panel and sys.stdin.isatty())
    audio = config.audio
    with (
        StartReport(manager) as report,
        open_output(
            name,
            rate=audio.rate,
            period=audio.period,
            periods=audio.periods,
            wait_for_card=box,
        ) as opened,
        _monitor(opened) as (monitor, warning),
    ):
        report.say("card", "waiting for the sound card" if opened.lost else opened.name)
        make = box_instrument if box else _instrument
        instrument, doubts = make(
            config,
            seed=seed,
            max_block=opened.period,
            progress=lambda model, done, total: report.say("models", model, done=done, total=total),
        )
        warnings += (*warning, *doubts)
        report.say("sound", "measuring the models")
        player = Player(instrument, opened, config, monitor=monitor)
        console = Console(player, config, warnings=warnings)
        sound = console.keeper.begin(preset, config.preset, DEFAULT_PRESET)
        set_values(instrument.values, settings)
        instrument.settle()
        # A box has a unit for its panel.
        child = PanelChild(file, _page_options()) if panel and not box else None
        try:
            if child is not None:
                child.look()  # before this thread has a priority that the child would inherit
            player.start()
            console.start()
            enter_real_time(BACKGROUND)
            click.echo(
                f"Playing '{sound}' on {opened.name}: {opened.rate} Hz, {opened.periods} periods "
                f"of {opened.period}, headroom {1e3 * instrument.headroom / opened.rate:.1f} ms, "
                f"OSC port {console.server.port}, configuration {file or 'built in'}"
            )
            report.say("ready", f"playing {sound}")
            manager.ready()
            _until_told(player, seconds, child, manager)
            end = console.status.snapshot()
        finally:
            manager.stopping()
            if child is not None:
                child.stop()
            console.stop()
            player.stop()
    _raise_error_of(player)
    engine = end["engine"]
    click.echo(
        f"Played {end['uptime_s']} s: {opened.xruns} xruns, {engine['late_frames']} late frames, "
        f"audio thread {100 * engine['load']:.1f} % of a core, decoders "
        f"{100 * sum(d['load'] for d in end['decoders']):.1f} %"
    )


def _raise_error_of(player: Player) -> None:
    """Raise what ended the audio thread, if it ended by itself."""
    if isinstance(player.error, ApplianceError):
        raise player.error
    if player.error is not None:
        raise ApplianceError(f"The audio thread ended: {player.error}") from player.error


def _without_card(name: str, seconds: float | None, *, heard: bool) -> tuple[str, float | None]:
    """Return the output and its length: a file of some seconds where there is no card.

    Where the sound can be `heard` without one, it goes on at its own pace.
    """
    if name != "auto" or best_output_name() is not None:
        return name, seconds
    if heard and seconds is None:
        click.echo("No sound card: press 'Listen here' on the web page to hear it; Ctrl-C ends it")
        return "null", None
    seconds = seconds or _SECONDS_WITHOUT_CARD
    click.echo(f"No sound card: playing {seconds:g} s into {_WITHOUT_CARD.resolve()}")
    return str(_WITHOUT_CARD), seconds


def _page_options() -> tuple[str, ...]:
    """Return what the panel of a laptop does: it serves the page, and shows it on a desktop."""
    desktop = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return ("--web", "--open") if desktop and sys.stdout.isatty() else ("--web",)


def _instrument(
    config: Config, *, seed: int, max_block: int, progress: Progress
) -> tuple[Instrument, list[str]]:
    """Return the instrument and nothing to warn of: a wrong model is an error."""
    library = open_library(config)
    return Instrument(config, library, seed=seed, max_block=max_block, progress=progress), []


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


def _until_told(
    player: Player, seconds: float | None, child: PanelChild | None, manager: ServiceManager
) -> None:
    """Wait for the end of `seconds`, of the audio thread, or for a signal; mind the panel.

    The service manager hears that the work goes on as long as the audio thread finishes blocks.
    """
    watched = manager.watchdog_seconds or 4.0

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    end = None if seconds is None else time.monotonic() + seconds
    try:
        while end is None or time.monotonic() < end:
            patience = watched / 4
            left = patience if end is None else max(0.0, min(patience, end - time.monotonic()))
            if player.wait(left):
                return
            if child is not None:
                child.look()
            if player.stalled_seconds < watched / 2:
                manager.alive()
    except KeyboardInterrupt:
        click.echo("", file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
