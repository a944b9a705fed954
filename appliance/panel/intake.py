"""Takes in files from outside: one that is not wanted leaves no trace, one that is comes in whole.

A file is received hidden in `incoming/`, in the folder it will live in; only when all of it is
there and has been checked does it get its name.
"""

import contextlib
import os
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import IntakeError
from appliance.panel.kinds import KINDS, Kind
from appliance.presets.file_name import check_name
from appliance.storage import make_folder, sync_folder
from appliance.yaml_file import legible

INCOMING = "incoming"
SPARE = 64 << 20
"""Bytes that stay free on the disk."""
_NAME_BYTES = 200
_FORGOTTEN = 3600.0  # seconds after which what nobody finished is cleared
_LOOK = 8 << 20  # bytes between two looks at the free space


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is here: `changed` is in seconds since 1970."""

    name: str
    size: int
    changed: float


class Intake:
    """The files of a player, in `folder`: the folders of each kind lie in it."""

    def __init__(self, folder: Path) -> None:
        """Clear what an earlier intake left behind."""
        self.folder = folder
        self._incoming = folder / INCOMING
        for left in self._incoming.glob("*"):
            with contextlib.suppress(OSError):
                if time.time() - left.lstat().st_mtime > _FORGOTTEN:
                    left.unlink()

    def begin(self, kind: str, name: str, size: int | None = None) -> "Arrival":
        """Begin to receive a file of `size` bytes, None if unknown; raises IntakeError."""
        rules = _kind(kind)
        name = checked_name(rules, name)
        if size is not None and size > rules.most:
            raise _too_large(name, rules)
        try:
            make_folder(self._incoming)
            self._inside(self._incoming)
            if size is not None:
                _check_space(self._incoming, size)
            return Arrival(self, rules, name)
        except OSError as error:
            raise _disk_error(name, error) from error

    @contextmanager
    def scratch(self, suffix: str) -> Generator[Path]:
        """Yield a hidden empty file, removed afterwards; raises IntakeError."""
        try:
            make_folder(self._incoming)
            self._inside(self._incoming)
            handle, name = tempfile.mkstemp(suffix=suffix, dir=self._incoming)
        except OSError as error:
            raise _disk_error(f"file{suffix}", error) from error
        os.close(handle)
        try:
            yield Path(name)
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink(missing_ok=True)

    def place(self, kind: Kind, name: str) -> Path:
        """Return where a file of `kind` lies or will lie; raises IntakeError, OSError."""
        if kind.folder is None:
            raise IntakeError(f"Files of the kind '{kind.name}' are not kept.")
        home = self.folder / kind.folder
        make_folder(home)
        self._inside(home)
        return home / checked_name(kind, name)

    def files(self, kind: str) -> list[Stored]:
        """Return the files of a kind, by name; raises IntakeError if there is no such kind."""
        rules = _kind(kind)
        found: list[Stored] = []
        home = self.folder / (rules.folder or INCOMING)
        for path in _children(home) if rules.folder else ():
            with contextlib.suppress(OSError):
                known = path.suffix.lower() in rules.suffixes and not path.name.startswith(".")
                if known and path.is_file() and not path.is_symlink():
                    about = path.stat()
                    found.append(Stored(path.name, about.st_size, about.st_mtime))
        return sorted(found, key=lambda file: file.name.casefold())

    def find(self, kind: str, name: str) -> Path:
        """Return a file that is here; raises IntakeError."""
        rules = _kind(kind)
        try:
            path = self.place(rules, name)
        except OSError as error:
            raise _disk_error(name, error) from error
        if path.is_symlink() or not path.is_file():
            raise IntakeError(
                f"There is no {rules.name} '{legible(name)}'. Look at the list again."
            )
        return path

    def remove(self, kind: str, name: str) -> None:
        """Delete a file; raises IntakeError."""
        path = self.find(kind, name)
        try:
            path.unlink()
            sync_folder(path.parent)
        except OSError as error:
            raise _disk_error(name, error) from error

    def _inside(self, home: Path) -> None:
        if not home.resolve().is_relative_to(self.folder.resolve()):
            raise IntakeError(f"{home} leads out of {self.folder}. Remove the link.")


class Arrival:
    """A file on its way in; `close` it in any case."""

    def __init__(self, intake: Intake, kind: Kind, name: str) -> None:
        """Open a hidden file; raises OSError."""
        self.kind, self.name = kind, name
        self.size = 0
        self._intake = intake
        self._looked = 0
        handle, path = tempfile.mkstemp(suffix=Path(name).suffix, dir=intake.folder / INCOMING)
        self.path = Path(path)
        self._file = os.fdopen(handle, "wb")

    def write(self, data: bytes) -> None:
        """Add `data`; raises IntakeError once there is too much of it, or the disk is full."""
        self.size += len(data)
        if self.size > self.kind.most:
            raise _too_large(self.name, self.kind)
        try:
            if self.size - self._looked > _LOOK:
                self._looked = self.size
                _check_space(self.path.parent, 0)
            self._file.write(data)
        except OSError as error:
            raise _disk_error(self.name, error) from error

    def check(self) -> str:
        """Finish receiving and return in a few words what came; raises IntakeError."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _disk_error(self.name, error) from error
        if not self.size:
            raise IntakeError(f"'{legible(self.name)}' is empty. Send it again.")
        return self.kind.check(self.path, self.name)

    def keep(self, *, replace: bool = False) -> Path:
        """Give the checked file its place and return it; raises IntakeError if that is taken."""
        try:
            place = self._intake.place(self.kind, self.name)
            self.path.chmod(0o644)
            if replace:
                if place.is_dir() and not place.is_symlink():
                    raise IntakeError(f"'{legible(self.name)}' is a folder here. Remove it first.")
                self.path.replace(place)
            else:
                os.link(self.path, place, follow_symlinks=False)
            sync_folder(place.parent)
        except FileExistsError:
            raise IntakeError(
                f"There is a {self.kind.name} '{legible(self.name)}' already. Replace it, or give "
                "this one another name."
            ) from None
        except OSError as error:
            raise _disk_error(self.name, error) from error
        return place

    def close(self) -> None:
        """Forget what was received, unless it was kept."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def checked_name(kind: Kind, name: str) -> str:
    """Return `name` as it is written here; raises IntakeError if no such file may come in."""
    name = unicodedata.normalize("NFC", name)
    rule = check_name(f"samples/{name}")
    if rule is None and "/" in name:
        rule = "holds a /"
    if rule is None and len(name.encode("utf-8", "surrogatepass")) > _NAME_BYTES:
        rule = f"is longer than {_NAME_BYTES} bytes"
    if rule is None and Path(name).suffix.lower() not in kind.suffixes:
        rule = f"does not end in {' or '.join(kind.suffixes)}"
    if rule is not None:
        raise IntakeError(f"'{legible(name)}' {rule}. Give the {kind.name} another name.")
    return name


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        raise IntakeError(
            f"There are no files of the kind '{legible(kind)}', only {', '.join(KINDS)}."
        )
    return KINDS[kind]


def _children(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return


def _check_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise IntakeError(
            f"The disk has {max(0, free - SPARE) >> 20} MB left, too little for this file. Remove "
            "files that are not needed."
        )


def _too_large(name: str, kind: Kind) -> IntakeError:
    return IntakeError(
        f"'{legible(name)}' is larger than {kind.most >> 10} kB, the most a {kind.name} may have."
    )


def _disk_error(name: str, error: OSError) -> IntakeError:
    return IntakeError(
        f"'{legible(name)}' cannot be stored: {error.strerror or error}. Check the disk, or choose "
        "another name."
    )
