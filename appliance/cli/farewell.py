"""`neural-synth farewell`: the last word on the status display, when all disks are at rest."""

import contextlib
from pathlib import Path

import click

from appliance.cli.settings import config_option, configuration
from appliance.errors import ApplianceError
from appliance.places import runtime_folder


@click.command(hidden=True)
@click.argument("action", type=click.Choice(["poweroff", "halt", "reboot", "kexec"]))
@config_option
def farewell(action: str, config_path: Path | None) -> None:
    """Show what to do with the power, if there is a display."""
    with contextlib.suppress(ApplianceError, ImportError):
        from appliance.panel.oled.part import farewell as show  # noqa: PLC0415
        from appliance.panel.oled.screen import Notice  # noqa: PLC0415

        copy = runtime_folder() / "config.yaml"  # its own place is unmounted by now
        config, _ = configuration(config_path or (copy if copy.is_file() else None))
        if action in ("poweroff", "halt"):
            word = Notice("Unplug now", ("Everything is written.",))
        else:
            word = Notice("Restarting", ("Leave the power on.",))
        show(config.panel.oled, word)
