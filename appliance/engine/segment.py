"""A file in shared memory that one process writes and others read; it goes when its writer does.

The writer holds a lock on it that ends with the process, however it ends; so a segment without
one was left behind by a writer that was killed, and the next writer removes it.
"""

import contextlib
import fcntl
import mmap
import os
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108
_PREFIX = "neural-synth-monitor-"


class Segment:
    """`size` bytes of zeros, shared under the name of `path`."""

    def __init__(self, size: int, folder: Path | None = None) -> None:
        """Make the segment in `folder`, by default in memory; raises OSError."""
        folder = folder or (_MEMORY if _MEMORY.is_dir() else Path(tempfile.gettempdir()))
        sweep(folder)
        self._file, name = tempfile.mkstemp(prefix=_PREFIX, dir=folder)
        self.path = Path(name)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Taken now: a full /dev/shm is an error here, and later a fatal signal.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self._file, 0, size)
            else:
                os.ftruncate(self._file, size)
            self.memory = mmap.mmap(self._file, size)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Remove the name; who has the segment open keeps what is in it."""
        self.path.unlink(missing_ok=True)
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def sweep(folder: Path) -> None:
    """Remove the segments in `folder` whose writers are gone."""
    for path in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(file)
