"""Real-time: decodes a rebuilt graph by torch, on a GPU as one recorded sequence of kernels.

All rows are computed in each frame; the state of those that sleep is put back. On the processor the
same module runs operator by operator, for comparison with ONNX Runtime.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.decoders.condition import control
from appliance.decoders.randomness import Randomness
from appliance.decoders.role import PEAKS
from appliance.decoders.torch_graph import TorchGraph

_WARM = 3  # frames before a recording, in which libraries choose their kernels


class TorchDecoder:
    """A batch of decoders of one model; see `appliance.decoders.decoder.Decoder`."""

    def __init__(self, path: Path, seeds: Sequence[int], *, device: str = "cuda") -> None:
        """Load the float32 graph at `path` with one row per seed.

        Raises ModelError as TorchGraph does.
        """
        graph = TorchGraph(path)
        contract = graph.contract
        self.rows = rows = len(seeds)
        self.ratio, self.rate = int(contract["ratio"]), int(contract["rate"])
        self.latents = int(contract["latents"])
        self._used = min(self.latents, LATENT_CHANNELS)
        self._device = torch.device(device)
        self._graph = graph.to(self._device).eval()
        self._randomness = Randomness(contract["noises"], seeds)
        controls = {str(name): (1,) for name in contract.get("controls", [])}
        noises = self._randomness.shapes
        self._host = {
            name: self._pinned(rows, *shape)
            for name, shape in {"z": (1, self.latents), **noises, **controls}.items()
        }
        self._awake = self._pinned(rows)
        self._controls = {name: self._host[name] for name in controls}
        self._arrays = {name: tensor.numpy() for name, tensor in self._host.items()}
        self.peaks = self._arrays.get(PEAKS, np.zeros((rows, 1), np.float32))[:, 0]
        self.conditions = np.zeros((rows, CONDITIONS), np.float32)
        labels = range(len(contract.get("conditions", [])))
        self._conditioned = [self._arrays[control(n)][:, 0] for n in labels]
        self._inputs = {name: self._copy(tensor) for name, tensor in self._host.items()}
        self._mask = self._copy(self._awake)
        self._states = {
            str(s["source"]): torch.zeros(rows, *s["shape"], device=self._device)
            for s in contract["states"]
        }
        self._targets = {str(s["source"]): str(s["target"]) for s in contract["states"]}
        self._given = torch.zeros(rows, self.ratio, device=self._device)
        self._heard = self._pinned(rows, self.ratio)
        self._recorded: dict[bool, torch.cuda.CUDAGraph] = {}
        if self._device.type == "cuda":
            for way in (False, True)[: 1 + graph.has_choice]:
                self._recorded[way] = self._record(way)

    @property
    def random(self) -> bool:
        """True if the model draws random numbers, so that its copies differ."""
        return bool(self._randomness.shapes)

    def decode(
        self, z: NDArray[np.float32], active: Sequence[bool], audio: NDArray[np.float32]
    ) -> None:
        """Decode one frame of every active row; see `Decoder.decode`."""
        arrays, used = self._arrays, self._used
        arrays["z"][:, 0, :used] = z[:, :used]
        for place, target in enumerate(self._conditioned):
            target[:] = self.conditions[:, place]
        for row in range(self.rows):
            self._awake[row] = active[row]
            if active[row]:
                for name in self._randomness.shapes:
                    self._randomness.draw(row, name, arrays[name][row])
        self._step()
        heard = self._heard.numpy()
        for row in range(self.rows):
            if active[row]:
                audio[row] = heard[row]

    def reset(self, row: int) -> None:
        """Return one row to silence and to the start of its random numbers."""
        for state in self._states.values():
            state[row] = 0
        self._randomness.reset(row)

    def _step(self) -> None:
        """Compute one frame from what lies in the processor's memory."""
        with torch.inference_mode():
            for name, tensor in self._host.items():
                self._inputs[name].copy_(tensor, non_blocking=True)
            self._mask.copy_(self._awake, non_blocking=True)
            way = self._graph.chooses(self._controls)
            if self._recorded:
                self._recorded[way].replay()
            else:
                self._frame(way)
            self._heard.copy_(self._given, non_blocking=True)
            if self._recorded:
                torch.cuda.current_stream(self._device).synchronize()

    def _frame(self, way: bool) -> None:
        given = self._graph(self._inputs | self._states, then=way)
        for source, state in self._states.items():
            awake = self._mask.view(-1, *[1] * (state.ndim - 1)) > 0
            state.copy_(torch.where(awake, given[self._targets[source]], state))
        self._given.copy_(given["audio"])

    def _record(self, way: bool) -> torch.cuda.CUDAGraph:
        """Return one frame as a recorded sequence; the mask is zero, so that states stay."""
        with torch.inference_mode():
            aside = torch.cuda.Stream(self._device)
            aside.wait_stream(torch.cuda.current_stream(self._device))
            with torch.cuda.stream(aside):
                for _ in range(_WARM):
                    self._frame(way)
            torch.cuda.current_stream(self._device).wait_stream(aside)
            recorded = torch.cuda.CUDAGraph()
            with torch.cuda.graph(recorded):
                self._frame(way)
            return recorded

    def _pinned(self, *shape: int) -> Tensor:
        """Return zeros in memory that a GPU can read by itself."""
        return torch.zeros(*shape, pin_memory=self._device.type == "cuda")

    def _copy(self, tensor: Tensor) -> Tensor:
        return torch.zeros_like(tensor, device=self._device)
