"""Real-time: notices that parameters have changed since the last look."""

from appliance.parameters.values import Values


class Watch:
    """Watches some rows of `values`, such as "/mix/spread_ms", from the moment it is made.

    Where somebody observes the values as a whole, nothing is looked at while all of them rest.
    """

    def __init__(self, values: Values, *rows: str) -> None:
        """Take the present values as seen; KeyError if a row is not in the table."""
        self._values = values
        self._views = [values.view(row) for row in rows]
        self._generation = 0
        self._seen = self._look()

    def changed(self) -> bool:
        """Return True if a value differs from the last call, and take it as seen."""
        generation = self._values.generation
        if generation and generation == self._generation:
            return False
        self._generation = generation
        now = self._look()
        if now == self._seen:
            return False
        self._seen = now
        return True

    def _look(self) -> list[bytes]:
        # Comparing bytes is several times cheaper than comparing small arrays.
        return [view.tobytes() for view in self._views]
