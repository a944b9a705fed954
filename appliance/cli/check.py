"""`neural-synth check`: would it play? Configuration, models, preset and sound card."""

from pathlib import Path

import click

from appliance.audio import best_output_name, open_output
from appliance.cli.settings import begin_with, config_option, configuration, open_library
from appliance.config import Config, dump
from appliance.engine.instrument import Instrument
from appliance.errors import ApplianceError


@click.command()
@config_option
@click.option("--defaults", is_flag=True, help="Print a configuration file with every setting.")
def check(config_path: Path | None, defaults: bool) -> None:
    """Check the configuration, the models, the preset and the sound card, without playing."""
    if defaults:
        click.echo(dump(Config()), nl=False)
        return
    config, file = configuration(config_path)
    click.echo(f"configuration: {file or 'built in'}")
    failed: ApplianceError | None = None
    try:
        instrument = Instrument(config, open_library(config))
        for group in instrument.groups:
            slots = ", ".join(str(s + 1) for s in group.slots)
            click.echo(f"model {group.model}: ok, slots {slots}")
        click.echo(f"preset: {begin_with(instrument, config, None, ())}")
    except ApplianceError as error:
        failed = error
        click.echo(f"Error: {error}", err=True)
    name = config.audio.output
    if name == "auto" and best_output_name() is None:
        click.echo("sound card: none; 'play' would write a WAV file")
    else:
        try:
            audio = config.audio
            with open_output(
                name, rate=audio.rate, period=audio.period, periods=audio.periods
            ) as opened:
                click.echo(
                    f"sound card: {opened.name}, {opened.rate} Hz, {opened.periods} periods of "
                    f"{opened.period}"
                )
        except ApplianceError as error:
            failed = failed or error
            click.echo(f"Error: {error}", err=True)
    if failed is not None:
        raise SystemExit(failed.exit_code)
