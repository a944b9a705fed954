"""`neural-synth stick`: what a USB stick brings, and what goes back onto it."""

import contextlib
import os
import sys
from pathlib import Path

import click

from appliance.board import keep_to, this_board
from appliance.cli.settings import configuration
from appliance.errors import ApplianceError, ConfigError, DeviceError
from appliance.imports.queue import ImportQueue
from appliance.panel.usb.bring import Outcome, bring
from appliance.panel.usb.bring import resume as resume_visit
from appliance.panel.usb.export import export
from appliance.panel.usb.mount import REMOUNT
from appliance.panel.usb.mount import visit as visit_device
from appliance.panel.usb.visit import VisitReport
from appliance.places import data_folder
from appliance.storage import make_folder, write_file


@click.group()
def stick() -> None:
    """Take over what a USB stick brings in its folder neural-synth."""


@stick.command()
@click.argument("device", type=click.Path(path_type=Path))
def visit(device: Path) -> None:
    """Mount DEVICE read-only, take over what it brings, and unmount it; needs root."""
    raise SystemExit(visit_device(device))


@stick.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--asks", is_flag=True, hidden=True, help="Ask over stdout to have it writable.")
def take(folder: Path, asks: bool) -> None:
    """Take over what lies in FOLDER/neural-synth; a file `export` there asks for the bank."""
    with contextlib.suppress(ConfigError):
        keep_to(this_board().other_cores)
    data = data_folder()
    make_folder(data)
    report = VisitReport()
    try:
        outcome = bring(folder, data, report, ImportQueue())
        if outcome.wants_export:
            report.say("writing", "your bank")
            outcome.taken += _export(folder, data, outcome, asks)
        write_file(data / "stick-report.txt", outcome.text.encode())
    except ApplianceError as error:
        report.say("failed", str(error), lines=(str(error),))
        raise
    report.say("done", lines=outcome.short, refused=len(outcome.refused))
    click.echo(outcome.text, nl=False, err=asks)


@stick.command()
def resume() -> None:
    """Finish what an earlier visit could not."""
    if resume_visit(data_folder()):
        click.echo("What a stick had brought is taken over.")


def _export(folder: Path, data: Path, outcome: Outcome, asks: bool) -> list[str]:
    if asks:
        os.write(sys.stdout.fileno(), REMOUNT)
        if sys.stdin.readline().strip() != "ok":
            return ["The stick is locked against writing, so nothing was written to it."]
    try:
        name = configuration(None)[0].name
    except ConfigError:
        name = "neural-synth"
    try:
        return export(folder, data, name, outcome.text)
    except DeviceError as error:
        outcome.refused.append(str(error))
        return []
