"""Real-time: parameter changes on their way from the OSC thread to the audio thread."""

import numpy as np
from numpy.typing import NDArray

_SIZE = 4096


class ParameterQueue:
    """A bounded queue of (index, value) with one writer and one reader; full means counted."""

    def __init__(self) -> None:
        """Allocate room for 4096 changes."""
        self._indices = [0] * _SIZE
        self._values = [0.0] * _SIZE
        self._written = 0
        self._read = 0
        self.overflows = 0
        """Changes that were dropped because the queue was full."""

    def put(self, index: int, value: float) -> bool:
        """Append a change; return False, and count it, if the queue is full."""
        if self._written - self._read >= _SIZE:
            self.overflows += 1
            return False
        place = self._written % _SIZE
        self._indices[place] = index
        self._values[place] = value
        self._written += 1
        return True

    def drain(self, values: NDArray[np.float64]) -> bool:
        """Write all waiting changes into `values`; return whether there were any."""
        end = self._written
        if self._read == end:
            return False
        while self._read < end:
            place = self._read % _SIZE
            values[self._indices[place]] = self._values[place]
            self._read += 1
        return True
