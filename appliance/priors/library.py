"""Finds the prior of a model among the folders that hold models."""

import contextlib
from pathlib import Path

from appliance.decoders.card import Card
from appliance.decoders.library import Library
from appliance.errors import ModelError
from appliance.priors.card import CARD_FILE, read_card
from appliance.priors.exported import ExportedPrior
from appliance.priors.prior import Prior
from appliance.suggestion import did_you_mean


def open_prior(library: Library, name: str, *, threads: int = 1) -> Prior | ExportedPrior:
    """Return the prior called `name`, or the one that makes latents for the model `name`.

    That may be one that came with the model's own file. Raises ModelError naming the nearest model
    that has one.
    """
    folders = prior_names(library)
    if name not in folders:
        exported = _exported(library)
        if name in exported:
            return ExportedPrior(library.folder(name), exported[name])
        known = ", ".join(sorted([*folders, *exported])) or "none"
        raise ModelError(
            f"There is no prior for '{name}' (there are for: {known})."
            f"{did_you_mean(name, folders)} Train one with 'python -m models.training'."
        )
    return Prior(folders[name], threads=threads)


def _exported(library: Library) -> dict[str, Card]:
    """Return the cards of the models whose file brought a prior along."""
    found: dict[str, Card] = {}
    for name in library.names():
        with contextlib.suppress(ModelError):
            card = library.card(name)
            if card.prior:
                found[name] = card
    return found


def prior_names(library: Library) -> dict[str, Path]:
    """Return the folder of a prior by its own name and by the names of the models it serves.

    A card that cannot be read is passed over: its prior is not there.
    """
    found: dict[str, Path] = {}
    for folder in reversed(library.folders):
        for path in sorted(folder.glob(f"*/{CARD_FILE}")):
            try:
                card = read_card(path.parent)
            except ModelError:
                continue
            found |= dict.fromkeys([card.name, *card.models], path.parent)
    return found
