"""Decides where checked copies go: nothing that the player has is ever overwritten for good.

What is there and equal stays. What is there and differs gets company: the newcomer takes the slot
or a dated name, and the sound that had the slot moves to a free one, dated too.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from appliance.panel.usb.plan import contents
from appliance.presets.finding import factory_shelf
from appliance.presets.preset import SUFFIX, Preset, parse_preset, write_preset
from appliance.presets.shelf import SLOTS, Shelf, slot_of
from appliance.storage import make_folder, write_through

_NAME_LENGTH = 64
_BLOCK = 1 << 20


@dataclass(slots=True)
class Placing:
    """Gathers moves and slots for a plan, in the player's `folder` with copies in `stage`."""

    folder: Path
    stage: Path
    today: str = field(default_factory=lambda: datetime.date.today().isoformat())
    moves: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    slots: dict[int, str | None] = field(default_factory=dict[int, str | None])
    renamed: dict[str, str] = field(default_factory=dict[str, str])
    """New names of files whose own were taken."""
    lines: list[str] = field(default_factory=list[str])
    _bank: dict[int, bytes] = field(default_factory=dict[int, bytes])
    _factory: dict[int, bytes] = field(default_factory=dict[int, bytes])
    _taken: set[str] = field(default_factory=set[str])
    _made: int = 0

    def __post_init__(self) -> None:
        """Read the bank as it stands."""
        shelf = Shelf(self.folder / "presets" / "bank")
        self._factory = contents(factory_shelf())
        self._bank = contents(shelf) if shelf.exists else dict(self._factory)

    def file(self, copy: Path, name: str) -> None:
        """Place a file at `name` below the player's folder, or beside one that differs."""
        target = self.folder / name
        if self._is_free(name):
            self._move(copy, name)
        elif not same(copy, target):
            other = self._dated(name)
            self.renamed[name] = other
            self._move(copy, other)
            self.lines.append(f"{name} is new as {other}: another one has its name.")

    def preset(self, copy: Path, name: str) -> None:
        """Place a preset: in the slot of its number, else in a free one, else by its name."""
        data = self.with_new_names(copy.read_bytes())
        preset = parse_preset(data, source=name)
        slot = slot_of(Path(name))
        if slot is None and data in self._bank.values():
            return
        self.sound(data, preset, slot or self._free_slot(), Path(name).stem)

    def with_new_names(self, data: bytes) -> bytes:
        """Return the text of a preset that plays from files as they are called here."""
        preset = parse_preset(data, source="preset")
        files = {address: self.renamed.get(f, f) for address, f in preset.files.items()}
        if files == preset.files:
            return data
        return write_preset(msgspec.structs.replace(preset, files=files)).encode()

    def sound(self, data: bytes, preset: Preset, slot: int | None, stem: str) -> None:
        """Place the text of a preset into `slot`, or by its name if that is None."""
        if slot is None:
            self._by_name(data, stem)
            self.lines.append(f"{preset.name} is a preset by name: the bank is full.")
            return
        there = self._bank.get(slot)
        if there == data:
            return
        self._put(slot, data)
        self.lines.append(f"{preset.name} is in slot {slot}.")
        if there is not None and there != self._factory.get(slot):
            self._keep(there, slot)

    def bank(self, presets: Mapping[int, bytes]) -> None:
        """Let `presets` be the whole bank."""
        for slot in range(1, SLOTS + 1):
            data = presets.get(slot)
            if data is None and slot in self._bank:
                self._bank.pop(slot)
                self.slots[slot] = None
            elif data is not None and self._bank.get(slot) != data:
                self._put(slot, data)
        self.lines.append(f"The bank is a new one of {len(presets)} presets.")

    @property
    def differs(self) -> bool:
        """Whether the bank holds anything that the factory's does not."""
        return self._bank != self._factory

    def dated(self, name: str) -> str:
        """Return a free name with the date in it."""
        return self._dated(name)

    def move(self, copy: Path, name: str) -> None:
        """Move `copy` to the free `name`."""
        self._move(copy, name)

    def _keep(self, data: bytes, slot: int) -> None:
        """Keep a sound that lost its slot: in a free one, or by its name."""
        if data in self._bank.values():
            return
        preset = parse_preset(data, source=f"slot {slot}")
        suffix = f" ({self.today})"
        name = preset.name.removesuffix(suffix)[: _NAME_LENGTH - len(suffix)] + suffix
        preset = msgspec.structs.replace(preset, name=name)
        kept = write_preset(preset).encode()
        free = self._free_slot()
        if free is not None:
            self._put(free, kept)
            self.lines.append(f"{preset.name}, before in slot {slot}, is in slot {free}.")
        else:
            place = self._by_name(kept, preset.name)
            self.lines.append(f"{preset.name}, before in slot {slot}, is kept as {place}.")

    def _put(self, slot: int, data: bytes) -> None:
        self._bank[slot] = data
        self.slots[slot] = self._write(data)

    def _by_name(self, data: bytes, stem: str) -> str:
        word = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:48] or "preset"
        name = f"presets/{word}{SUFFIX}"
        if not self._is_free(name):
            if (self.folder / name).is_file() and (self.folder / name).read_bytes() == data:
                return name
            name = self._dated(name)
        self._move(self.stage / self._write(data), name)
        return name

    def _write(self, data: bytes) -> str:
        self._made += 1
        name = f"made/{self._made}{SUFFIX}"
        make_folder((self.stage / name).parent)
        write_through(self.stage / name, data)
        return name

    def _free_slot(self) -> int | None:
        return next((slot for slot in range(1, SLOTS + 1) if slot not in self._bank), None)

    def _move(self, copy: Path, name: str) -> None:
        self._taken.add(name)
        self.moves.append((copy.relative_to(self.stage).as_posix(), name))

    def _is_free(self, name: str) -> bool:
        return name not in self._taken and not (self.folder / name).exists()

    def _dated(self, name: str) -> str:
        path = Path(name)
        number = 1
        other = path.with_name(f"{path.stem}-{self.today}{path.suffix}").as_posix()
        while not self._is_free(other):
            number += 1
            other = path.with_name(f"{path.stem}-{self.today}-{number}{path.suffix}").as_posix()
        return other


def same(one: Path, other: Path) -> bool:
    """Return whether two files are equal."""
    if not other.is_file() or one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as a, other.open("rb") as b:
        while block := a.read(_BLOCK):
            if block != b.read(_BLOCK):
                return False
    return True
