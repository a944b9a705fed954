"""Bring the factory models up to date beside their TorchScript files: `python -m models`.

Each folder of `models/factory` gets the graphs and the card that `neural-synth models import`
makes, then its figures, page and pictures, from music that no training hears.
"""

import tempfile
from pathlib import Path

import click

from appliance.errors import ModelError
from appliance.priors.card import CARD_FILE
from models.training import evaluation, prior_publication, publication
from models.training.prior_evaluation import ShippedPrior
from models.training.recipes import RECIPES
from models.training.shipped import Shipped

FACTORY = Path(__file__).parent / "factory"


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=FACTORY,
    help="Where the models are.",
)
def main(folder: Path) -> None:
    """Import and describe every model in a folder."""
    priors = sorted(path.parent for path in folder.glob(f"*/{CARD_FILE}"))
    folders = sorted(part for part in folder.iterdir() if (part / f"{part.name}.ts").is_file())
    for model in folders:
        publication.import_in_place(model)
    families = {model: str(Shipped(model).facts["family"]) for model in folders}
    with tempfile.TemporaryDirectory() as scratch:
        for family in sorted(set(families.values())):
            try:
                music = evaluation.held_out(family, Path(scratch))
            except ModelError as error:
                click.echo(f"{error}. Figures and pages stay as they are.", err=True)
                continue
            for model in folders:
                if families[model] == family:
                    publication.describe(model, music, RECIPES[family].endurance_seconds)
            for prior in priors:
                if ShippedPrior(prior).facts["corpus"]["family"] == family:
                    prior_publication.describe(prior, music, RECIPES[family])
    publication.overview(folder)


if __name__ == "__main__":
    main()
