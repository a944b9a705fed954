"""Saves of every kind, cut off at every call; `python -m tests.presets.saving` runs in such a disk.

Each save begins with the same folder. A child of this process makes it, and is killed at one call
or has that call and all after it fail. Then the bank is read as a start would, and must be as it
was before or as it is after, whole; after a kill behind the call that makes the change hold, only
the latter. One line of JSON per save tells what was found.
"""

import errno
import json
import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from appliance.errors import PresetError
from appliance.parameters import Table, Values
from appliance.presets.archive import export_bank, import_bank
from appliance.presets.bank import Bank, read_bank
from appliance.presets.diary import Diary
from appliance.presets.preset import Preset, write_preset
from appliance.presets.session import Manner
from appliance.presets.shelf import Shelf
from tests.presets.faulty_disk import FaultyDisk

TABLE = Table(4)
BASE = Values(TABLE).array
SAMPLE = b"sound" * 5000
ERRORS = (0, errno.ENOSPC, errno.EROFS, errno.EIO)


def text(name: str) -> bytes:
    """Return a preset file."""
    return write_preset(Preset(name=name, parameters={"/offset/1/value": 0.5})).encode()


def prepare(folder: Path) -> None:
    """Make a box with six presets, a history, a session, an archive and a file to play from."""
    shelf = Shelf(folder / "bank")
    shelf.create({slot: text(f"old {slot}") for slot in (1, 2, 3, 5, 8, 64)})
    shelf.write({3: text("old 3 again")})
    Diary(folder / "session.yaml").write(Preset(name="old"), 1, Manner(), clean=False)
    bank = Bank(TABLE, BASE)
    for slot in (2, 4, 6):
        files = {"/jam/1/file": "samples/new.wav"} if slot == 6 else {}
        bank.put(slot, bank.entry(Preset(name=f"new {slot}", files=files)))
    (folder / "there/samples").mkdir(parents=True)
    (folder / "there/samples/new.wav").write_bytes(SAMPLE)
    export_bank(bank, folder / "new.zip", [folder / "there"])


def store(folder: Path) -> None:
    Shelf(folder / "bank").write({2: text("new 2")})


def fill(folder: Path) -> None:
    Shelf(folder / "bank").write({7: text("new 7")})


def clear(folder: Path) -> None:
    Shelf(folder / "bank").write({64: None})


def swap(folder: Path) -> None:
    Shelf(folder / "bank").write({1: text("old 2"), 2: text("old 1")})


def several(folder: Path) -> None:
    Shelf(folder / "bank").write({2: None, 4: text("new 4"), 5: text("new 5"), 6: text("new 6")})


def create(folder: Path) -> None:
    Shelf(folder / "fresh").write({1: text("new 1"), 2: text("new 2")})


def session(folder: Path) -> None:
    Diary(folder / "session.yaml").write(Preset(name="new"), 2, Manner(), clean=True)


def take_over(folder: Path) -> None:
    bank = Bank(TABLE, BASE)
    entries = import_bank(folder / "new.zip", bank, folder)
    Shelf(folder / "bank").write({slot: entry.data for slot, entry in entries.items()})


def write_out(folder: Path) -> None:
    bank = Bank(TABLE, BASE)
    read_bank(bank, Shelf(folder / "bank"))
    export_bank(bank, folder / "new.zip", [])


def mend(folder: Path) -> None:
    """Start with a bank of which one file is damaged and a change was cut short."""
    read_bank(Bank(TABLE, BASE), Shelf(folder / "bank"), repair=True)


SAVES = (store, fill, clear, swap, several, create, session, take_over, write_out, mend)


def damage(folder: Path) -> None:
    """Leave what a power cut and a careless editor leave."""
    bank = folder / "bank"
    (bank / "03.yaml").write_bytes(b"name: [")
    change = bank / ".change"
    change.mkdir()
    (change / "05.yaml").write_bytes(text("new 5"))
    (change / "08.yaml.gone").write_bytes(b"")


def found(folder: Path) -> dict[str, object]:
    """Return what a start finds: names by slot, the session, the archive's slots, the sample."""
    state: dict[str, object] = {}
    for name in ("bank", "fresh"):
        bank = Bank(TABLE, BASE)
        read_bank(bank, Shelf(folder / name), repair=True)
        state[name] = {slot: bank[slot].preset.name for slot in bank}
    last = Diary(folder / "session.yaml").last
    state["session"] = last.sound.name if last and last.sound else None
    try:
        state["zip"] = sorted(import_bank(folder / "new.zip", Bank(TABLE, BASE), folder / "x"))
    except PresetError as error:
        state["zip"] = str(error)
    sample = folder / "samples/new.wav"
    state["sample"] = sample.stat().st_size if sample.exists() else None
    return state


class Campaign:
    """Saves in `folder`, each cut off at a call of one's choice."""

    def __init__(self, folder: Path) -> None:
        """Make the folder every save begins with."""
        self._folder = folder
        self._disk = FaultyDisk()
        self._start = folder / "start"
        prepare(self._start)

    def calls(self, save: Callable[[Path], None]) -> list[tuple[str, str, str]]:
        """Return the calls of a save that is left in peace, with paths below its folder."""
        work = self._fresh(save)
        self._disk.arm(0, 0)
        save(work)
        calls = self._disk.disarm()
        return [(c, _below(work, a), _below(work, b)) for c, a, b in calls]

    def run(self, save: Callable[[Path], None], at: int, error: int) -> dict[str, object]:
        """Cut a save off at call `at`; return what it said and what a start then finds."""
        work = self._fresh(save)
        child = os.fork()
        if child == 0:
            self._disk.arm(at, error)
            try:
                save(work)
            except (PresetError, OSError):
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        said = "killed" if os.WIFSIGNALED(status) else ("done", "refused")[os.WEXITSTATUS(status)]
        state = found(work)
        # Nothing that was left behind may be in the way of the next save.
        Shelf(work / "bank").write({33: text("later")})
        return {"save": save.__name__, "at": at, "error": error, "said": said, **state}

    def _fresh(self, save: Callable[[Path], None]) -> Path:
        work = self._folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self._start, work)
        if save is mend:
            damage(work)
        return work


def _below(folder: Path, path: str) -> str:
    return "" if path == str(folder) else path.removeprefix(f"{folder}/")


def main() -> None:
    """Run every save at every call, or as many at random as are asked for: FOLDER [COUNT]."""
    campaign = Campaign(Path(sys.argv[1]))
    calls = {save: campaign.calls(save) for save in SAVES}
    for save in SAVES:
        print(json.dumps({"save": save.__name__, "calls": calls[save]}))
    every = [
        (s, at, error) for s in SAVES for at in range(1, len(calls[s]) + 2) for error in ERRORS
    ]
    # Behind the last call there is nothing left to kill.
    kills = [each for each in every if not each[2] and each[1] <= len(calls[each[0]])]
    if len(sys.argv) > 2:
        count = int(sys.argv[2])
        chosen = [*kills * (count // len(kills)), *random.sample(kills, count % len(kills))]
        chosen += [each for each in every if each[2]]
    else:
        # Every call once, by a kill or an error in turn, and every call that makes changes hold.
        chosen = [e for n, e in enumerate(every) if n % 4 == (n // 4) % 2 or _holds(calls, e)]
    for save, at, error in chosen:
        print(json.dumps(campaign.run(save, at, error)))


def _holds(
    calls: dict[Callable[[Path], None], list[tuple[str, str, str]]],
    each: tuple[Callable[[Path], None], int, int],
) -> bool:
    save, at, error = each
    return not error and any(c[0] == "rename" for c in calls[save][max(0, at - 2) : at])


if __name__ == "__main__":
    main()
