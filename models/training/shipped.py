"""A model as it ships: decoded by the instrument's own decoder, encoded by its family's encoder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from torch import Tensor

from appliance.decoders.card import Card, read_card
from appliance.decoders.contract import open_model
from appliance.decoders.library import Library
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.verification import offline_error
from appliance.errors import ModelError
from models.training import record, waveform
from models.training.bars import MEGABYTE, Kind
from models.training.spectral import block_latents


@dataclass(frozen=True)
class Shipped:
    """One folder of graphs, card, TorchScript file and training record."""

    folder: Path

    @property
    def name(self) -> str:
        """The model's name."""
        return self.folder.name

    @cached_property
    def facts(self) -> dict[str, Any]:
        """How it was trained; raises ModelError if the folder does not say."""
        path = self.folder / record.FILE
        if not path.is_file():
            raise ModelError(
                f"{self.folder} has no {record.FILE}, so nobody knows what music it learnt from. "
                "Evaluate a model that 'python -m models.training' made."
            )
        return yaml.safe_load(path.read_text("utf-8"))

    @cached_property
    def card(self) -> Card:
        """Its card; raises ModelError as `read_card` does."""
        return read_card(self.folder)

    @property
    def kind(self) -> Kind:
        """Whether it makes spectra or waveforms."""
        return "spectral" if self.card.family == "vschaos2" else "waveform"

    @property
    def script(self) -> Path:
        """Its TorchScript file."""
        return self.folder / f"{self.name}.ts"

    @property
    def encoder(self) -> Path:
        """The TorchScript file whose encoder gave the family its latents."""
        name = f"{self.facts['family']}-spectral"
        path = self.folder.parent / name / f"{name}.ts"
        if not path.is_file():
            raise ModelError(
                f"{path} is missing: {self.name} reads the latents of its encoder. Put both models "
                "into one folder."
            )
        return path

    def decode(self, latents: Tensor, seed: int = 1) -> Tensor:
        """Return audio (..., samples) of latents (..., 8, frames), as the instrument plays it.

        Rows of a batch are decoders of their own, each from silence, with other random numbers.
        """
        rows = latents.reshape(-1, *latents.shape[-2:])
        count, _, frames = rows.shape
        decoder = Library([self.folder.parent]).open(self.name, range(seed, seed + count))
        decoder.peaks[:] = self.card.phases == "peaks"
        z = np.ascontiguousarray(rows.permute(2, 0, 1).numpy(), np.float32)
        audio = np.zeros((frames, count, decoder.ratio), np.float32)
        active = [True] * count
        for frame in range(frames):
            decoder.decode(z[frame], active, audio[frame])
        joined = torch.from_numpy(audio).transpose(0, 1).reshape(count, -1)
        return joined.reshape(*latents.shape[:-2], -1)

    def latents(self, audio: Tensor, late: int = 0) -> Tensor:
        """Return the latents (8, frames) of audio (samples,) that the decoder learnt to expect.

        `late` is by how many samples they lag behind what it learnt.
        """
        ratio = self.card.ratio
        lead = 0 if self.kind == "spectral" else waveform.lead(ratio)
        model, _ = open_model(self.encoder)
        return block_latents(model.encoder, audio, ratio, lead + late)

    @torch.no_grad()
    def heard(self, audio: Tensor) -> Tensor | None:
        """Return the latents (8, frames) of audio (samples,) by the model's own encoder, if any."""
        model, contract = open_model(self.script)
        if "encode" not in contract.methods:
            return None
        whole = len(audio) // self.card.ratio * self.card.ratio
        return model.encode(audio[None, None, :whole])[0]

    def block_error(self) -> float:
        """Return how far frames decoded one by one are from one TorchScript call, to the peak."""
        model, contract = open_model(self.script)
        graph = OnnxDecoder(self.folder / self.card.variants["fp32"].file, [0])
        return offline_error(model, contract, graph, self.card.delay)

    def megabytes(self) -> float:
        """Return the size of the largest file."""
        return max(path.stat().st_size for path in self.folder.iterdir()) / MEGABYTE


def folder_megabytes(folder: Path) -> float:
    """Return the size of all files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / MEGABYTE
