"""`neural-synth update`: new software for a box that runs from the image."""

import contextlib
from pathlib import Path
from typing import Any

import click

from appliance.engine.client import Client
from appliance.errors import ApplianceError, UpdateError
from appliance.update.bundle import Bundle, trusted_keys
from appliance.update.health import prove
from appliance.update.station import KEYS, DisplayReport, release, running, station


@click.group()
def update() -> None:
    """Put new software into the slot that does not play; keep it once it has played."""


@update.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--older", is_flag=True, help="Take it even if it is older than what runs.")
@click.option("--restart", is_flag=True, help="Try it at once: the sound stops for a moment.")
def install(file: Path, older: bool, restart: bool) -> None:
    """Write the update FILE beside the running system."""
    with DisplayReport() as report:
        updater, _, trial = station(report.progress)
        with file.open("rb") as opened:
            bundle = Bundle(opened, file.name, trusted_keys(KEYS))
            slot = updater.write(bundle, older=older)
        click.echo(f"{file.name} lies in slot {slot}.")
        report.done("is written, restarting" if restart else "is written")
    if restart:
        trial.restart()


@update.command()
def keep() -> None:
    """Keep the slot that runs, if it proves healthy; otherwise start the old one again."""
    updater, selector, _ = station()
    if not updater.in_trial:
        click.echo(f"Slot {selector.kept()} runs and is kept.")
        return
    why = prove(_status)
    if why is None:
        updater.keep()
        with DisplayReport() as report:
            report.done("plays and is kept")
        click.echo(f"Slot {selector.kept()} has proved healthy and is kept.")
        return
    raise UpdateError(f"The update is taken back: {why}.")


@update.command("status")
def show() -> None:
    """Show what runs, from which slot, and which slot is kept."""
    updater, selector, _ = station()
    found = release()
    trial = ", on trial" if updater.in_trial else ""
    click.echo(f"version {found.version} for {found.board}, slot {running()}{trial}")
    click.echo(f"kept    slot {selector.kept()}")


def _status() -> dict[str, Any] | None:
    with contextlib.suppress(ApplianceError), Client(timeout=2.0) as client:
        return client.status()
    return None
