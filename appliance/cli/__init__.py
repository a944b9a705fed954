"""The command line, `neural-synth`."""

import importlib
import os
import sys

# Before numpy loads: idle BLAS threads would only hold 30 MB of locked memory each.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Huge pages are gathered by the kernel while we play, and a core stands still for it.
os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")

import click

from appliance import __version__
from appliance.errors import ApplianceError

COMMANDS = (
    "render", "play", "panel", "models", "imports", "latents", "presets", "check", "status",
    "params",
    "latency", "board", "stick", "farewell", "update", "reset",
)  # fmt: skip
"""Each lives in the module of its name; only the one that is asked for is imported."""


class Commands(click.Group):
    """Commands that load when they are used: the box starts seconds sooner."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"appliance.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="neural-synth")
def cli() -> None:
    """A boxed neural synthesizer: four decoders played by one 8-channel latent signal."""


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
