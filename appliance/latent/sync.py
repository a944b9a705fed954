"""Real-time: phases that follow the clock instead of a frequency."""

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.clock import FACTORS, Clock


class Sync:
    """Puts the clock's phase into those of eight channels whose cycle lasts so many beats."""

    def __init__(self, choice: NDArray[np.float64], clock: Clock, *, max_instants: int) -> None:
        """Follow the live view `choice`, float64 (8,), of a sync row."""
        self._choice = choice
        self._clock = clock
        self._factors = np.zeros(LATENT_CHANNELS, np.uint64)
        self._phases = np.zeros((max_instants + 1, LATENT_CHANNELS), np.uint64)
        self.locked = np.zeros(LATENT_CHANNELS, np.bool_)
        """Which channels follow the clock."""
        self._any = False
        self._seen = b""
        self.look()

    def look(self) -> None:
        """See which channels follow the clock now."""
        if (now := self._choice.tobytes()) != self._seen:
            self._seen = now
            self._factors[:] = FACTORS[self._choice.astype(np.intp)]
            np.not_equal(self._factors, 0, out=self.locked)
            self._any = bool(self.locked.any())

    def lock(self, rows: NDArray[np.uint64]) -> None:
        """Set the channels that follow the clock in `rows`, uint64 (n + 1, 8), of this block."""
        self.look()
        if self._any:
            phases = self._phases[: len(rows)]
            beats = self._clock.phases(len(rows) - 1)
            np.multiply(beats[:, None], self._factors, out=phases)
            np.copyto(rows, phases, where=self.locked)
