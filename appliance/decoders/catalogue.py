"""Finds imported models by name, without opening any."""

import os
from collections.abc import Iterable
from pathlib import Path

from appliance.decoders.card import CARD_FILE, Card, read_card
from appliance.errors import ModelError
from appliance.places import data_folder, factory_folder
from appliance.suggestion import did_you_mean


class Catalogue:
    """Imported models in several folders; an earlier folder hides a later one's model."""

    def __init__(self, extra: Iterable[Path] = ()) -> None:
        """Search `extra` folders, then the user's, then the factory's."""
        self.folders = [*extra, user_models(), factory_folder("models")]

    def names(self) -> list[str]:
        """Return the names of all models, sorted."""
        return sorted(self._found())

    def folder(self, name: str) -> Path:
        """Return the folder of a model; raises ModelError with the nearest known name."""
        found = self._found()
        if name not in found:
            known = ", ".join(sorted(found)) or "none"
            raise ModelError(
                f"There is no imported model '{name}' (known: {known}).{did_you_mean(name, found)} "
                "Import one with 'neural-synth models import FILE.ts'."
            )
        return found[name]

    def card(self, name: str) -> Card:
        """Return a model's card; raises ModelError as `folder` and `read_card` do."""
        return read_card(self.folder(name))

    def _found(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in reversed(self.folders):
            if folder.is_dir():
                for entry in sorted(folder.iterdir()):
                    if (entry / CARD_FILE).is_file() and not entry.name.startswith("."):
                        found[entry.name] = entry
        return found


def user_models() -> Path:
    """Return the folder that `models import` writes to."""
    override = os.environ.get("NEURAL_SYNTH_MODELS")
    return Path(override) if override else data_folder() / "models"
