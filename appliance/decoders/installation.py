"""Puts an imported model in its place: whole or not at all, also through a power cut."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from appliance.storage import sync_folder

_PREFIX = ".importing-"


@contextmanager
def workspace(folder: Path) -> Generator[Path]:
    """Yield an empty folder inside `folder` to build a model in; it is removed afterwards.

    `folder` is cleared first, see `clear`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clear(folder)
    prefix = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as scratch:
        yield Path(scratch)


def clear(folder: Path) -> None:
    """Remove what imports left in `folder` that were cut off.

    The model that one had set aside goes back to its place.
    """
    for left in folder.glob(f"{_PREFIX}*"):
        if not _running(left):
            _restore(left, folder)
            shutil.rmtree(left, ignore_errors=True)


def install(work: Path, target: Path, scratch: Path) -> None:
    """Move the finished model `work` to `target`; one that stands there is set aside first."""
    for file in work.iterdir():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    aside = scratch / "replaced" / target.name
    if target.exists():
        aside.parent.mkdir()
        target.replace(aside)
    try:
        work.replace(target)
    except OSError:
        if aside.exists():
            aside.replace(target)
        raise
    sync_folder(target.parent)


def _restore(left: Path, folder: Path) -> None:
    for aside in (left / "replaced").glob("*"):
        if not (folder / aside.name).exists():
            aside.replace(folder / aside.name)


def _running(left: Path) -> bool:
    """Return whether the import that works in `left` is still alive."""
    number = left.name.removeprefix(_PREFIX).partition("-")[0]
    if not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
