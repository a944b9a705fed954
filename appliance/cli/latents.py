"""`neural-synth latents`: latents as numpy arrays, for the jam."""

import io
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.progress import Progress

from appliance.cli.latents_files import COMMANDS
from appliance.cli.settings import config_option, configuration, open_library
from appliance.errors import ModelError
from appliance.priors import open_prior
from appliance.storage import make_folder, write_file


@click.group()
def latents() -> None:
    """Make latents up, encode, look at, convert and edit them, in files for the jam."""


@latents.command()
@click.option("--model", required=True, help="A model whose family has a prior.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 3600.0),
    default=12.0,
    show_default=True,
    help="How long they play at the prior's own rate.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, others."
)
@click.option(
    "--spread",
    type=click.FloatRange(0.0, 2.0),
    default=1.0,
    show_default=True,
    help="Below 1 calmer, above 1 wilder.",
)
@click.option(
    "--after",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Continue the latents in this file, .npy of shape (8, points).",
)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@config_option
def generate(
    out: Path,
    *,
    model: str,
    seconds: float,
    seed: int,
    spread: float,
    after: Path | None,
    config_path: Path | None,
) -> None:
    """Make new latents for a model and save them to OUT, a .npy file of shape (8, points).

    The same seed makes the same latents. Runs beside a playing engine.
    """
    config, _ = configuration(config_path)
    prior = open_prior(open_library(config), model)
    points = max(2, round(seconds * prior.points_per_second))
    past = None if after is None else _read(after)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(prior.name, total=1.0)
        made = prior.generate(
            points,
            seed,
            after=past,
            spread=spread,
            progress=lambda part: bar.update(task, completed=part),
        )
    data = io.BytesIO()
    np.save(data, made)
    try:
        make_folder(out.parent)
        write_file(out, data.getvalue())
    except OSError as error:
        raise ModelError(f"{out} cannot be written: {error.strerror or error}.") from None
    click.echo(
        f"{out}: 8 x {points} latents by {prior.name}, "
        f"{prior.points_per_second:.1f} points a second"
    )


for _command in COMMANDS:
    latents.add_command(_command)


def _read(path: Path) -> np.ndarray:
    """Return the latents in a file, float32 (8, points); raises ModelError."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(f"{path} cannot be read as .npy: {error}.") from None
    if array.ndim != 2 or array.shape[0] != 8 or not np.isfinite(array).all():
        raise ModelError(
            f"{path} has shape {array.shape}; latents to continue are (8, points), all finite."
        )
    return array.astype(np.float32)
