"""The folder of a bank: one file per slot, `01.yaml` to `64.yaml`, that people may edit.

A name may go on behind the number, as in `07-still-water.yaml`. Beside them lie `history/`, the
versions of each slot, and `aside/`, what could not be read. Nothing else in the folder is touched.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from appliance.errors import PresetError
from appliance.presets.history import History
from appliance.presets.journal import change_files, finish_change, locked, pending_change
from appliance.presets.preset import SUFFIX
from appliance.storage import UNFINISHED, make_folder, sync_folder, write_file, write_through
from appliance.yaml_file import MAX_BYTES

SLOTS = 64
_NAME = re.compile(r"([0-9]{2})(-[^/]*)?\.yaml")

Signature = tuple[int, int, int]
"""What changes when a file does: its time in ns, size and inode."""


class Shelf:
    """Reads and changes the files of one bank."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it need not exist yet."""
        self.folder = folder
        self.history = History(folder / "history")

    @property
    def exists(self) -> bool:
        """Whether there is a bank at all."""
        return self.folder.is_dir()

    def files(self) -> dict[int, Path]:
        """Return the file of each slot that has one; of two, the one that is written to."""
        found: dict[int, Path] = {}
        for file in sorted(self._listed(), reverse=True):
            slot = slot_of(file)
            if slot and (slot not in found or file.stem == f"{slot:02}"):
                found[slot] = file
        return found

    def doubles(self) -> list[Path]:
        """Return the files that are passed over because another one has their slot."""
        used = set(self.files().values())
        return sorted(f for f in self._listed() if slot_of(f) and f not in used)

    def signatures(self) -> dict[int, Signature]:
        """Return the signature of each slot's file."""
        found: dict[int, Signature] = {}
        for slot, file in self.files().items():
            with contextlib.suppress(OSError):
                state = file.stat()
                found[slot] = (state.st_mtime_ns, state.st_size, state.st_ino)
        return found

    def read(self) -> dict[int, bytes | OSError]:
        """Return the content of every slot, or why it cannot be read.

        A change that a power cut stopped half-way counts as done.
        """
        found = {slot: _content(file) for slot, file in self.files().items()}
        try:
            for name, data in pending_change(self.folder).items():
                slot = slot_of(Path(name))
                if slot and data is not None:
                    found[slot] = data
                elif slot:
                    found.pop(slot, None)
        except OSError:
            pass  # the disk is failing: what else can be read is better than nothing
        return found

    def mend(self) -> None:
        """Finish a change that was cut short and clear its leftovers away; raises OSError."""
        with locked(self.folder):
            finish_change(self.folder)
            for left in self.folder.glob(f".*{UNFINISHED}"):
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)

    def create(self, contents: Mapping[int, bytes]) -> None:
        """Make the bank with `contents`, whole or not at all; raises OSError."""
        scratch = self.folder.with_name(f".{self.folder.name}{UNFINISHED}")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        for slot, data in contents.items():
            write_through(scratch / f"{slot:02}{SUFFIX}", data)
        sync_folder(scratch)
        scratch.rename(self.folder)
        sync_folder(self.folder.parent)

    def write(self, changes: Mapping[int, bytes | None]) -> None:
        """Change slots, all or none; None empties one. What was there goes into the history.

        On return it is on the disk. Raises PresetError, the bank being as before.
        """
        try:
            if not self.exists:
                self.create({s: data for s, data in changes.items() if data is not None})
                return
            with locked(self.folder):
                finish_change(self.folder)
                for file in self.doubles():
                    if slot_of(file) in changes:
                        self._move_aside(file)  # it would take the place of an emptied slot
                files = self.files()
                for slot in changes:
                    if slot in files:
                        self._keep(slot, files[slot])
                files = self.files()
                change_files(
                    self.folder,
                    {self._name(slot, files): data for slot, data in changes.items()},
                )
        except OSError as error:
            slots = ", ".join(str(slot) for slot in changes)
            raise PresetError(
                f"Slot {slots} of {self.folder} cannot be written: {error.strerror or error}. "
                "Free some space, or check the disk."
            ) from error

    def put_aside(self, slot: int, instead: bytes | None = None) -> Path | None:
        """Move the file of `slot` out of the way and put a file of `instead` in its place.

        At no moment is there neither. Returns where it went; None if it could not be moved.
        """
        try:
            with locked(self.folder):
                file = self.files().get(slot)
                if file is None:
                    return None
                if instead is None:
                    return self._move_aside(file)
                place = self._free_place(file)
                _double(file, place)
                write_file(file, instead)
        except (OSError, PresetError):
            return None
        return place

    def _move_aside(self, file: Path) -> Path:
        place = self._free_place(file)
        file.rename(place)
        sync_folder(place.parent)
        sync_folder(self.folder)
        return place

    def _free_place(self, file: Path) -> Path:
        aside = self.folder / "aside"
        make_folder(aside)
        place = aside / file.name
        number = 1
        while place.exists():
            number += 1
            place = aside / f"{file.stem}-{number}{SUFFIX}"
        return place

    def _keep(self, slot: int, file: Path) -> None:
        data = _content(file)
        if isinstance(data, bytes) and len(data) <= MAX_BYTES:
            self.history.keep(slot, data)
        else:
            self._move_aside(file)

    def _name(self, slot: int, files: Mapping[int, Path]) -> str:
        return files[slot].name if slot in files else f"{slot:02}{SUFFIX}"

    def _listed(self) -> list[Path]:
        try:
            with os.scandir(self.folder) as entries:
                return [Path(entry.path) for entry in entries if entry.name.endswith(SUFFIX)]
        except OSError:
            return []


def slot_of(file: Path) -> int | None:
    """Return the slot, 1 to 64, that a file name stands for, None if it stands for none."""
    name = _NAME.fullmatch(file.name)
    slot = int(name[1]) if name else 0
    return slot if 1 <= slot <= SLOTS else None


def _double(file: Path, place: Path) -> None:
    """Let the content of `file` lie at `place` too."""
    try:
        place.hardlink_to(file)
    except OSError:  # not every file system has links
        shutil.copyfile(file, place)
    sync_folder(place.parent)


def _content(file: Path) -> bytes | OSError:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        return error
