"""`neural-synth imports`: a queue of files to import, worked off beside the playing engine."""

import contextlib
import signal
from pathlib import Path
from types import FrameType

import click
from rich.console import Console
from rich.table import Table

from appliance.decoders.precision import Precision
from appliance.imports.job import Job
from appliance.imports.queue import ImportQueue
from appliance.imports.runner import MEMORY_MB, ImportRunner


@click.group()
def imports() -> None:
    """Import models while the instrument plays: add files, look, cancel."""


@imports.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", help="Name to play it by; default: the file's.")
@click.option(
    "--precision", type=click.Choice(["auto", *(p.value for p in Precision)]), default="auto"
)
@click.option(
    "--projection", default="", metavar="AXES", help="Axes of a vschaos2 model's latents."
)
def add(files: tuple[Path, ...], name: str | None, precision: str, projection: str) -> None:
    """Put FILES (.ts) into the queue; the panel, or `imports run`, works it off."""
    if name and len(files) > 1:
        raise click.UsageError("--name goes with one file.")
    queue = ImportQueue()
    for file in files:
        number = queue.submit(file, name=name, precision=precision, projection=projection)
        click.echo(_line(queue.job(number)))


@imports.command("list")
def list_() -> None:
    """Show every import and how far it is."""
    table = Table("number", "file", "model", "state", "")
    for job in ImportQueue().status():
        table.add_row(str(job.number), job.file, job.name, job.state, _detail(job))
    Console().print(table)


@imports.command()
@click.argument("numbers", nargs=-1, required=True, type=int)
def cancel(numbers: tuple[int, ...]) -> None:
    """End imports that wait or run; their files stay."""
    for number in numbers:
        ImportQueue().cancel(number)


@imports.command()
@click.argument("numbers", nargs=-1, required=True, type=int)
def retry(numbers: tuple[int, ...]) -> None:
    """Let imports that failed or were cancelled run again."""
    for number in numbers:
        ImportQueue().retry(number)


@imports.command()
@click.argument("numbers", nargs=-1, required=True, type=int)
def forget(numbers: tuple[int, ...]) -> None:
    """Remove imports that are over, and what is left of their files."""
    for number in numbers:
        ImportQueue().forget(number)


@imports.command()
@click.option("--stay", is_flag=True, help="Wait for more instead of ending.")
@click.option("--memory", default=MEMORY_MB, show_default=True, help="MB that an import may use.")
def run(stay: bool, memory: int) -> None:
    """Work off the queue here, one file at a time, with what processor time is left over."""
    queue = ImportQueue()
    runner = ImportRunner(queue, memory_mb=memory)

    def stop(_number: int, _frame: FrameType | None) -> None:
        runner.stopping.set()

    before = {job.number for job in queue.status() if job.state.ended}
    with contextlib.suppress(ValueError):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
    (runner.serve if stay else runner.drain)()
    for job in queue.status():
        if job.number not in before:
            click.echo(_line(job))


def _line(job: Job) -> str:
    return f"{job.number} {job.file}: {job.state}{f', {_detail(job)}' if _detail(job) else ''}"


def _detail(job: Job) -> str:
    return job.reason or (f"{100 * job.share:.0f} % {job.step}" if job.step else "")
