"""Real-time: plays a part of a clip, once or round and round."""

import numpy as np
from numpy.typing import NDArray

from appliance.input.clip import FULL_SCALE, Clip
from appliance.parameters import Values

SHORTEST = 0.01
"""Seconds that the part from start to end lasts at least."""

_EDGE = 0.004  # seconds of fading in and out at the ends of the part
_STEP = np.float32(FULL_SCALE / 32767)


class FilePlayer:
    """Plays `clip`, which another thread may replace, from start to end of the part set.

    Switched on it begins at the start, and so does a new clip. The sound fades in and out over the
    part's first and last 4 ms, so that no seam clicks. Switched off it plays on as long as it is
    heard fading.
    """

    def __init__(self, values: Values, rate: float, max_block: int) -> None:
        """Read the rows below /encoder/file of `values`."""
        self.clip: Clip | None = None
        self._play = values.view("/encoder/file/play")
        self._loop = values.view("/encoder/file/loop")
        self._start = values.view("/encoder/file/start")
        self._end = values.view("/encoder/file/end")
        self._shortest = round(SHORTEST * rate)
        self._edge = round(_EDGE * rate)
        self._count = np.arange(max_block, dtype=np.float32)
        self._gain = np.zeros(max_block, np.float32)
        self._other = np.zeros(max_block, np.float32)
        self._seen: Clip | None = None
        self._on = False
        self.position = 0
        """The sample of the clip that comes next."""
        self.ended = False
        """True once a part that is played once is over."""

    def process(self, out: NDArray[np.float32], *, heard: bool) -> bool:
        """Fill `out`, float32 (n,); `heard` says whether there is a gain above 0 behind it.

        Return False if it is all silence.
        """
        clip = self.clip
        on = bool(self._play[0])
        if clip is not self._seen or (on and not self._on):
            self._seen = clip
            self.ended = False
            self.position = -1
        self._on = on
        if clip is None or self.ended or not (on or heard):
            out.fill(0.0)
            return False
        first, end = self._part(len(clip.samples))
        done, count = 0, len(out)
        while done < count and not self.ended:
            if not first <= self.position < end:
                self.position = first
            part = out[done : done + min(count - done, end - self.position)]
            self._copy(clip, first, end, part)
            done += len(part)
            self.position += len(part)
            self.ended = self.position >= end and not self._loop[0]
        out[done:] = 0.0
        return True

    def _part(self, samples: int) -> tuple[int, int]:
        """Return the first sample and the one behind the last; the part never is too short."""
        low, high = sorted((float(self._start[0]), float(self._end[0])))
        shortest = min(samples, self._shortest)
        first = min(round(low * samples), samples - shortest)
        return first, max(round(high * samples), first + shortest)

    def _copy(self, clip: Clip, first: int, end: int, out: NDArray[np.float32]) -> None:
        count, position = len(out), self.position
        np.multiply(clip.samples[position : position + count], _STEP, out=out, casting="unsafe")
        edge = min(self._edge, (end - first) // 2)
        if edge and (position < first + edge or position + count > end - edge):
            gain, other = self._gain[:count], self._other[:count]
            np.add(self._count[:count], np.float32(position - first + 1), out=gain)
            np.subtract(np.float32(end - position), self._count[:count], out=other)
            np.minimum(gain, other, out=gain)
            np.minimum(gain, np.float32(edge), out=gain)
            np.divide(gain, np.float32(edge), out=gain)
            np.multiply(out, gain, out=out)
