"""What will be done with checked copies, written down before anything is done.

Once the plan is on the disk it is carried out, if need be after a power cut; before that nothing
has happened. Every step may be done twice.
"""

import contextlib
import shutil
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.errors import DeviceError
from appliance.panel.usb.luggage import full
from appliance.presets.finding import factory_shelf
from appliance.presets.shelf import Shelf
from appliance.storage import make_folder, sync_folder, write_file
from appliance.yaml_file import MAX_BYTES

STAGE = ".stick"
"""The hidden folder, in the player's, where copies wait."""
_PLAN = "plan.json"
_SEEN = "stick-seen.json"
_MOST_SEEN = 20_000

Name = Annotated[str, Meta(max_length=1024)]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Steps, in order: files to move, slots to change, what is known then.

    `moves` are (from, to): below the stage, and below the player's folder. `slots` gives the file
    below the stage that each slot takes, None to empty it. `seen` are the keys of the items.
    """

    moves: list[tuple[Name, Name]] = []
    slots: dict[int, Name | None] = {}
    seen: list[Name] = []
    lines: list[Name] = []


class Stage:
    """The hidden folder of one player, and the plan in it."""

    def __init__(self, folder: Path) -> None:
        """Use the player's `folder`."""
        self.folder = folder
        self.path = folder / STAGE
        self._plan = self.path / _PLAN

    def empty(self) -> None:
        """Begin anew; what lay there without a plan never happened."""
        try:
            shutil.rmtree(self.path, ignore_errors=True)
            make_folder(self.path)
        except OSError as error:
            raise full(error) from error

    def commit(self, plan: Plan) -> None:
        """Write the plan down: from here on it will be carried out."""
        try:
            for folder in {(self.path / name).parent for name, _ in plan.moves}:
                sync_folder(folder)
            write_file(self._plan, msgspec.json.encode(plan))
        except OSError as error:
            raise full(error) from error

    def waiting(self) -> Plan | None:
        """Return the plan that is not carried out yet, None if there is none."""
        try:
            return msgspec.json.decode(self._plan.read_bytes(), type=Plan)
        except (OSError, msgspec.DecodeError):
            return None

    def carry_out(self, plan: Plan) -> None:
        """Do all that `plan` says that is not done yet; raises DeviceError, PresetError."""
        try:
            for source, target in plan.moves:
                self._move(self.path / source, self.folder / target)
            self._change_slots(plan)
            self._remember(plan.seen)
            self._plan.unlink()
            sync_folder(self.path)
        except OSError as error:
            raise full(error) from error
        shutil.rmtree(self.path, ignore_errors=True)

    def seen(self) -> set[str]:
        """Return the keys of all items that were taken, or looked at and refused, before."""
        try:
            data = (self.folder / _SEEN).read_bytes()
            return set(msgspec.json.decode(data, type=list[str]))
        except (OSError, msgspec.DecodeError):
            return set()

    def _move(self, source: Path, target: Path) -> None:
        if not source.exists():
            return  # done before the power was cut
        make_folder(target.parent)
        if not target.parent.resolve().is_relative_to(self.folder.resolve()):
            raise DeviceError(f"{target.parent} leads out of {self.folder}. Remove the link.")
        source.replace(target)
        sync_folder(target.parent)

    def _change_slots(self, plan: Plan) -> None:
        shelf = Shelf(self.folder / "presets" / "bank")
        changes = {
            slot: None if name is None else _content(self.path / name)
            for slot, name in plan.slots.items()
        }
        if not shelf.exists:  # it begins as a copy of the factory's
            changes = {**contents(factory_shelf()), **changes}
        now = contents(shelf)
        changes = {slot: data for slot, data in changes.items() if now.get(slot) != data}
        if changes and plan.slots:
            shelf.write(changes)

    def _remember(self, keys: list[str]) -> None:
        known = self.seen()
        fresh = [key for key in keys if key not in known]
        if not fresh:
            return
        with contextlib.suppress(OSError, msgspec.DecodeError):
            kept = msgspec.json.decode((self.folder / _SEEN).read_bytes(), type=list[str])
            fresh = [*kept, *fresh]
        write_file(self.folder / _SEEN, msgspec.json.encode(fresh[-_MOST_SEEN:]))


def contents(shelf: Shelf) -> dict[int, bytes]:
    """Return the slots of `shelf` that can be read."""
    return {slot: data for slot, data in shelf.read().items() if isinstance(data, bytes)}


def _content(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)
