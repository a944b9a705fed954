"""The command line, `neural-synth`."""

import os
import sys

# Before numpy loads: idle BLAS threads would only hold 30 MB of locked memory each.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Huge pages are gathered by the kernel while we play, and a core stands still for it.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")

import click

from appliance import __version__
from appliance.cli.board import board
from appliance.cli.check import check
from appliance.cli.latents import latents
from appliance.cli.models import models
from appliance.cli.panel import panel
from appliance.cli.play import play
from appliance.cli.presets import presets
from appliance.cli.render import render
from appliance.cli.status import status
from appliance.errors import ApplianceError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="neural-synth")
def cli() -> None:
    """A boxed neural synthesizer: four decoders played by one 8-channel latent signal."""


for command in (render, play, panel, models, latents, presets, check, status, board):
    cli.add_command(command)


def main() -> None:
    """Run the command line; an error is one sentence on stderr and an exit code of its own."""
    try:
        cli.main(standalone_mode=False)
    except ApplianceError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
