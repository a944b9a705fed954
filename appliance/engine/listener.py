"""Hears what an engine plays, from the ring that its monitor writes."""

import mmap
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.engine.monitor import CHANNELS, COUNT, HEADER, MAGIC
from appliance.errors import EngineUnreachableError


class Listener:
    """Reads the ring at `path`; any number of listeners may, each where it likes.

    A position is a number of frames since the engine started.
    """

    def __init__(self, path: Path) -> None:
        """Open the ring; raises EngineUnreachableError if there is none."""
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise EngineUnreachableError(
                f"There is no sound to hear at {path} ({error.strerror}). Start the engine."
            ) from error
        try:
            memory = mmap.mmap(self._file, 0, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:
            os.close(self._file)
            raise EngineUnreachableError(f"{path} cannot be heard: {error}.") from error
        self.rate, self.frames, self._block = (
            (int(n) for n in np.frombuffer(memory, np.uint32, 3, 8))
            if len(memory) > HEADER and memory[: len(MAGIC)] == MAGIC
            else (0, 0, 0)
        )
        if len(memory) < HEADER + 4 * CHANNELS * self.frames or not self.frames:
            os.close(self._file)
            raise EngineUnreachableError(
                f"{path} is no ring of this version. Update the instrument, then restart it."
            )
        self._count = np.frombuffer(memory, np.uint64, 1, COUNT)
        self._ring = np.frombuffer(memory, np.float32, CHANNELS * self.frames, HEADER).reshape(
            CHANNELS, self.frames
        )

    @property
    def position(self) -> int:
        """Where the sound ends that can be read now."""
        return int(self._count[0])

    @property
    def gone(self) -> bool:
        """Whether the engine has taken the ring away."""
        return os.fstat(self._file).st_nlink == 0

    def read(self, start: int, most: int) -> tuple[int, NDArray[np.float32]]:
        """Return where the sound begins that follows, and the sound, float32 (2, up to `most`).

        It begins at `start`, or later where that has been overwritten; nothing is waited for.
        """
        position = self.position
        begin = max(start, self._oldest(position))
        end = max(begin, min(position, begin + most))
        sound = np.empty((CHANNELS, end - begin), np.float32)
        place = begin % self.frames
        first = min(end - begin, self.frames - place)
        sound[:, :first] = self._ring[:, place : place + first]
        sound[:, first:] = self._ring[:, : end - begin - first]
        # While this was copied the engine may have come round.
        lost = min(max(0, self._oldest(self.position) - begin), end - begin)
        return begin + lost, sound[:, lost:]

    def latest(self, frames: int) -> NDArray[np.float32]:
        """Return the newest sound, float32 (2, up to `frames`)."""
        return self.read(max(0, self.position - frames), frames)[1]

    def close(self) -> None:
        """Let go of the ring; harmless when called again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _oldest(self, position: int) -> int:
        """Return the first position that a block being written cannot touch."""
        return max(0, position + self._block - self.frames)
