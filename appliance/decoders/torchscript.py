"""Plays a TorchScript file as it is, for models that no rule rebuilds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.decoders.contract import open_model


class TorchScriptDecoder:
    """Copies of one model, each an instance of its own; see `Decoder`.

    Slower than a rebuilt graph and with torch in memory, but it plays whatever nn~ plays. Several
    output channels are averaged to the slot's mono.
    """

    def __init__(self, path: Path, seeds: Sequence[int]) -> None:
        """Load `path` once per seed; raises ModelError as `open_model` does."""
        torch.set_num_threads(1)
        opened = [open_model(path) for _ in seeds]
        contract = opened[0][1]
        self.rows = len(seeds)
        self.ratio, self.rate, self.latents = contract.ratio, contract.rate, contract.latents
        self.peaks = np.zeros(self.rows, np.float32)
        self._models = [model for model, _ in opened]
        self._seeds = tuple(seeds)
        self.conditions = np.zeros((self.rows, CONDITIONS), np.float32)
        self._highest = [condition.highest for condition in contract.conditions[:CONDITIONS]]
        self._z = torch.zeros(1, contract.inlets, 1)
        self._states = [self._seeded(seed) for seed in seeds]
        self._path = path

    def decode(
        self, z: NDArray[np.float32], active: Sequence[bool], audio: NDArray[np.float32]
    ) -> None:
        """Decode one frame of every active row; see `Decoder.decode`."""
        used = min(self.latents, LATENT_CHANNELS)
        with torch.inference_mode():
            for row in range(self.rows):
                if not active[row]:
                    continue
                self._z[0, :used, 0] = torch.from_numpy(z[row, :used])
                for place, highest in enumerate(self._highest):  # a class beyond is an error
                    given = min(max(float(self.conditions[row, place]), 0.0), highest)
                    self._z[0, self.latents + place, 0] = given
                torch.set_rng_state(self._states[row])
                sound = self._models[row].decode(self._z)
                self._states[row] = torch.get_rng_state()
                audio[row] = sound[0].mean(0)[: self.ratio].numpy()

    def reset(self, row: int) -> None:
        """Load the row's model again: only the file knows its first state."""
        self._models[row] = open_model(self._path)[0]
        self._states[row] = self._seeded(self._seeds[row])

    @staticmethod
    def _seeded(seed: int) -> torch.Tensor:
        return torch.Generator().manual_seed(seed).get_state()
