"""The current value of every parameter, in one array that the modules read as views."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from appliance.parameters.table import Table


class Values:
    """Values of all parameters of `table`, float64, starting from the defaults."""

    def __init__(self, table: Table) -> None:
        """Allocate the array and set every default."""
        self.table = table
        self.array: NDArray[np.float64] = np.array([p.default for p in table], np.float64)
        self.generation = 0
        """Rises when `observe` meets a change; 0 until it is called for the first time."""
        self._observed = b""

    def observe(self) -> None:
        """Look whether anything has changed; from now on watches look only after such a call."""
        now = self.array.tobytes()
        if now != self._observed:
            self._observed = now
            self.generation += 1

    def view(self, row: str) -> NDArray[np.float64]:
        """Return the live values of a table row such as "/offset/{channel}/value".

        The shape follows the row's marks, (1,) for a row of one parameter. The view changes as
        the parameters do, and must not be written to.
        """
        place = self.table.rows[row]
        shape = place.shape or (1,)
        view = self.array[place.start : place.start + int(np.prod(shape))].reshape(shape)
        view.flags.writeable = False
        return view

    def set(self, address: str, value: object) -> None:
        """Set one parameter; raises ParameterError naming the address, the value and the rule."""
        index = self.table.index(address)
        self.array[index] = self.table.parameters[index].parse(value)

    def update(self, settings: Mapping[str, object]) -> None:
        """Set several parameters, all or none; raises ParameterError as `set` does."""
        parsed = [
            (index, self.table.parameters[index].parse(value))
            for index, value in ((self.table.index(a), v) for a, v in settings.items())
        ]
        for index, number in parsed:
            self.array[index] = number

    def get(self, address: str) -> float:
        """Return the current value of one parameter, in its unit."""
        return float(self.array[self.table.index(address)])
