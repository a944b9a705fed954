"""`neural-synth models verify`: is an imported model as it should be, here and now."""

from pathlib import Path

import click

from appliance.cli.settings import config_option, configuration, open_library
from appliance.decoders.inspection import inspect
from appliance.errors import ModelError


@click.command()
@click.argument("name")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The TorchScript FILE.ts it was imported from, compared sample by sample. Needs torch.",
)
@config_option
def verify(name: str, *, against: Path | None, config_path: Path | None) -> None:
    """Look the model NAME over: its files, its numbers, its quality at every precision."""
    config, _ = configuration(config_path)
    library = open_library(config)
    folder, card = library.folder(name), library.card(name)
    findings = inspect(folder, card, against)
    for finding in findings:
        click.echo(f"{'ok  ' if finding.sound else 'BAD '} {finding.what}")
    bad = [finding.what for finding in findings if not finding.sound]
    if bad:
        raise ModelError(
            f"Model '{name}' is not as it should be: {bad[0]}. Import the model again."
        )
