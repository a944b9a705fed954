"""Real-time: the ring of decoded samples between one group's worker and the audio thread.

One thread writes, one reads. Positions are absolute sample counts that only grow, so neither ever
waits for the other. When a frame is late the reader lets the sound ring out and, once samples are
there again, joins at the right moment: the stream stays in time.
"""

import numpy as np
from numpy.typing import NDArray

FADE = 256
"""Samples over which sound rings out and comes back around a late frame."""


class Stream:
    """Decoded samples of `rows` voices, float32, at the engine's rate."""

    def __init__(self, rows: int, capacity: int, max_block: int) -> None:
        """Allocate a ring of at least `capacity` samples; reads are at most `max_block` long."""
        size = 1 << max(capacity + max_block + FADE, 2 * FADE).bit_length()
        self._ring: NDArray[np.float32] = np.zeros((rows, size), np.float32)
        self._mask = size - 1
        self.written = 0
        """Samples written so far; position `written` - 1 is the newest."""
        self._tail: NDArray[np.float32] = np.zeros((rows, FADE), np.float32)
        self._fade_out = np.linspace(1, 0, FADE, dtype=np.float32)
        self._fade_in = np.linspace(0, 1, FADE, dtype=np.float32)
        self._ringing = FADE  # samples of the tail already played
        self._returning = FADE  # samples of the fade back in already played
        self._scratch: NDArray[np.float32] = np.zeros((rows, FADE), np.float32)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples, float32 (rows, n)."""
        count = samples.shape[1]
        start = self.written & self._mask
        first = min(count, self._ring.shape[1] - start)
        self._ring[:, start : start + first] = samples[:, :first]
        if first < count:
            self._ring[:, : count - first] = samples[:, first:]
        self.written += count  # last: a reader never sees samples that are not there yet

    def read(self, position: int, out: NDArray[np.float32]) -> bool:
        """Fill `out`, float32 (rows, n), from `position` on; return False if samples were late.

        Positions before 0 are silent.
        """
        count = out.shape[1]
        lead = min(count, max(0, -position))
        if lead:
            out[:, :lead] = 0
        there = min(count, max(lead, self.written - position))
        if there > lead:
            self._copy(position + lead, out[:, lead:there])
            self._join(out[:, lead:there])
        if there == count:
            return True
        if self._ringing == FADE and self._returning > 0:
            self._capture(position + there)
        self._ring_out(out[:, there:])
        return False

    def jump(self, position: int) -> None:
        """Announce that the next read will not follow the last, which ended at `position`."""
        self._capture(position)

    def _copy(self, position: int, out: NDArray[np.float32]) -> None:
        count = out.shape[1]
        start = position & self._mask
        first = min(count, self._ring.shape[1] - start)
        out[:, :first] = self._ring[:, start : start + first]
        if first < count:
            out[:, first:] = self._ring[:, : count - first]

    def _capture(self, position: int) -> None:
        """Keep the sound before `position`, backwards: it goes on from its last value."""
        available = min(max(position, 0), FADE)
        self._tail[:] = 0
        if available:
            part = self._scratch[:, :available]
            self._copy(position - available, part)
            self._tail[:, :available] = part[:, ::-1]
            if self._returning < FADE:  # it was not back at full level yet
                self._tail *= self._fade_in[self._returning]
        self._tail *= self._fade_out
        self._ringing = 0
        self._returning = 0

    def _ring_out(self, out: NDArray[np.float32]) -> None:
        count = min(out.shape[1], FADE - self._ringing)
        out[:, :count] = self._tail[:, self._ringing : self._ringing + count]
        out[:, count:] = 0
        self._ringing += count

    def _join(self, out: NDArray[np.float32]) -> None:
        if self._returning < FADE:
            count = min(out.shape[1], FADE - self._returning)
            out[:, :count] *= self._fade_in[self._returning : self._returning + count]
            self._returning += count
        if self._ringing < FADE:
            count = min(out.shape[1], FADE - self._ringing)
            out[:, :count] += self._tail[:, self._ringing : self._ringing + count]
            self._ringing += count
