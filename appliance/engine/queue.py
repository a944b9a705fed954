"""Real-time: parameter changes on their way to the audio thread."""

import threading

import numpy as np
from numpy.typing import NDArray

from appliance.presets.morph import Morph
from appliance.presets.order import Kind, Order

_SIZE = 4096
_ORDER = -1


class ParameterQueue:
    """A bounded queue of single changes and of orders, in turn; full means counted.

    Many threads may write. One reads, and never waits: the lock is between writers only.
    """

    def __init__(self) -> None:
        """Allocate room for 4096 entries."""
        self._indices = [0] * _SIZE
        self._values = [0.0] * _SIZE
        self._orders: list[Order | None] = [None] * _SIZE
        self._written = 0
        self._read = 0
        self._writing = threading.Lock()
        self.overflows = 0
        """Entries that were dropped because the queue was full."""

    def put(self, index: int, value: float) -> bool:
        """Append a change; return False, and count it, if the queue is full."""
        return self._append(index, value, None)

    def order(self, order: Order) -> bool:
        """Append an order; return False, and count it, if the queue is full."""
        return self._append(_ORDER, 0.0, order)

    @property
    def waiting(self) -> bool:
        """True if `drain` has something to do."""
        return self._read != self._written

    def drain(self, values: NDArray[np.float64], morph: Morph | None = None) -> bool:
        """Write all waiting changes into `values`; return whether there were any.

        Orders go to `morph`, which also learns which parameters were set by hand.
        """
        end = self._written
        if self._read == end:
            return False
        while self._read < end:
            place = self._read % _SIZE
            index, order = self._indices[place], self._orders[place]
            if index != _ORDER:
                values[index] = self._values[place]
                if morph is not None:
                    morph.release(index)
            elif morph is not None and order is not None:
                morph.take(order)
            self._read += 1
        return True

    def ahead(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `values` as they will be once all waiting entries are drained, a copy.

        Of orders only recalls at once are foreseen.
        """
        with self._writing:
            start = self._read
            copy = values.copy()
            for number in range(start, self._written):
                place = number % _SIZE
                order = self._orders[place]
                if self._indices[place] != _ORDER:
                    copy[self._indices[place]] = self._values[place]
                elif order is not None and order.kind == Kind.GO and not order.samples:
                    copy[:] = order.end
        return copy

    def _append(self, index: int, value: float, order: Order | None) -> bool:
        with self._writing:
            if self._written - self._read >= _SIZE:
                self.overflows += 1
                return False
            place = self._written % _SIZE
            self._indices[place] = index
            self._values[place] = value
            self._orders[place] = order
            self._written += 1
        return True
