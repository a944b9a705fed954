"""Import the factory models beside their TorchScript files: `python -m models`.

Each folder of `models/factory` gets the graphs and the card that `neural-synth models import`
makes, with title, licence and credits from its training record.
"""

import tempfile
from pathlib import Path

import msgspec
import yaml

from appliance.decoders.card import read_card, write_card
from appliance.decoders.importer import import_model

FACTORY = Path(__file__).parent / "factory"
CREDITS = {"FluidR3_GM.sf2": "FluidR3 GM soundfont by Frank Wen (MIT)"}


def import_in_place(folder: Path) -> None:
    """Import the one .ts file in `folder` and put graphs and card beside it."""
    source = folder / f"{folder.name}.ts"
    record = yaml.safe_load((folder / "training.yaml").read_text("utf-8"))
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".importing-") as scratch:
        import_model(source, Path(scratch))
        made = Path(scratch) / folder.name
        card = msgspec.structs.replace(
            read_card(made),
            title=folder.name.replace("-", " ").capitalize(),
            licence=record["licence"],
            credits=_credits(record["corpus"]),
        )
        write_card(card, made)
        for file in made.iterdir():
            file.replace(folder / file.name)
    print(f"{folder.name}: {card.family}, plays as {card.precision}")


def _credits(corpus: dict[str, str]) -> list[str]:
    """Return whom a corpus has to name: nobody where it is the project's own synthesis."""
    return [CREDITS.get(corpus["font"], corpus["font"])] if "font" in corpus else []


def main() -> None:
    """Import every factory model."""
    for folder in sorted(FACTORY.iterdir()):
        if (folder / f"{folder.name}.ts").is_file():
            import_in_place(folder)


if __name__ == "__main__":
    main()
