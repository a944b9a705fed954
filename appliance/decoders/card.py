"""The model card: what an imported model is, how it was verified and what it costs."""

from pathlib import Path
from typing import Literal

import msgspec
import yaml

from appliance.decoders.condition import Condition
from appliance.errors import ModelError

FORMAT = 1
REVISION = 2
"""Rises when models that an older importer wrote should be imported again."""
CARD_FILE = "card.yaml"


class Source(msgspec.Struct, forbid_unknown_fields=True):
    """The file the model was imported from."""

    file: str
    bytes: int
    sha256: str


class Variant(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One stored precision: its file and what was measured on the importing machine."""

    file: str
    bytes: int
    ms_per_frame: float
    snr_db: float | None = None
    """Level of the signal over the error against fp32, same noise; of latents, their spread's."""
    mel_db: float | None = None
    """Mean log-mel distance to fp32, same noise."""
    matrices: list[str] = []
    """Each large matrix: steps x in x out, its precision, time and own SNR."""


class EncoderCard(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The encoder of a model: sound to the latents that its decoder reads."""

    ratio: int
    latents: int
    precision: str
    """The variant that `precision: auto` plays."""
    variants: dict[str, Variant]
    verified: float
    """Largest difference to TorchScript over the largest latent, same random numbers."""
    delay: int
    """Samples from a click to the middle of what it does to the latents."""
    memory: int
    """Samples over which a click is heard in the latents."""


class Card(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Everything the instrument needs to know of a model without opening it."""

    format: int
    name: str
    family: str
    runtime: Literal["onnx", "torchscript"]
    rate: int
    ratio: int
    latents: int
    channels: int
    level_db: float
    """RMS of the output in dBFS, for latents from N(0, 1) or codes at random."""
    precision: str
    """The variant that `precision: auto` plays."""
    variants: dict[str, Variant]
    source: Source
    importer: str
    variation_db: float | None = None
    """Signal over difference of two fp32 decodes of one latent; absent if they are equal."""
    verified: float | None = None
    """Largest difference to TorchScript over the largest sample, same random numbers."""
    phases: Literal["", "random", "peaks"] = ""
    """Where a spectral model's phases come from unless the player says; empty if it has none."""
    delay: int = 0
    """Samples by which a model that was made streaming sounds later than its file."""
    look_ahead: int = 0
    """Samples from the middle of a latent frame to the middle of what it does to the sound."""
    ranges: list[tuple[float, float]] = []
    """Between which values 98 % of each latent lie when the model encodes sound."""
    conditions: list[Condition] = []
    """What it reads beside its latents, in the order of a slot's conditions."""
    projection: str = ""
    """Axes of a spectral model's latents if not its own: PCA, ICA or spherical."""
    split: bool = False
    """Whether slots can play its left and its right channel apart."""
    prior: str = ""
    """The file whose method "prior" makes up latents; empty if the export has none."""
    codes: int = 0
    """How many whole numbers an inlet tells apart; 0 if it is continuous."""
    random: bool = True
    """Whether two decodes of one latent differ."""
    revision: int = 1
    """What the importer writes; a lower number than the importer's calls for a new import."""
    encoder: EncoderCard | None = None
    """Absent if the file cannot encode, or not in a way that is known."""
    notes: list[str] = []
    title: str = ""
    licence: str = ""
    credits: list[str] = []


def read_card(folder: Path) -> Card:
    """Return the card in `folder`; raises ModelError naming the file, the key and the remedy."""
    path = folder / CARD_FILE
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
        _check_format(content, path)
        card = msgspec.convert(content, Card)
    except FileNotFoundError:
        raise ModelError(
            f"{folder} is no imported model: {CARD_FILE} is missing. "
            "Import the model with 'neural-synth models import FILE.ts'."
        ) from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path} cannot be used ({reason}). Import the model again.") from error
    for part in (card, card.encoder):
        if part is not None and part.precision not in part.variants:
            raise ModelError(
                f"{path} plays precision '{part.precision}' but stores only "
                f"{', '.join(part.variants) or 'none'}. Import the model again."
            )
    return card


def _check_format(content: object, path: Path) -> None:
    """Refuse another format before its keys are read: they may all be others."""
    if isinstance(content, dict) and content.get("format", FORMAT) != FORMAT:
        raise ModelError(
            f"{path} has format {content['format']}, this version reads format {FORMAT}. "
            "Import the model again."
        )


def write_card(card: Card, folder: Path) -> None:
    """Write `card` into `folder`."""
    text = yaml.safe_dump(msgspec.to_builtins(card), sort_keys=False, allow_unicode=True)
    (folder / CARD_FILE).write_text(text, "utf-8")
