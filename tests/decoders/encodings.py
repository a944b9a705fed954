"""What the tests of encoders share: an export's encoder rebuilt, and sound for it."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from appliance.decoders.contract import open_model
from appliance.decoders.families import EncoderArchitecture, recognise_encoder
from appliance.decoders.graph import Graph
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.precision import Precision
from appliance.decoders.role import Role
from appliance.decoders.trials import trial_sound

Array = NDArray[np.float32]


class Encoding:
    """An export, its encoder's architecture, and graphs of it written to a folder."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.model, contract = open_model(path)
        assert contract.encoding is not None
        self.contract, self.rate, self.folder = contract.encoding, contract.rate, folder
        self.architecture: EncoderArchitecture = recognise_encoder(self.model, self.contract)

    def open(self, precision: Precision = Precision.FP32, frames: int = 1) -> OnnxEncoder:
        graph = Graph(precision)
        self.architecture.write(graph, frames)
        ratio, latents = self.contract.ratio, self.contract.latents
        description: dict[str, Any] = {"rate": self.rate, "ratio": ratio, "latents": latents}
        path = self.folder / f"encoder.{precision}.onnx"
        path.write_bytes(graph.serialize(description, Role.ENCODER))
        return OnnxEncoder(path)

    def sound(self, frames: int, seed: int = 0) -> Array:
        return trial_sound(frames * self.contract.ratio, self.rate, seed=seed)

    def original(self, sound: Array) -> Array:
        """Return what the export gives for all of `sound` in one call, (frames, latents)."""
        heard = torch.from_numpy(sound).expand(1, self.contract.channels, -1)
        with torch.inference_mode():
            return self.model.encode(heard)[0].T.numpy()
