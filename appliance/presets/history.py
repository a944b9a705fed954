"""The versions that each slot of a bank has had: the present one and the last ten before it."""

import re
from pathlib import Path
from typing import NamedTuple

from appliance.storage import make_folder, write_file

KEPT = 10
"""Versions kept besides the present one."""

_NAME = re.compile(r"([0-9]{2})-([0-9]{6})\.yaml")


class Version(NamedTuple):
    """One version of a slot: its number, which only grows, and the bytes of its file."""

    number: int
    data: bytes


class History:
    """Files such as 07-000012.yaml, the twelfth version of slot 7, in one folder."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when the first version is kept."""
        self.folder = folder

    def versions(self, slot: int) -> list[Version]:
        """Return the versions of `slot` that can be read, the newest first."""
        found: list[Version] = []
        for number in reversed(self._numbers(slot)):
            try:
                found.append(Version(number, self._file(slot, number).read_bytes()))
            except OSError:
                continue
        return found

    def keep(self, slot: int, data: bytes) -> None:
        """Make `data` the newest version of `slot`, unless it is; raises OSError."""
        numbers = self._numbers(slot)
        if numbers:
            try:
                if self._file(slot, numbers[-1]).read_bytes() == data:
                    return
            except OSError:
                pass
        make_folder(self.folder)
        write_file(self._file(slot, (numbers[-1] if numbers else 0) + 1), data)
        for number in numbers[:-KEPT]:
            self._file(slot, number).unlink(missing_ok=True)

    def _file(self, slot: int, number: int) -> Path:
        return self.folder / f"{slot:02}-{number:06}.yaml"

    def _numbers(self, slot: int) -> list[int]:
        """Return the numbers of the slot's versions, rising."""
        try:
            names = [_NAME.fullmatch(file.name) for file in self.folder.iterdir()]
        except OSError:
            return []
        return sorted(int(name[2]) for name in names if name and int(name[1]) == slot)
