"""From an exported model to one that ships: graphs, card, figures, page and pictures."""

import tempfile
from pathlib import Path

import msgspec
import yaml

from appliance.decoders.card import read_card, write_card
from appliance.decoders.importer import import_model
from appliance.priors.card import CARD_FILE
from models.training import evaluation, pages, pictures, record
from models.training.corpus import needs_font
from models.training.progress import console
from models.training.recipes import RECIPES, Recipe
from models.training.shipped import Shipped

CREDITS = {"FluidR3_GM.sf2": "FluidR3 GM soundfont by Frank Wen (MIT)"}
RECONSTRUCTION, LATENTS = "reconstruction.png", "latents.png"


def import_in_place(folder: Path) -> None:
    """Import the .ts file in a folder; put graphs and a card with licence and credits beside it.

    The graphs are float32: matrices as small as these gain nothing from fewer bits.
    """
    facts = yaml.safe_load((folder / record.FILE).read_text("utf-8"))
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".importing-") as scratch:
        import_model(folder / f"{folder.name}.ts", Path(scratch), precision="fp32")
        made = Path(scratch) / folder.name
        card = msgspec.structs.replace(
            read_card(made),
            title=folder.name.replace("-", " ").capitalize(),
            licence=facts["licence"],
            credits=_credits(facts["corpus"]),
            phases="peaks" if read_card(made).phases else "",  # the better measured ones
        )
        write_card(card, made)
        for graph in folder.glob("*.onnx"):
            graph.unlink()
        for file in made.iterdir():
            file.replace(folder / file.name)
    console.print(f"{folder.name}: {card.family}, plays as {card.precision}")


def describe(folder: Path, music: evaluation.Music, endurance_seconds: float) -> None:
    """Evaluate a model on held-out music; write record, page and pictures."""
    shipped = Shipped(folder)
    found = evaluation.evaluate(shipped, music, endurance_seconds)
    kept = {name: shipped.facts[name] for name in _KEPT if name in shipped.facts}
    facts = kept | {"evaluation": record.rounded(found.record(), evaluation.DIGITS)}
    record.write(facts, folder / record.FILE)
    pages.write(facts, RECIPES[facts["family"]], folder / "README.md")
    draw(shipped, music, folder)
    missed = ", ".join(found.missed) or "none"
    console.print(f"{folder.name}: {len(found.verdicts)} bars, missed: {missed}")


def overview(out: Path) -> None:
    """Write the page that shows what all models and priors in a folder reach."""
    paths = [*out.glob(f"*/{record.FILE}"), *out.glob(f"*/{CARD_FILE}")]
    found = {path.parent.name: record.read(path).get("evaluation") for path in paths}
    pages.write_overview({name: part for name, part in found.items() if part}, out / "README.md")


def draw(shipped: Shipped, music: evaluation.Music, folder: Path) -> None:
    """Draw the original beside its decode, and each latent swept, into a folder."""
    audio, latents = music.decoded, shipped.latents(music.decoded)
    try:
        pictures.reconstruction(shipped.decode, latents, audio, folder / RECONSTRUCTION)
        pictures.sweep(shipped.decode, shipped.card.ratio, latents, folder / LATENTS)
    except ImportError:
        console.print("matplotlib is not installed: no pictures")


_KEPT = (
    "model",
    "family",
    "licence",
    "date",
    "command",
    "machine",
    "corpus",
    "versions",
    "training",
    "encoder",
    "export",
)


def credits_of(recipe: Recipe, font: Path) -> list[str]:
    """Return whom the corpus of a recipe has to name."""
    return _credits({"font": font.name} if needs_font(recipe.family) else {})


def _credits(corpus: dict[str, str]) -> list[str]:
    """Return whom a corpus has to name: nobody where it is the project's own synthesis."""
    return [CREDITS.get(corpus["font"], corpus["font"])] if "font" in corpus else []
