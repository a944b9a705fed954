"""Real-time: the path of every parameter between two settings.

Each parameter goes a straight line in its own travel: linear values as they are (levels in dB,
pan as an angle, since the mixer's pan law is a quarter of a circle), cubic ones by their cube root,
logarithmic ones by their logarithm. Switched parameters change at one stated point. A decoder
that is switched on rises from silence all the way, one that is switched off falls to it.
"""

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.level import SILENCE_DB
from appliance.parameters import Curve, Table
from appliance.presets.order import Settings

_NEVER = 2.0
_AT_ONCE = -1.0


class Path:
    """A path between two settings of `table`, from which single parameters can be released."""

    def __init__(self, table: Table) -> None:
        """Lay an empty path."""
        count = len(table)
        curves = [parameter.curve for parameter in table]
        self._cubic, self._logarithmic, self._switched = (
            np.array([curve == each for curve in curves])
            for each in (Curve.CUBIC, Curve.LOGARITHMIC, Curve.SWITCH)
        )
        self._linear = ~(self._cubic | self._logarithmic | self._switched)
        slots = range(1, table.slots + 1)
        self._on = np.array([table.index(f"/decoder/{n}/on") for n in slots])
        self._level = np.array([table.index(f"/decoder/{n}/level_db") for n in slots])
        self._start = np.zeros(count)
        self._end = np.zeros(count)
        self._switch_at = 0.5
        self._free = np.zeros(count, np.bool_)
        self._work = np.zeros(count)
        self._compile()

    def lay(self, start: Settings, end: Settings, switch_at: float) -> None:
        """Lead from `start` to `end`, float64 (parameters,), both copied."""
        self._start[:] = start
        self._end[:] = end
        self._switch_at = switch_at
        self._free.fill(False)
        self._compile()

    def release(self, index: int) -> None:
        """Leave one parameter to whoever has just set it."""
        if not self._free[index]:
            self._free[index] = True
            self._compile()

    def walk(self, share: float, out: Settings) -> None:
        """Write the values at `share` of the way, 0 to 1, into `out`, float64 (parameters,).

        Both ends are met bit by bit; values without a way to go, and released ones, are left.
        """
        if share <= 0.0 or share >= 1.0:
            end = self._start if share <= 0.0 else self._end
            np.copyto(out, end, where=self._changed)
            return
        way = self._work[: len(self._from)]
        np.multiply(self._distance, share, out=way)
        np.add(way, self._from, out=way)
        cubic, logarithmic = way[self._cubic_part], way[self._logarithmic_part]
        np.multiply(cubic, cubic * cubic, out=cubic)
        np.exp(logarithmic, out=logarithmic)
        # Rounding must not lead out of the range.
        np.clip(way, self._least, self._most, out=way)
        out[self._moving] = way
        out[self._switches] = np.where(share >= self._when, self._to_choice, self._from_choice)

    def _compile(self) -> None:
        """Gather what has a way to go: linear, cubic and logarithmic ones one after the other."""
        start, end = self._start.copy(), self._end.copy()
        changed = (start != end) & ~self._free
        when = np.full(len(start), self._switch_at)
        fading = changed[self._on] & ~self._free[self._level]
        rising = fading & (end[self._on] > 0)
        falling = fading & ~rising
        start[self._level[rising]] = SILENCE_DB
        end[self._level[falling]] = SILENCE_DB
        when[self._on[rising]] = _AT_ONCE
        when[self._on[falling]] = _NEVER
        changed[self._level[fading]] = True
        self._changed = changed
        linear, cubic, logarithmic = (
            np.flatnonzero(changed & each)
            for each in (self._linear, self._cubic, self._logarithmic)
        )
        self._moving = np.concatenate((linear, cubic, logarithmic))
        first, second = len(linear), len(linear) + len(cubic)
        self._cubic_part = slice(first, second)
        self._logarithmic_part = slice(second, None)
        self._from, to = start[self._moving], end[self._moving]
        self._least, self._most = np.minimum(self._from, to), np.maximum(self._from, to)
        for ends in (self._from, to):
            ends[self._cubic_part] = np.cbrt(ends[self._cubic_part])
            ends[self._logarithmic_part] = np.log(ends[self._logarithmic_part])
        self._distance: NDArray[np.float64] = to - self._from
        self._switches = np.flatnonzero(changed & self._switched)
        self._when = when[self._switches]
        self._from_choice = self._start[self._switches]
        self._to_choice = self._end[self._switches]
