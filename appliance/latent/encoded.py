"""Real-time: the encoder module, latents that an encoder makes of sound.

The encoder runs elsewhere and gives latents frame by frame; here each one holds until the next.
"""

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.grid import border_sample
from appliance.parameters import Values


class Encoded:
    """Holds the newest encoded latents. One thread publishes, another one evaluates."""

    name = "encoder"

    def __init__(self, values: Values, rate: float, *, room: int = 256) -> None:
        """Read /encoder/expression of `values`; up to `room` frames may wait."""
        del rate
        self._expression = values.view("/encoder/expression")
        self._samples = np.zeros(room, np.int64)
        self._latents = np.zeros((room, LATENT_CHANNELS))
        self._room = room
        self._written = self._read = 0
        self._now = np.zeros(LATENT_CHANNELS)
        self._scaled = np.zeros(LATENT_CHANNELS)
        self._silent = True

    def reset(self, start: int = 0) -> None:
        """Begin anew with zeros; what was published before is forgotten."""
        del start
        self._read = self._written
        self._now.fill(0.0)
        self._silent = True

    def publish(self, sample: int, latents: NDArray[np.float32]) -> None:
        """Let `latents`, float32 (at most 8,), hold from `sample` of the engine's clock on.

        If it is past already, they hold from the next instant on. Where the reader is too far
        behind, the frame is left out.
        """
        if self._written - self._read >= self._room:
            return
        place = self._written % self._room
        row = self._latents[place]
        row[: len(latents)] = latents
        row[len(latents) :] = 0.0
        self._samples[place] = sample
        self._written += 1  # last: the reader never sees a row that is not there yet

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n)."""
        if self._read == self._written:
            if self._silent:
                out.fill(0.0)
                return
            np.multiply(self._now, self._expression, out=self._scaled)
            out[:] = self._scaled[:, None]
            return
        for number in range(out.shape[1]):
            border = border_sample(start + number)
            while self._read < self._written and self._samples[self._read % self._room] <= border:
                self._now[:] = self._latents[self._read % self._room]
                self._read += 1
            np.multiply(self._now, self._expression, out=out[:, number])
        self._silent = not self._now.any()
