"""Files of latents on the command line: looked at, converted, edited, encoded from sound."""

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from appliance.cli.settings import config_option, configuration, open_library
from appliance.errors import LatentError
from appliance.jam.arrays import read_latents, write_latents, write_layout
from appliance.jam.edits import EDITS, edited, resampled
from appliance.jam.encoding import encode_file
from appliance.jam.filling import KINDS, random_latents
from appliance.jam.manual import manual
from appliance.plots.latents import latents_chart

RATE = 44100 / 2048
"""Points a second of most RAVE models; a file does not say its own."""

_in = click.argument("source", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
_out = click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
_rate = click.option(
    "--rate",
    type=click.FloatRange(0.1, 2000),
    default=RATE,
    show_default="a RAVE's, 21.5",
    help="Points a second.",
)


@click.command()
@_in
@_rate
def info(source: Path, rate: float) -> None:
    """Print what a .npy or .npz FILE of latents holds."""
    latents = read_latents(source)
    points = latents.shape[1]
    click.echo(
        f"{source}: 8 x {points} latents, {points / rate:.1f} s at {rate:.4g} points a second"
    )
    table = Table("channel", "mean", "deviation", "least", "most", "step")
    for number, row in enumerate(latents.astype(np.float64), 1):
        step = np.abs(np.diff(row)).mean()
        cells = (row.mean(), row.std(), row.min(), row.max(), step)
        table.add_row(str(number), *(f"{value:.3f}" for value in cells))
    Console().print(table)


@click.command()
@_in
@_out
@click.option("--scale", type=float, default=1.0, show_default=True, help="Multiplies all points.")
@click.option("--points", type=click.IntRange(2), help="Another number of points for the loop.")
@click.option(
    "--layout",
    type=click.Choice(["8xT", "Tx8", "1x8xT"]),
    default="8xT",
    show_default=True,
    help="Order of the axes.",
)
def convert(source: Path, out: Path, scale: float, points: int | None, layout: str) -> None:
    """Read a FILE of latents in any layout and save it to OUT, a .npy file.

    RAVE-Latent-Diffusion's files are brought to deviation 1 and want a --scale.
    """
    latents = read_latents(source, scale=scale)
    if points is not None:
        latents = resampled(latents, points)
    arrays = {"8xT": latents, "Tx8": latents.T, "1x8xT": latents[None]}
    write_layout(_npy(out), arrays[layout])
    _told(out, latents)


@click.command(
    epilog="Edits: " + "; ".join(f"{e.name} {e.arguments} {e.description}" for e in EDITS)
)
@_in
@_out
@click.argument("edit", metavar="EDIT")
@click.argument("numbers", nargs=-1, type=float, metavar="[NUMBERS]...")
def edit(source: Path, out: Path, edit: str, numbers: tuple[float, ...]) -> None:
    """Edit the latents in FILE and save them to OUT, a .npy file.

    Channels are 1 to 8, 0 for all; points count from 0. Put -- before negative numbers.
    """
    latents = edited(read_latents(source), edit, numbers)
    write_latents(_npy(out), latents)
    _told(out, latents)


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@_out
@click.option("--points", type=click.IntRange(2), default=64, show_default=True)
@click.option("--width", type=float, default=1.0, show_default=True, help="Or deviation.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def fill(kind: str, out: Path, points: int, width: float, seed: int) -> None:
    """Save random latents to OUT, a .npy file; the same seed gives the same ones."""
    latents = random_latents(kind, points, width, seed)
    write_latents(_npy(out), latents)
    _told(out, latents)


@click.command()
@click.argument("sound", type=click.Path(path_type=Path, dir_okay=False))
@_out
@click.option("--model", help="A model with an encoder; by default the first decoder's.")
@click.option("--seconds", type=click.FloatRange(0.1), help="Only so much of the sound.")
@config_option
def encode(
    sound: Path, out: Path, model: str | None, seconds: float | None, config_path: Path | None
) -> None:
    """Encode a SOUND file and save its latents to OUT, a .npy file."""
    config, _ = configuration(config_path)
    chosen = model or config.decoders[0].model
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(chosen, total=1.0)
        encoded = encode_file(
            open_library(config),
            chosen,
            sound,
            seconds=seconds,
            progress=lambda share: bar.update(task, completed=share),
        )
    write_latents(_npy(out), encoded.latents)
    _told(out, encoded.latents, f" by {chosen}, {encoded.rate:.4g} points a second")


@click.command()
@_in
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@_rate
def plot(source: Path, out: Path, rate: float) -> None:
    """Draw a FILE of latents to OUT, a .png picture of eight lanes."""
    latents = read_latents(source)
    if out.suffix.lower() != ".png":
        raise LatentError(f"{out} cannot be written: its name must end in .png.")
    seconds = latents.shape[1] / rate
    latents_chart(latents[None].astype(np.float64), seconds, source.name).save(out)
    click.echo(f"{out}: 8 x {latents.shape[1]} latents, {seconds:.1f} s")


@click.command()
def messages() -> None:
    """Print what the jam and the terrain do and their OSC messages, as Markdown."""
    click.echo(manual(), nl=False)


COMMANDS = (info, convert, edit, fill, encode, plot, messages)


def _npy(out: Path) -> Path:
    if out.suffix.lower() != ".npy":
        raise LatentError(f"{out} cannot be written: its name must end in .npy.")
    return out


def _told(out: Path, latents: NDArray[np.float32], more: str = "") -> None:
    click.echo(f"{out}: 8 x {latents.shape[1]} latents{more}")
