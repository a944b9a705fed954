"""How far the visit of a stick is: one small file that the status display reads."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.places import runtime_folder

Stage = Literal["looking", "copying", "taking", "writing", "done", "failed"]

_FILE = "stick.json"
_LOCK = "stick.lock"
_LONGEST = 8192


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of a visit: `share` is 0 to 1, None if unknown; `lines` tell what came of it."""

    stage: Stage
    text: Annotated[str, Meta(max_length=300)] = ""
    share: float | None = None
    lines: Annotated[tuple[str, ...], Meta(max_length=8)] = ()
    refused: int = 0
    title: Annotated[str, Meta(min_length=1, max_length=16)] = "Stick"
    """What it is about: the stick's files, or an update that lies on it."""
    alive: bool = True
    """Whether the process that tells this still lives."""

    @property
    def over(self) -> bool:
        """Whether the stick may be pulled out."""
        return self.stage in ("done", "failed") or not self.alive


class VisitReport:
    """Tells how far a visit is; holds a lock as long as it lives, so that its death shows."""

    def __init__(self, folder: Path | None = None) -> None:
        """Wait until an earlier visit is over."""
        self._folder = folder or runtime_folder()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Let the next visit begin."""
        os.close(self._lock)

    def say(
        self,
        stage: Stage,
        text: str = "",
        *,
        share: float | None = None,
        lines: tuple[str, ...] = (),
        refused: int = 0,
        title: str = "Stick",
    ) -> None:
        """Replace what was said before."""
        visit = Visit(
            stage=stage,
            text=text[:300],
            share=share,
            lines=tuple(line[:100] for line in lines[:8]),
            refused=refused,
            title=title,
        )
        unfinished = self._folder / f".{_FILE}.{os.getpid()}"
        with contextlib.suppress(OSError):
            unfinished.write_bytes(msgspec.json.encode(visit))
            unfinished.replace(self._folder / _FILE)


def read_visit(folder: Path | None = None) -> Visit | None:
    """Return the visit that goes on or was the last, None if there was none."""
    place = folder or runtime_folder()
    try:
        with (place / _FILE).open("rb") as file:
            visit = msgspec.json.decode(file.read(_LONGEST), type=Visit)
        return msgspec.structs.replace(visit, alive=_is_held(place / _LOCK))
    except (OSError, msgspec.DecodeError):
        return None


def _is_held(lock: Path) -> bool:
    handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
