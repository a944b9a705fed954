"""Writes an update into the slot that does not play, and keeps it only once it has played.

The order makes every moment safe. Until the trial is asked for, nothing that a start reads has
changed; a trial that fails or loses its power ends in the slot that was kept; `keep` is one write.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import UpdateError
from appliance.storage import write_file
from appliance.update.bundle import Bundle, Part
from appliance.update.selector import Selector, Slot, other

SLOT_MARK = b"neural.slot="
Progress = Callable[[str, float], None]
"""Takes what is being done and how far it is, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs now: on which board, from which slot, of which moment (seconds since 1970)."""

    board: str
    slot: Slot
    built: int


class Updater:
    """Updates the slot beside the running one; `devices` finds a partition by its name."""

    def __init__(
        self,
        running: Running,
        selector: Selector,
        devices: Callable[[str], Path],
        *,
        state: Path,
        progress: Progress = lambda _text, _share: None,
    ) -> None:
        """Keep which bundle lies in which slot in the folder `state`."""
        self._running = running
        self._selector = selector
        self._devices = devices
        self._state = state
        self._progress = progress

    @property
    def in_trial(self) -> bool:
        """Whether the running slot has yet to prove itself."""
        slot = self._running.slot
        return self._selector.kept() != slot or self._selector.guarded() == slot

    def refuse(self, bundle: Bundle, *, older: bool = False) -> None:
        """Raise UpdateError unless the bundle fits this board and is newer, or may be `older`."""
        description = bundle.description
        if self._running.board not in description.boards:
            raise UpdateError(
                f"{bundle.name} is for {', '.join(description.boards)}; this box is"
                f" {self._running.board}. Take the update for that board."
            )
        if self.in_trial:
            raise UpdateError(
                "This box still tries its last update; wait until it is kept or taken back."
            )
        if description.built < self._running.built and not older:
            raise UpdateError(
                f"{bundle.name} is older than what runs; put a file named 'older' beside it to go"
                " back all the same."
            )

    def write(self, bundle: Bundle, *, older: bool = False) -> Slot:
        """Write the bundle into the other slot; return that slot. Raises UpdateError, OSError.

        On return all of it is on the card and has been read back.
        """
        self.refuse(bundle, older=older)
        target = other(self._running.slot)
        total = sum(part.size for part in bundle.description.parts)
        done = 0
        for part in bundle.description.parts:
            device = self._devices(f"{part.name}_{target}")
            with device.open("r+b", buffering=0) as writing:
                self._check_room(part, writing.seek(0, os.SEEK_END), device)
                writing.seek(0)
                for block in bundle.blocks(part):
                    marked = set_slot(block, target) if part.name == "boot" else block
                    _write_all(writing.fileno(), marked)
                    done += len(block)
                    self._progress("writing the update", done / total)
                os.fsync(writing.fileno())
        write_file(self._state / f"slot-{target}", f"{bundle.description.version}\n".encode())
        return target

    def keep(self) -> bool:
        """Keep the running slot after it has proved healthy; return whether that was news."""
        if not self.in_trial:
            return False
        self._selector.keep(self._running.slot)
        if self._selector.guarded() is not None:
            self._selector.unguard()
        return True

    @staticmethod
    def _check_room(part: Part, room: int, device: Path) -> None:
        if part.size > room:
            raise UpdateError(
                f"The {part.name} part has {part.size >> 20} MiB and {device} only {room >> 20};"
                " flash the card anew with the new image."
            )


def set_slot(block: bytes, slot: Slot) -> bytes:
    """Return a block of a boot partition whose command line names `slot`."""
    at = block.find(SLOT_MARK)
    if at < 0 or at + len(SLOT_MARK) >= len(block):
        return block
    place = at + len(SLOT_MARK)
    return block[:place] + slot.encode() + block[place + 1 :]


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
