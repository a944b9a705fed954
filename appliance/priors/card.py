"""The card of a latent prior, `prior.yaml`: whose latents it makes up, and in which units."""

from pathlib import Path

import msgspec
import yaml

from appliance import LATENT_CHANNELS
from appliance.errors import ModelError

CARD_FILE = "prior.yaml"
FORMAT = 1


class PriorCard(msgspec.Struct, forbid_unknown_fields=False):
    """What the generator needs; the record of the training beside it is for readers."""

    format: int
    name: str
    models: list[str]
    """Decoders that read the latents it makes."""
    file: str
    rate: int
    ratio: int
    """Samples per point at `rate`."""
    window: int
    """Points that are made at once."""
    overlap: int
    """Points of the past that the next window is made to follow."""
    mean: list[float]
    deviation: list[float]
    title: str = ""
    licence: str = ""
    credits: list[str] = []


def read_card(folder: Path) -> PriorCard:
    """Return the card in `folder`; raises ModelError naming the file, what is wrong, the remedy."""
    path = folder / CARD_FILE
    try:
        card = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), PriorCard)
        _check(card)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path} is no prior's card ({reason}). Copy the prior again.") from error
    return card


def _check(card: PriorCard) -> None:
    """Raise ValueError unless the numbers of a card fit together."""
    if card.format != FORMAT:
        raise ValueError(f"format {card.format}, this version reads {FORMAT}")
    if not 0 < card.overlap < card.window:
        raise ValueError(f"an overlap of {card.overlap} in windows of {card.window}")
    if not len(card.mean) == len(card.deviation) == LATENT_CHANNELS:
        raise ValueError(f"mean and deviation must be {LATENT_CHANNELS} numbers each")
    if min(card.deviation) <= 0 or card.ratio <= 0 or card.rate <= 0:
        raise ValueError("deviations, ratio and rate must be above 0")
    if Path(card.file).name != card.file:
        raise ValueError(f"its file '{card.file}' must lie beside it")
