"""Several files of one folder changed together: all of them or none, through any power cut.

The new files are gathered in a folder of their own, which is then renamed: from that moment the
change holds. Moving its files into place may be cut short and is then finished the next time.
"""

import fcntl
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import PresetError
from appliance.storage import sync_folder, write_file, write_through

_GATHERING, _HOLDS, _DONE = ".change.new", ".change", ".change.done"
_GONE = ".gone"
_LOCK = ".lock"
_PATIENCE = 3.0  # seconds to wait for another program


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Keep other programs from changing `folder`; raises PresetError if one does not end."""
    with (folder / _LOCK).open("a") as file:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise PresetError(
                        f"{folder} is being changed by another program. Wait for it, or end it."
                    ) from None
                time.sleep(0.02)
        yield


def change_files(folder: Path, changes: Mapping[str, bytes | None]) -> None:
    """Give each named file of `folder` its new content, None deletes it; raises OSError.

    The caller holds the lock.
    """
    finish_change(folder)
    if len(changes) == 1:
        ((name, data),) = changes.items()
        if data is not None:
            write_file(folder / name, data)
            return
    gathering = folder / _GATHERING
    shutil.rmtree(gathering, ignore_errors=True)
    gathering.mkdir()
    for name, data in changes.items():
        write_through(gathering / (name if data is not None else name + _GONE), data or b"")
    sync_folder(gathering)
    gathering.rename(folder / _HOLDS)
    sync_folder(folder)
    finish_change(folder)


def pending_change(folder: Path) -> dict[str, bytes | None]:
    """Return what a change that was cut short still has to do: names, None for deleted ones."""
    pending: dict[str, bytes | None] = {}
    holds = folder / _HOLDS
    if holds.is_dir():
        for file in holds.iterdir():
            if file.suffix == _GONE:
                pending[file.stem] = None
            else:
                pending[file.name] = file.read_bytes()
    return pending


def finish_change(folder: Path) -> None:
    """Do what a change that was cut short has left to do; the caller holds the lock."""
    holds, done = folder / _HOLDS, folder / _DONE
    shutil.rmtree(done, ignore_errors=True)
    if not holds.is_dir():
        return
    for file in sorted(holds.iterdir()):
        if file.suffix == _GONE:
            (folder / file.stem).unlink(missing_ok=True)
        else:
            file.replace(folder / file.name)
    sync_folder(folder)
    holds.rename(done)  # at once, lest half of it be done again after a later change
    sync_folder(folder)
    shutil.rmtree(done, ignore_errors=True)
