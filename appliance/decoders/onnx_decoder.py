"""Real-time: decodes with an imported graph; see `appliance.decoders.runtime`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.decoders.condition import control
from appliance.decoders.role import PEAKS, Role
from appliance.decoders.runtime import GraphRuntime


class OnnxDecoder:
    """A batch of decoders of one model; see `appliance.decoders.decoder.Decoder`."""

    def __init__(self, path: Path, seeds: Sequence[int], *, threads: int = 1) -> None:
        """Load the graph at `path` with one row per seed; raises ModelError as the runtime does."""
        self.runtime = GraphRuntime(path, Role.DECODER, seeds, threads=threads)
        self.rows, self.latents = self.runtime.rows, self.runtime.latents
        self.ratio, self.rate = self.runtime.ratio, self.runtime.rate
        self.peaks = self.runtime.controls.get(PEAKS, np.zeros((self.rows, 1), np.float32))[:, 0]
        self.conditions = np.zeros((self.rows, CONDITIONS), np.float32)
        controls = self.runtime.controls
        self._conditioned = [controls[control(n)][:, 0] for n in range(len(self.runtime.classes))]
        self.channels = self.runtime.channels
        self.heard = self.runtime.audio.reshape(self.rows, self.channels, self.ratio)
        """The channels of the last frame, (rows, channels, ratio), live."""
        self._used = min(self.latents, LATENT_CHANNELS)

    @property
    def random(self) -> bool:
        """True if the model draws random numbers, so that its copies differ."""
        return self.runtime.random

    def decode(
        self, z: NDArray[np.float32], active: Sequence[bool], audio: NDArray[np.float32]
    ) -> None:
        """Decode one frame of every active row; see `Decoder.decode`."""
        runtime, used = self.runtime, self._used
        runtime.z[:, 0, :used] = z[:, :used]
        for place, target in enumerate(self._conditioned):
            target[:] = self.conditions[:, place]
        first = 0
        while first < self.rows:
            if not active[first]:
                first += 1
                continue
            last = first + 1
            while last < self.rows and active[last]:
                last += 1
            runtime.draw(first, last)
            runtime.step(first, last)
            if self.channels == 1:
                audio[first:last] = runtime.audio[first:last]
            else:
                self.heard[first:last].mean(1, out=audio[first:last])
            first = last

    def reset(self, row: int) -> None:
        """Return one row to silence and to the start of its random numbers."""
        self.runtime.reset(row)

    def reset_all(self) -> None:
        """Return every row to silence."""
        for row in range(self.rows):
            self.runtime.reset(row)

    def run(
        self, z: NDArray[np.float32], noises: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Decode one frame of all rows with given random numbers, for verification.

        `z` is (rows, latents) with every latent of the model, `noises` in the graph's order, each
        of the graph's shape behind (rows, ...). Returns audio (rows, ratio): the live buffer, or
        the mean of the channels.
        """
        self.runtime.z[:, 0] = z
        for place, target in enumerate(self._conditioned):
            target[:] = self.conditions[:, place]
        self.runtime.set_noises(noises)
        self.runtime.step(0, self.rows)
        return self.runtime.audio if self.channels == 1 else self.heard.mean(1)
