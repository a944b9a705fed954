"""Files written so that a power cut at any moment leaves the old content or the new, never a part.

All functions raise OSError; what was there before then still is.
"""

import contextlib
import os
from pathlib import Path

UNFINISHED = ".new"
"""Suffix of a file that is being written, hidden by a dot; it may be deleted at any time."""


def write_file(path: Path, data: bytes) -> None:
    """Replace `path` by a file of `data`; on return it is on the disk."""
    unfinished = path.with_name(f".{path.name}{UNFINISHED}")
    try:
        write_through(unfinished, data)
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_through(path: Path, data: bytes) -> None:
    """Write `data` to `path` and wait for the disk; for files that nobody reads yet."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def make_folder(folder: Path) -> None:
    """Make `folder`, unless it is there; then it also is on the disk."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in `folder` are on the disk: without it a power cut undoes a rename."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
