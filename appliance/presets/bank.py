"""A bank in memory: 64 slots of presets that were read and checked, ready for the engine."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.errors import PresetError
from appliance.parameters import Table
from appliance.presets.preset import Preset, parse_preset, write_preset
from appliance.presets.shelf import SLOTS, Shelf


@dataclass(frozen=True, slots=True)
class Entry:
    """A filled slot: the preset, the bytes of its file and all values, float64 (parameters,)."""

    preset: Preset
    data: bytes
    settings: NDArray[np.float64]


class Bank:
    """Slots 1 to 64 for a box with `table`, whose values without a preset are `base`."""

    def __init__(self, table: Table, base: NDArray[np.float64]) -> None:
        """Begin with empty slots."""
        self.table = table
        self.base = base
        self.version = 0
        """Rises with every change."""
        self._entries: dict[int, Entry] = {}

    def __contains__(self, slot: object) -> bool:
        """Return whether `slot` is filled."""
        return slot in self._entries

    def __iter__(self) -> Iterator[int]:
        """Iterate over the filled slots, rising."""
        return iter(sorted(self._entries))

    def __getitem__(self, slot: int) -> Entry:
        """Return a filled slot; raises PresetError naming the filled ones."""
        check_slot(slot)
        if slot not in self._entries:
            filled = spans(list(self)) or "none"
            raise PresetError(f"Slot {slot} is empty. Filled slots: {filled}.")
        return self._entries[slot]

    def get(self, slot: int) -> Entry | None:
        """Return a slot, None if it is empty."""
        return self._entries.get(slot)

    def entry(self, preset: Preset) -> Entry:
        """Return what a slot would hold of `preset`."""
        return Entry(preset, write_preset(preset).encode(), preset.settings(self.table, self.base))

    def read(self, data: bytes, *, source: str) -> Entry:
        """Return what a slot would hold of a file's `data`; raises PresetError."""
        preset = parse_preset(data, source=source)
        return Entry(preset, data, preset.settings(self.table, self.base))

    def put(self, slot: int, entry: Entry | None) -> None:
        """Fill or empty a slot; raises PresetError if there is no such slot."""
        check_slot(slot)
        self.version += 1
        if entry is None:
            self._entries.pop(slot, None)
        else:
            self._entries[slot] = entry

    def step(self, slot: int | None, by: int, *, wrap: bool) -> int:
        """Return the next (`by` 1) or previous (-1) filled slot from `slot` on.

        Raises PresetError if the bank is empty, or at its end if it is not to `wrap`.
        """
        filled = list(self)[:: 1 if by > 0 else -1]
        if not filled:
            raise PresetError("The bank is empty. Store a preset, or import a bank.")
        start = slot if slot is not None else (0 if by > 0 else SLOTS + 1)
        for each in filled:
            if (each - start) * by > 0:
                return each
        if wrap:
            return filled[0]
        place = "last" if by > 0 else "first"
        raise PresetError(
            f"Slot {filled[-1]} is the {place} filled one. Switch wrapping on to go round."
        )


def read_bank(bank: Bank, shelf: Shelf, *, repair: bool = False) -> list[str]:
    """Fill `bank` with what lies on `shelf`; return a sentence for each thing that is wrong.

    A file that cannot be used gives way to the newest good version of its slot. With `repair` it
    is moved aside and that version is put in its place.
    """
    problems: list[str] = []
    try:
        list(shelf.folder.iterdir())
        if repair:
            shelf.mend()
    except FileNotFoundError:
        return problems
    except (OSError, PresetError) as error:
        problems.append(f"{shelf.folder} is not in order: {error}. Check the disk.")
    files = shelf.files()
    for slot, data in sorted(shelf.read().items()):
        try:
            bank.put(slot, _entry(bank, data, str(files.get(slot, f"slot {slot}"))))
        except PresetError as error:
            problems.append(_replace(bank, shelf, slot, str(error), repair))
    problems.extend(
        f"{file.name} is passed over: another file has its slot. Give it another number."
        for file in shelf.doubles()
    )
    return problems


def remember(bank: Bank, shelf: Shelf) -> None:
    """Make every slot's present content the newest of its versions; raises OSError."""
    for slot in bank:
        shelf.history.keep(slot, bank[slot].data)


def check_slot(slot: int) -> None:
    """Raise PresetError unless `slot` is one."""
    if not 1 <= slot <= SLOTS:
        raise PresetError(f"There is no slot {slot}: a bank has slots 1 to {SLOTS}.")


def spans(numbers: list[int]) -> str:
    """Return rising numbers in short: "1-4, 9"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)


def _entry(bank: Bank, data: bytes | OSError, source: str) -> Entry:
    if isinstance(data, OSError):
        raise PresetError(f"{source} cannot be read: {data.strerror}.")
    return bank.read(data, source=source)


def _replace(bank: Bank, shelf: Shelf, slot: int, reason: str, repair: bool) -> str:
    """Fill `slot` with its last good version; return the sentence that tells of it."""
    good: Entry | None = None
    for version in shelf.history.versions(slot):
        try:
            good = bank.read(version.data, source=f"slot {slot}")
            break
        except PresetError:
            continue
    bank.put(slot, good)
    used = "its last good version is used" if good else "the slot is empty"
    if not repair:
        return f"{reason} Until it is corrected, {used}."
    place = shelf.put_aside(slot, good.data if good else None)
    if place is None:
        return f"{reason} It could not be moved aside; {used}, in memory only."
    return f"{reason} It was moved to {place}; {used}."
