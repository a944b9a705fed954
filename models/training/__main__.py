"""Train families of models from nothing: `python -m models.training choir --out models/factory`."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import soundfile
import torch
from torch import Tensor

from models.training import corpus, evaluation, prior_publication, publication
from models.training.family import Family, Mode
from models.training.progress import console, write_atomically
from models.training.recipes import RECIPES

ENGINES = ("spectral", "wave", "live", "prior")


def audio(family: str, seconds: float, seed: int, work: Path, font: Path) -> Tensor:
    """Return a corpus, float32 (samples,), rendered or taken from the work folder."""
    kept = work / f"{family}-{seed}-{seconds:.0f}s.wav"
    if not kept.is_file():
        console.print(f"rendering {seconds / 60:.1f} minutes of {family}, seed {seed}")
        rendered = corpus.render(family, seconds, seed, work, font)
        write_atomically(
            kept,
            lambda partial: soundfile.write(
                partial, rendered, corpus.SAMPLE_RATE, subtype="PCM_16", format="WAV"
            ),
        )
    samples, _ = soundfile.read(kept, dtype="float32")
    return torch.from_numpy(np.asarray(samples))


@click.command()
@click.argument("names", metavar="[FAMILY]...", nargs=-1, type=click.Choice(sorted(RECIPES)))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("models/factory"),
    help="Where the models go.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("build/training"),
    help="Corpus and checkpoints.",
)
@click.option(
    "--font",
    type=click.Path(path_type=Path),
    default=corpus.FONT,
    help="The soundfont to render with.",
)
@click.option(
    "--quick", is_flag=True, help="Train for seconds only: a test of the way, not a model to play."
)
@click.option(
    "--only",
    type=click.Choice(ENGINES),
    multiple=True,
    help="Make these models of a family only, on the latents of the spectral model in --out.",
)
@click.option(
    "--further",
    "mode",
    flag_value=Mode.FURTHER,
    help="Go on from the models in --out: waveform models get the restrained phases of their "
    "recipe, spectral ones are exported again.",
)
@click.option(
    "--as-it-is",
    "mode",
    flag_value=Mode.AS_IT_IS,
    help="Do not train on: export the checkpoints as they are.",
)
def main(
    *,
    names: tuple[str, ...],
    out: Path,
    work: Path,
    font: Path,
    quick: bool,
    only: tuple[str, ...],
    mode: Mode | None,
) -> None:
    """Render, train, export, import, evaluate and describe families of models; without a name, all.

    An interrupted run goes on where it stopped.
    """
    torch.set_num_threads(1)
    for name in names or sorted(RECIPES):
        make(name, out, work, font, quick, mode or Mode.ANEW, only)


def make(
    name: str,
    out: Path,
    work: Path,
    font: Path,
    quick: bool,
    mode: Mode,
    engines: Sequence[str] = (),
) -> None:
    """Make one family of models; a missing corpus ends the program in one sentence."""
    recipe = RECIPES[name].quick() if quick else RECIPES[name]
    work = work / (f"{name}-quick" if quick else name)
    work.mkdir(parents=True, exist_ok=True)
    family = Family(recipe, out, work, font)
    try:
        learn = audio(name, recipe.corpus_seconds, recipe.corpus_seed, work, font)
        held_out = audio(name, recipe.held_out_seconds, recipe.held_out_seed, work, font)
    except corpus.CorpusError as error:
        raise click.ClickException(str(error)) from error
    made = family.make(learn, mode, engines)
    music = evaluation.Music(held_out)
    for engine in made:
        if engine == "prior":
            prior_publication.describe(out / f"{name}-prior", music, recipe)
            continue
        folder = family.path(engine).parent
        publication.import_in_place(folder)
        publication.describe(folder, music, recipe.endurance_seconds)
    publication.overview(out)


if __name__ == "__main__":
    main()
