"""Real-time: runs an imported decoder graph on ONNX Runtime, no copies and no growth per frame.

Every state has two buffers; a run reads one and writes the other, then they change places. All
rows live in one array per tensor, so neighbouring rows run as one batch and read the weights once.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

# Before the import: its telemetry wakes every few seconds, asks the network and starts threads,
# whose locked stacks cost a playing engine up to 37 ms.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.errors import ModelError


class OnnxDecoder:
    """A batch of decoders of one model; see `appliance.decoders.decoder.Decoder`."""

    def __init__(self, path: Path, seeds: Sequence[int], *, threads: int = 1) -> None:
        """Load the graph at `path` with one row per seed.

        Raises ModelError if the file is missing, damaged or not one that `models import` wrote.
        """
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A spinning worker would take the core that the next group of decoders needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            metadata = self._session.get_modelmeta().custom_metadata_map
            contract: dict[str, Any] = json.loads(metadata["decoder"])
            self._prepare(contract, seeds)
        except Exception as error:
            raise ModelError(
                f"{path} is not a decoder graph that can run: {_first_line(error)}. "
                "Import the model again with 'neural-synth models import'."
            ) from error

    def _prepare(self, contract: dict[str, Any], seeds: Sequence[int]) -> None:
        self.rows = len(seeds)
        self.ratio = int(contract["ratio"])
        self.rate = int(contract["rate"])
        self.latents = int(contract["latents"])
        self._used = min(self.latents, LATENT_CHANNELS)
        rows = self.rows
        self._z = np.zeros((rows, 1, self.latents), np.float32)
        self._audio = np.zeros((rows, self.ratio), np.float32)
        self._states: list[tuple[str, str, tuple[NDArray[np.float32], ...]]] = [
            (s["source"], s["target"], tuple(_zeros(rows, s["shape"]) for _ in range(2)))
            for s in contract["states"]
        ]
        self._noises: list[tuple[str, str, NDArray[np.float32]]] = [
            (n["name"], n["distribution"], _zeros(rows, n["shape"])) for n in contract["noises"]
        ]
        self._delays = [int(n.get("delay", 0)) for n in contract["noises"]]
        self._seeds = tuple(seeds)
        self._random = [np.random.Generator(np.random.SFC64(seed)) for seed in seeds]
        self._side = [0] * rows
        self._bindings = {
            (first, last, side): self._bind(first, last, side)
            for first in range(rows)
            for last in range(first + 1, rows + 1)
            for side in (0, 1)
        }

    @property
    def random(self) -> bool:
        """True if the model draws random numbers, so that its copies differ."""
        return bool(self._noises)

    def decode(
        self, z: NDArray[np.float32], active: Sequence[bool], audio: NDArray[np.float32]
    ) -> None:
        """Decode one frame of every active row; see `Decoder.decode`."""
        used = self._used
        self._z[:, 0, :used] = z[:, :used]
        first = 0
        while first < self.rows:
            if not active[first]:
                first += 1
                continue
            last = first + 1
            while last < self.rows and active[last]:
                last += 1
            self._run(first, last)
            audio[first:last] = self._audio[first:last]
            first = last

    def reset(self, row: int) -> None:
        """Return one row to silence and to the start of its random numbers."""
        for _, _, sides in self._states:
            for side in sides:
                side[row] = 0
        self._random[row] = np.random.Generator(np.random.SFC64(self._seeds[row]))

    def run(
        self, z: NDArray[np.float32], noises: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Decode one frame of all rows with given random numbers, for verification.

        `z` is (rows, latents) with every latent of the model, `noises` in the graph's order, each
        of the graph's shape behind (rows, ...). Returns the live audio buffer (rows, ratio).
        """
        self._z[:, 0] = z
        for (_, _, target), values in zip(self._noises, noises, strict=True):
            target[:] = values
        self._step(0, self.rows)
        return self._audio

    @property
    def noise_inputs(self) -> list[tuple[str, tuple[int, ...]]]:
        """Distribution and shape (without rows) of each random input, in order."""
        return [(distribution, array.shape[1:]) for _, distribution, array in self._noises]

    @property
    def noise_delays(self) -> list[int]:
        """Steps by which each random input comes later than in an offline decode."""
        return self._delays

    def _run(self, first: int, last: int) -> None:
        for row in range(first, last):
            random = self._random[row]
            for _, distribution, array in self._noises:
                if distribution == "normal":
                    random.standard_normal(dtype=np.float32, out=array[row])
                    continue
                random.random(dtype=np.float32, out=array[row])
                if distribution == "symmetric":
                    array[row] *= 2
                    array[row] -= 1
        self._step(first, last)

    def _step(self, first: int, last: int) -> None:
        side = self._side[first]
        for row in range(first + 1, last):
            if self._side[row] != side:  # it slept while its neighbours went on
                for _, _, sides in self._states:
                    sides[side][row] = sides[1 - side][row]
        self._session.run_with_iobinding(self._bindings[first, last, side])
        for row in range(first, last):
            self._side[row] = 1 - side

    def _bind(self, first: int, last: int, side: int) -> ort.IOBinding:
        binding = self._session.io_binding()

        def place(bind: Any, name: str, array: NDArray[np.float32]) -> None:  # noqa: ANN401
            part = array[first:last]
            bind(name, "cpu", 0, np.float32, part.shape, part.ctypes.data)

        place(binding.bind_input, "z", self._z)
        place(binding.bind_output, "audio", self._audio)
        for name, _, array in self._noises:
            place(binding.bind_input, name, array)
        for source, target, sides in self._states:
            place(binding.bind_input, source, sides[side])
            place(binding.bind_output, target, sides[1 - side])
        return binding


def _zeros(rows: int, shape: Sequence[int]) -> NDArray[np.float32]:
    return np.zeros((rows, *shape), np.float32)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
