"""Real-time: one imported graph on ONNX Runtime, no copies and no growth per frame.

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

from appliance.decoders.randomness import Randomness
from appliance.decoders.role import Role
from appliance.errors import ModelError


class GraphRuntime:
    """A graph with one row per seed: what it reads, what it gives, its states and its noise.

    `z`, float32 (rows, 1, latents), and `audio`, float32 (rows, channels * ratio), are the memory
    that the graph reads from and writes to; which of them is which is its role.
    """

    def __init__(self, path: Path, role: Role, seeds: Sequence[int], *, threads: int = 1) -> None:
        """Load the graph at `path`.

        Raises ModelError if the file is missing, damaged, of another role or not one that
        `models import` wrote.
        """
        try:
            self._session = ort.InferenceSession(
                str(path), session_options(threads), providers=["CPUExecutionProvider"]
            )
            metadata = self._session.get_modelmeta().custom_metadata_map
            contract: dict[str, Any] = json.loads(metadata[role])
            self._prepare(contract, role, seeds)
        except Exception as error:
            article = "an" if role is Role.ENCODER else "a"
            raise ModelError(
                f"{path} is not {article} {role} graph that can run: {_first_line(error)}. "
                "Import the model again with 'neural-synth models import'."
            ) from error

    def _prepare(self, contract: dict[str, Any], role: Role, seeds: Sequence[int]) -> None:
        self.rows = len(seeds)
        self.ratio = int(contract["ratio"])
        self.rate = int(contract["rate"])
        self.latents = int(contract["latents"])
        rows = self.rows
        self.z = _zeros(rows, (1, self.latents))
        self.channels = int(contract.get("channels", 1))
        self.audio = _zeros(rows, (self.channels * self.ratio,))
        ends = [("z", self.z), ("audio", self.audio)]
        self._heard, self._given = ends if role is Role.DECODER else reversed(ends)
        self.states: list[tuple[str, str, tuple[NDArray[np.float32], ...]]] = [
            (s["source"], s["target"], tuple(_zeros(rows, s["shape"]) for _ in range(2)))
            for s in contract["states"]
        ]
        self._randomness = Randomness(contract["noises"], seeds)
        self._noises: list[tuple[str, str, NDArray[np.float32]]] = [
            (n["name"], n["distribution"], _zeros(rows, n["shape"])) for n in contract["noises"]
        ]
        self.controls = {str(name): _zeros(rows, (1,)) for name in contract.get("controls", [])}
        self.classes = [int(number) for number in contract.get("conditions", [])]
        """How many classes each label tells apart that a conditioned model reads."""
        self.noise_delays = [int(n.get("delay", 0)) for n in contract["noises"]]
        self.side = [0] * rows
        self._bindings = {
            (first, last, side): self._bind(first, last, side)
            for first in range(rows)
            for last in range(first + 1, rows + 1)
            for side in (0, 1)
        }

    @property
    def random(self) -> bool:
        """True if the graph reads random numbers."""
        return bool(self._noises)

    @property
    def noise_inputs(self) -> list[tuple[str, tuple[int, ...]]]:
        """Distribution and shape (without rows) of each random input, in order."""
        return [(distribution, array.shape[1:]) for _, distribution, array in self._noises]

    def draw(self, first: int, last: int, spread: float = 1.0) -> None:
        """Fill the random inputs of rows `first` to `last` with fresh numbers times `spread`."""
        for row in range(first, last):
            for name, _, array in self._noises:
                self._randomness.draw(row, name, array[row])
                if spread != 1.0:
                    array[row] *= spread

    def set_noises(self, values: Sequence[NDArray[np.float32]]) -> None:
        """Give the random inputs, each of its shape behind (rows, ...), in order."""
        for (_, _, target), given in zip(self._noises, values, strict=True):
            target[:] = given

    def step(self, first: int, last: int) -> None:
        """Run one frame of rows `first` to `last`, which are awake."""
        side = self.side[first]
        for row in range(first + 1, last):
            if self.side[row] != side:  # it slept while its neighbours went on
                for _, _, sides in self.states:
                    sides[side][row] = sides[1 - side][row]
        self._session.run_with_iobinding(self._bindings[first, last, side])
        for row in range(first, last):
            self.side[row] = 1 - side

    def reset(self, row: int) -> None:
        """Return one row to silence and to the start of its random numbers."""
        for _, _, sides in self.states:
            for side in sides:
                side[row] = 0
        self._randomness.reset(row)

    def _bind(self, first: int, last: int, side: int) -> ort.IOBinding:
        binding = self._session.io_binding()

        def place(bind: Any, name: str, array: NDArray[np.float32]) -> None:  # noqa: ANN401
            part = array[first:last]
            bind(name, "cpu", 0, np.float32, part.shape, part.ctypes.data)

        place(binding.bind_input, *self._heard)
        place(binding.bind_output, *self._given)
        for name, _, array in self._noises:
            place(binding.bind_input, name, array)
        for name, array in self.controls.items():
            place(binding.bind_input, name, array)
        for source, target, sides in self.states:
            place(binding.bind_input, source, sides[side])
            place(binding.bind_output, target, sides[1 - side])
        return binding


def session_options(threads: int) -> ort.SessionOptions:
    """Return how every graph of this instrument runs, on `threads` threads."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A spinning worker would take the core that the next group of decoders needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _zeros(rows: int, shape: Sequence[int]) -> NDArray[np.float32]:
    return np.zeros((rows, *shape), np.float32)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
