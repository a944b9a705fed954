"""Real-time: the values that the mix reads, as old as the latents that are heard with them."""

import numpy as np
from numpy.typing import NDArray

from appliance.parameters import Values

_ROWS = {f"/decoder/{{slot}}/{name}" for name in ("on", "level_db", "pan", "autopan")}
_BRANCHES = ("/mix/", "/master/")
_ROOM = 256  # changes under way; morphs make one in 256 samples at the most


class Sounding:
    """Follows `values`: a recall's or a morph's changes later, those of a hand at once.

    A decoder is heard one headroom after it was given its latents, but the mix works on what is
    heard now. Without the wait a recall would bend the sound that is about to go.
    """

    def __init__(self, values: Values) -> None:
        """Read everything as it stands."""
        self.values = Values(values.table)
        """What the mix is to read; only its own parameters are kept up to date."""
        self.tail = 0
        """Samples for which a decoder that is switched off may yet be heard."""
        self._on = values.view("/decoder/{slot}/on")
        self._needed = np.zeros(len(self._on), np.int64)  # up to which sample
        self._followed = values
        self._source = values.array
        rows = values.table.rows
        places = [rows[row] for row in rows if row in _ROWS or row.startswith(_BRANCHES)]
        self._indices = np.concatenate(
            [np.arange(p.start, p.start + int(np.prod(p.shape or (1,)))) for p in places]
        )
        self._column = {int(index): column for column, index in enumerate(self._indices)}
        self._ring = np.zeros((_ROOM, len(self._indices)))
        self._samples = [0] * _ROOM
        self.settle()

    def settle(self) -> None:
        """Take everything as it stands."""
        self.values.array[:] = self._source
        self._written = self._read = 0
        self._noted = self._source[self._indices]
        self._seen = self._noted.tobytes()
        self._generation = 0
        self._stirred = False
        self.values.observe()

    @property
    def waiting(self) -> bool:
        """Whether a change is yet to be heard."""
        return self._read < self._written

    def active(self, sample: int) -> NDArray[np.bool_]:
        """Return the slots in which a frame that starts at `sample` is to sound, bool (slots,)."""
        on = self._on > 0
        np.copyto(self._needed, sample + self.tail, where=on)
        return on | (self._needed > sample)

    def hand(self, index: int) -> None:
        """Take the parameter at `index` as it stands: a hand has just set it."""
        column = self._column.get(index)
        if column is not None:
            value = self._source[index]
            self.values.array[index] = value
            self._ring[:, column] = value
            self._noted[column] = value
            self._seen = self._noted.tobytes()
            self._stirred = True

    def note(self, sample: int) -> None:
        """Keep what has changed since the last call; it holds from `sample` on.

        Somebody observes the values that are followed, before each call.
        """
        if self._generation == self._followed.generation:
            return
        self._generation = self._followed.generation
        self._source.take(self._indices, out=self._noted, mode="clip")
        seen = self._noted.tobytes()
        if seen == self._seen:
            return
        self._seen = seen
        if self._written - self._read == _ROOM:
            self._hear_one()
        place = self._written % _ROOM
        self._ring[place] = self._noted
        self._samples[place] = sample
        self._written += 1

    def hear(self, sample: int) -> None:
        """Let the mix read what held at `sample`."""
        while self.waiting and self._samples[self._read % _ROOM] <= sample:
            self._hear_one()
        if self._stirred:
            self._stirred = False
            self.values.observe()

    def stretch(self, sample: int, count: int) -> int:
        """Return for how many of the `count` samples from `sample` on the mix reads the same."""
        if self.waiting:
            ahead = self._samples[self._read % _ROOM] - sample
            if ahead > 0:
                return min(count, ahead)
        return count

    def _hear_one(self) -> None:
        self.values.array[self._indices] = self._ring[self._read % _ROOM]
        self._read += 1
        self._stirred = True
