"""Real-time: encodes with an imported graph; see `appliance.decoders.runtime`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.decoders.role import Role
from appliance.decoders.runtime import GraphRuntime


class OnnxEncoder:
    """The encoder of one model; see `appliance.decoders.encoder.Encoder`."""

    def __init__(self, path: Path, *, seed: int = 0, threads: int = 1) -> None:
        """Load the graph at `path`; raises ModelError as the runtime does."""
        self.runtime = GraphRuntime(path, Role.ENCODER, [seed], threads=threads)
        self.ratio, self.rate = self.runtime.ratio, self.runtime.rate
        self.latents = self.runtime.latents
        self.temperature = 0.0
        self._audio, self._z = self.runtime.audio[0], self.runtime.z[0, 0]
        self._sound = np.zeros(self.ratio, np.bool_)  # which samples are numbers
        self._given = np.zeros(self.latents, np.bool_)

    def encode(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the latents of one frame; see `Encoder.encode`."""
        np.isfinite(audio, out=self._sound)
        if self._sound.all():
            self._audio[:] = audio
            self.runtime.draw(0, 1, self.temperature)
            self.runtime.step(0, 1)
            np.isfinite(self._z, out=self._given)
            if self._given.all():
                return self._z
        # One such sample would stay in the states for ever.
        self.reset()
        self._z[:] = 0
        return self._z

    def reset(self) -> None:
        """Return to silence and to the start of the random numbers."""
        self.runtime.reset(0)

    def run(
        self, audio: NDArray[np.float32], noises: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """Encode one frame `audio` (ratio,) with given random numbers, for verification.

        Each of `noises` has the graph's shape behind (1, ...). Returns the live latents (latents,).
        """
        self._audio[:] = audio
        self.runtime.set_noises(noises)
        self.runtime.step(0, 1)
        return self._z
