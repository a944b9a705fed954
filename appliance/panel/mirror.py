"""The engine's parameters as the panel knows them, in a table of the same rows."""

import time
from collections.abc import Callable

from appliance.parameters import Parameter, Table

_OWN_SECONDS = 0.25  # for so long a value set here is believed over the engine's older news


class Mirror:
    """Values of all parameters of `table`: what the engine told, and what was just set here.

    One thread hears; any may set and read, without locks.
    """

    def __init__(self, table: Table, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the defaults."""
        self.table = table
        self.parameters: dict[str, Parameter] = {p.address: p for p in table}
        self._clock = clock
        self._told = {p.address: p.default for p in table}
        self._own: dict[str, tuple[float, float]] = {}  # value, until when it is believed

    def __contains__(self, address: object) -> bool:
        """Return whether there is a parameter at `address`."""
        return address in self.parameters

    def __getitem__(self, address: str) -> float:
        """Return the value at `address` in its unit; raises ParameterError if there is none."""
        own = self._own.get(address)
        if own is not None and self._clock() < own[1]:
            return own[0]
        if address not in self._told:
            self.table.index(address)
        return self._told[address]

    def set(self, address: str, value: float) -> None:
        """Believe `value` until the engine has had time to say it itself."""
        self._own[address] = (value, self._clock() + _OWN_SECONDS)

    def hear(self, address: str, value: float) -> bool:
        """Take the engine's word; return whether that is news. Unknown addresses are none."""
        before = self._told.get(address)
        if before is None or before == value:
            return False
        self._told[address] = value
        return True
