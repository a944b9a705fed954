"""Plays an export and its rebuilt graph side by side with the same random numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray

from appliance.decoders import families
from appliance.decoders.contract import open_model
from appliance.decoders.graph import Graph
from appliance.decoders.precision import Precision
from appliance.decoders.rave import RaveDecoder

Array = NDArray[np.float32]

FRAMES = 50


def rebuilt(path: Path) -> tuple[Any, RaveDecoder]:
    model, contract = open_model(path)
    decoder = families.recognise(model, contract.latents)
    assert isinstance(decoder, RaveDecoder)
    return model, decoder


class Player:
    """Runs a decoder's graph frame by frame with torch's random numbers."""

    def __init__(
        self, decoder: RaveDecoder, batch: int, precision: Precision = Precision.FP32,
        frames: int = 1,
    ) -> None:  # fmt: skip
        self.graph = Graph(precision)
        decoder.write(self.graph, frames)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(
            self.graph.serialize({}), options, providers=["CPUExecutionProvider"]
        )
        self.states = {s.source: np.zeros((batch, *s.shape), np.float32) for s in self.graph.states}

    def __call__(self, z: torch.Tensor) -> Array:
        noises = {n.name: self._drawn(len(z), n.distribution, n.shape) for n in self.graph.noises}
        return self.decode(z, noises)

    def decode(self, z: torch.Tensor, noises: dict[str, Array]) -> Array:
        names = ["audio", *(s.target for s in self.graph.states)]
        inputs = {"z": z.transpose(1, 2).numpy(), **noises, **self.states}
        audio, *after = self.session.run(names, inputs)
        self.states = dict(zip(self.states, after, strict=True))
        return np.asarray(audio)

    @staticmethod
    def _drawn(batch: int, distribution: str, shape: tuple[int, ...]) -> Array:
        if distribution == "normal":  # torch draws channels before steps
            return torch.randn(batch, *shape[::-1]).transpose(1, 2).numpy()
        return (torch.rand(batch, *shape) * 2 - 1).numpy()


def latents(model: Any, batch: int, frames: int = FRAMES) -> torch.Tensor:
    count = int(getattr(model, "_rave", model).decode_params[0])
    return torch.randn(frames, batch, count, 1, generator=torch.Generator().manual_seed(5))


def silence(model: Any) -> None:
    with torch.inference_mode():
        for name, buffer in model.named_buffers():
            if name.endswith((".cache", ".pad")):
                buffer.zero_()


def original(model: Any, z: torch.Tensor) -> Array:
    with torch.inference_mode():
        return model.decode(z).mean(1).numpy()


def both(model: Any, player: Player, batch: int) -> tuple[Array, Array]:
    """Return all frames of the original and of the rebuild, (frames, batch, samples)."""
    expected: list[Array] = []
    heard: list[Array] = []
    for frame, z in enumerate(latents(model, batch)):
        torch.manual_seed(frame)
        expected.append(original(model, z))
        torch.manual_seed(frame)
        heard.append(player(z))
    return np.array(expected), np.array(heard)


def snr_db(signal: Array, other: Array) -> float:
    return 10 * float(np.log10(np.square(signal).mean() / np.square(other - signal).mean()))
