"""`neural-synth models bench`: what models cost on this board."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from appliance.cli.settings import config_option, configuration, open_library
from appliance.decoders.card import Card
from appliance.decoders.library import Library
from appliance.decoders.stopwatch import Timing, time_model
from appliance.errors import ModelError
from appliance.machine import describe


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The model's own FILE.ts, timed in turn with it. Needs torch and one NAME.",
)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option("--rows", type=click.IntRange(1, 8), default=2, show_default=True, help="Twins.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=8, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print figures as JSON.")
@config_option
def bench(
    names: tuple[str, ...],
    *,
    against: Path | None,
    threads: int,
    rows: int,
    rounds: int,
    as_json: bool,
    config_path: Path | None,
) -> None:
    """Time one frame of the models NAMES, or of all, at every precision on this machine."""
    if against is not None and len(names) != 1:
        raise click.UsageError("--against goes with one NAME.")
    config, _ = configuration(config_path)
    library = open_library(config)
    results: dict[str, list[Timing]] = {}
    for name in names or tuple(library.names()):
        folder, card = library.folder(name), library.card(name)
        _check_file(card, against)
        results[name] = time_model(
            folder, card, rows=rows, threads=threads, rounds=rounds, against=against
        )
    if as_json:
        content = {
            name: [asdict(timing) for timing in timings] for name, timings in results.items()
        }
        click.echo(json.dumps({"machine": describe(), "threads": threads, "models": content}))
        return
    click.echo(f"{describe()}, {threads} thread{'s' * (threads > 1)}")
    Console().print(_table(library, results))


def _check_file(card: Card, against: Path | None) -> None:
    if against is not None and against.stat().st_size != card.source.bytes:
        raise ModelError(
            f"{against} is not the file that '{card.name}' was imported from "
            f"({card.source.file}, {card.source.bytes} bytes). Give that one, or import this one."
        )


def _table(library: Library, results: dict[str, list[Timing]]) -> Table:
    table = Table("model", "task", "precision", "rows", "median", "p99", "of a core", "per row")
    for name, timings in results.items():
        plays = library.card(name).precision
        for timing in timings:
            mark = " (plays)" if timing.task == "decode" and timing.precision == plays else ""
            table.add_row(
                name,
                timing.task,
                timing.precision + mark,
                str(timing.rows),
                f"{timing.median_ms:.2f} ms",
                f"{timing.p99_ms:.2f} ms",
                f"{100 * timing.load:.1f} %",
                _against(timing, timings),
            )
    return table


def _against(timing: Timing, timings: Sequence[Timing]) -> str:
    """Return how much faster a row is than the file's, at one row, if that was timed."""
    peers = [
        t.median_ms for t in timings if (t.task, t.precision, t.rows) == (timing.task, "torch", 1)
    ]
    if not peers or timing.precision == "torch":
        return ""
    return f"{peers[0] * timing.rows / timing.median_ms:.1f}x torch"
