"""What lies on a stick: names, sizes and kinds, without opening anything and without trust.

Only `neural-synth/` is looked at, in the folders it may have. Links are not followed, what is no
plain file is refused, and whoever hides a hundred thousand files there is told so and sent away.
"""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import DeviceError
from appliance.panel.kinds import KINDS, Kind
from appliance.presets.file_name import check_name
from appliance.yaml_file import MAX_BYTES, legible

HOME = "neural-synth"
OUTPUT = "from-box"
"""Where the box writes on the stick."""
EXPORT = ("export", "export.txt")
"""A file of such a name asks for the player's bank."""
CONFIG = "config.yaml"
MAX_ENTRIES = 5000
MAX_TOTAL = 4 << 30
MAX_DEPTH = 3
"""Folders below one of the kinds' own."""
_PATIENCE = 60.0  # seconds for all of the looking
_SENTENCES = 50
FOLDERS = {
    "presets": "preset",
    "banks": "bank",
    "models": "model",
    "samples": "sample",
    "latents": "latents",
}
"""The folders of the stick's home, and the kind of file that each holds."""
_JUNK = ("Thumbs.db", "desktop.ini", "System Volume Information")


@dataclass(frozen=True, slots=True)
class Item:
    """A file worth reading: `name` is relative to the stick's home, `size` in bytes.

    `stamp` is its time in ns; `kind` is None for the configuration.
    """

    name: str
    size: int
    stamp: int
    kind: Kind | None

    @property
    def key(self) -> str:
        """What tells this file from every other, without reading it."""
        return f"{self.size} {self.stamp} {self.name}"


@dataclass(slots=True)
class Survey:
    """What was found; `refused` has a sentence for each thing that is not taken."""

    home: Path
    items: list[Item] = field(default_factory=list[Item])
    refused: list[str] = field(default_factory=list[str])
    more_refused: int = 0
    wants_export: bool = False
    is_ours: bool = False
    """Whether the stick has anything to do with us."""

    def refuse(self, name: str, rule: str) -> None:
        """Note that `name` is not taken: a few dozen sentences are enough for anybody."""
        if len(self.refused) < _SENTENCES:
            self.refused.append(f"{legible(name)} {rule}.")
        else:
            self.more_refused += 1


def survey(stick: Path) -> Survey:
    """Look at the stick that is mounted at `stick`; raises DeviceError if it is gone or hostile."""
    found = Survey(stick / HOME)
    try:
        about = os.lstat(found.home)
    except FileNotFoundError:
        return found
    except OSError as error:
        raise _gone(error) from error
    found.is_ours = True
    if not stat.S_ISDIR(about.st_mode):
        found.refuse(HOME, "is no folder")
        return found
    try:
        walk = _Walk(found)
        for entry in walk.children(found.home):
            walk.top(entry)
    except OSError as error:
        raise _gone(error) from error
    found.items.sort(key=lambda item: item.name)
    if sum(item.size for item in found.items) > MAX_TOTAL:
        raise DeviceError(
            f"The stick brings more than {MAX_TOTAL >> 30} GB. Put less into its folder {HOME}."
        )
    return found


class _Walk:
    def __init__(self, found: Survey) -> None:
        self._found = found
        self._count = 0
        self._end = time.monotonic() + _PATIENCE

    def children(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        """Yield what is in `folder`, in any order; raises DeviceError when there is too much."""
        with os.scandir(folder) as entries:
            for entry in entries:
                self._count += 1
                if self._count > MAX_ENTRIES:
                    raise DeviceError(
                        f"The stick has more than {MAX_ENTRIES} files and folders in {HOME}. "
                        "Put fewer there."
                    )
                if time.monotonic() > self._end:
                    raise DeviceError("The stick is too slow to be read. Try another one.")
                if not entry.name.startswith((".", "__MACOSX")) and entry.name not in _JUNK:
                    yield entry

    def top(self, entry: os.DirEntry[str]) -> None:
        """Look at what lies directly in the stick's home."""
        name, found = entry.name, self._found
        if name == OUTPUT:
            return
        if name in EXPORT:
            found.wants_export = True
        elif entry.is_symlink():
            found.refuse(name, "is a link, which is not followed")
        elif entry.is_dir(follow_symlinks=False):
            if name in FOLDERS:
                self._folder(Path(entry.path), name, KINDS[FOLDERS[name]], 1)
            else:
                known = ", ".join(FOLDERS)
                found.refuse(name, f"is no folder that is known here; they are {known}")
        elif name == CONFIG:
            self._file(entry, name, None)
        else:
            found.refuse(name, "belongs into one of the folders " + ", ".join(FOLDERS))

    def _folder(self, folder: Path, name: str, kind: Kind, depth: int) -> None:
        for entry in self.children(folder):
            inner = f"{name}/{entry.name}"
            if entry.is_symlink():
                self._found.refuse(inner, "is a link, which is not followed")
            elif entry.is_dir(follow_symlinks=False):
                if depth >= MAX_DEPTH:
                    self._found.refuse(inner, f"lies more than {MAX_DEPTH} folders deep")
                else:
                    self._folder(Path(entry.path), inner, kind, depth + 1)
            else:
                self._file(entry, inner, kind)

    def _file(self, entry: os.DirEntry[str], name: str, kind: Kind | None) -> None:
        about = entry.stat(follow_symlinks=False)
        most = MAX_BYTES if kind is None else kind.most
        base = name.rpartition("/")[2]
        kept = name if name.startswith(("samples/", "latents/")) else f"samples/{base}"
        rule = check_name(kept)
        if not stat.S_ISREG(about.st_mode):
            rule = "is no plain file"
        elif rule is None and kind is not None and Path(base).suffix.lower() not in kind.suffixes:
            rule = f"does not end in {' or '.join(kind.suffixes)}"
        elif rule is None and about.st_size == 0:
            rule = "is empty"
        elif rule is None and about.st_size > most:
            rule = f"has {about.st_size >> 20} MB, more than the {most >> 20} MB it may have"
        if rule is not None:
            self._found.refuse(name, rule)
            return
        self._found.items.append(Item(name, about.st_size, about.st_mtime_ns, kind))


def _gone(error: OSError) -> DeviceError:
    return DeviceError(f"The stick cannot be read ({error.strerror or error}). Plug it in again.")
