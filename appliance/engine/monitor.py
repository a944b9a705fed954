"""Real-time: the master output for whoever listens beside, in a ring of shared memory.

The audio thread writes and goes on; it never learns who reads. A page of header, then the ring:
float32 (2, `FRAMES`), left before right, full scale 1.

| byte | type | what |
|---|---|---|
| 0 | 8 bytes | `MAGIC` |
| 8 | uint32 | rate in Hz |
| 12 | uint32 | frames in the ring |
| 16 | uint32 | most frames in one block |
| 64 | uint64 | frames published since the start |
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.engine.segment import Segment

MAGIC = b"NSMON001"
HEADER = 4096
FRAMES = 1 << 17
COUNT = 64
CHANNELS = 2


class Monitor:
    """Publishes blocks of up to `max_block` frames at `rate` Hz under the name of `path`."""

    def __init__(self, rate: int, max_block: int, folder: Path | None = None) -> None:
        """Make the ring, in memory unless a `folder` is given; raises OSError."""
        self._segment = Segment(HEADER + 4 * CHANNELS * FRAMES, folder)
        memory = self._segment.memory
        memory[: len(MAGIC)] = MAGIC
        np.frombuffer(memory, np.uint32, 3, 8)[:] = rate, FRAMES, max_block
        self._count = np.frombuffer(memory, np.uint64, 1, COUNT)
        self._ring = np.frombuffer(memory, np.float32, CHANNELS * FRAMES, HEADER).reshape(
            CHANNELS, FRAMES
        )
        self._written = 0

    @property
    def path(self) -> Path:
        """Where readers find the ring."""
        return self._segment.path

    def write(self, block: NDArray[np.float32]) -> None:
        """Publish `block`, float32 (2, n).

        The count rises with the next block only: by then every core sees the samples it counts.
        """
        frames = block.shape[1]
        self._count[0] = self._written
        start = self._written % FRAMES
        first = min(frames, FRAMES - start)
        self._ring[:, start : start + first] = block[:, :first]
        self._ring[:, : frames - first] = block[:, first:]
        self._written += frames

    def close(self) -> None:
        """Take the name away; readers then see that this engine is gone."""
        self._segment.close()
