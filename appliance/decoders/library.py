"""Finds imported models by name and opens them as decoders and encoders."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from appliance.decoders.card import CARD_FILE, Card, EncoderCard, read_card
from appliance.decoders.decoder import Decoder
from appliance.decoders.encoder import Encoder
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.errors import ModelError
from appliance.places import data_folder, factory_folder
from appliance.suggestion import did_you_mean


class Library:
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

    def open(self, name: str, seeds: Sequence[int], *, precision: str = "auto") -> Decoder:
        """Return a decoder with one row per seed; raises ModelError if it cannot be opened."""
        folder = self.folder(name)
        card = read_card(folder)
        if card.runtime == "torchscript":
            try:
                from appliance.decoders.torchscript import TorchScriptDecoder  # noqa: PLC0415
            except ImportError:
                raise ModelError(
                    f"Model '{name}' plays through TorchScript, which needs torch. "
                    "Install it with 'pip install neural-synth-appliance[models]'."
                ) from None
            return TorchScriptDecoder(folder / card.variants[card.precision].file, seeds)
        return OnnxDecoder(folder / _file(card, name, precision), seeds)

    def open_encoder(self, name: str, *, precision: str = "auto", seed: int = 0) -> Encoder:
        """Return a model's encoder; raises ModelError if it has none or it cannot be opened.

        `seed` starts the random numbers that a `temperature` above 0 calls for.
        """
        folder = self.folder(name)
        card = read_card(folder)
        if card.encoder is None:
            raise ModelError(
                f"Model '{name}' has no encoder, so it cannot turn sound into latents. "
                "'neural-synth models list' shows those that encode."
            )
        return OnnxEncoder(folder / _file(card.encoder, name, precision), seed=seed)

    def _found(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in reversed(self.folders):
            if folder.is_dir():
                for entry in sorted(folder.iterdir()):
                    if (entry / CARD_FILE).is_file() and not entry.name.startswith("."):
                        found[entry.name] = entry
        return found


def _file(card: Card | EncoderCard, name: str, precision: str) -> str:
    wanted = card.precision if precision == "auto" else precision
    if wanted not in card.variants:
        raise ModelError(
            f"Model '{name}' has no precision '{wanted}', only {', '.join(card.variants)}. "
            "Use 'auto' or one of these."
        )
    return card.variants[wanted].file


def user_models() -> Path:
    """Return the folder that `models import` writes to."""
    override = os.environ.get("NEURAL_SYNTH_MODELS")
    return Path(override) if override else data_folder() / "models"
