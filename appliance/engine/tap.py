"""The tempo of a hand that taps."""

from statistics import median

PAUSE = 2.5
"""Seconds without a tap after which a new tempo begins."""

_KEPT = 8
_TEMPI = (20.0, 300.0)


class Tap:
    """Turns the times of taps into beats a minute: the middle one of the last eight distances."""

    def __init__(self) -> None:
        """Wait for the first tap."""
        self._times: list[float] = []

    def tap(self, time: float) -> float | None:
        """Take a tap at `time` in seconds; return the tempo in BPM from the second tap on."""
        if self._times and not 0 < time - self._times[-1] <= PAUSE:
            self._times.clear()
        self._times = [*self._times[-_KEPT:], time]
        if len(self._times) < 2:
            return None
        distances = [b - a for a, b in zip(self._times, self._times[1:], strict=False)]
        return min(max(60 / median(distances), _TEMPI[0]), _TEMPI[1])
