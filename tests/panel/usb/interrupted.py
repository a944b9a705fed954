"""Visits of a stick that are cut off anywhere; `python -m tests.panel.usb.interrupted` runs them.

A child takes the stick over and is killed at one call to the disk, or that call and all after it
fail, or the stick is pulled out in the middle of a read. Then the bank must be the old or the new
one, every slot of it whole, no file that was there may differ, and the next visit must bring all.
"""

import errno
import json
import os
import random
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError
from appliance.imports.queue import ImportQueue
from appliance.panel.usb import luggage
from appliance.panel.usb.bring import bring
from appliance.panel.usb.plan import contents
from appliance.panel.usb.visit import VisitReport
from appliance.presets.preset import parse_preset
from appliance.presets.shelf import Shelf
from tests.panel.usb.sticks import bank, latents, put, sample, text, usual
from tests.presets.faulty_disk import FaultyDisk

WAYS = {"kill": 0, "full": errno.ENOSPC, "broken": errno.EIO, "read-only": errno.EROFS}
OWN = {
    "presets/sweet.yaml": text("By name"),
    "latents/rain.npy": latents(seed=9),
    "samples/mine.wav": sample(seed=9),
    "config.yaml": b"name: mine\n",
}


class Pulled:
    """A stick that is pulled out at the `at`-th read."""

    def __init__(self, at: int) -> None:
        self._left = at
        self._fdopen = os.fdopen

    def __call__(self, handle: int, mode: str) -> Any:
        opened: Any = self._fdopen(handle, mode)
        pulled = self

        class Reader:
            """The file, as long as there is a stick."""

            def __enter__(self) -> "Reader":
                return self

            def __exit__(self, *_: object) -> None:
                opened.close()

            def read(self, count: int) -> bytes:
                pulled._left -= 1
                if pulled._left == 0:
                    # Half of it, as a truncated read gives; then nothing but errors.
                    return opened.read(max(1, count // 2000))
                if pulled._left < 0:
                    raise OSError(errno.EIO, "Input/output error")
                return opened.read(count)

        return Reader()


def prepare(folder: Path) -> None:
    """Make a player with a bank of their own, and a stick that wants much of it."""
    box, stick = folder / "data", folder / "stick"
    Shelf(box / "presets" / "bank").create({s: text(f"Mine {s}") for s in (1, 2, 3, 5, 64)})
    for name, data in OWN.items():
        (box / name).parent.mkdir(parents=True, exist_ok=True)
        (box / name).write_bytes(data)
    usual(stick)
    put(stick, "presets/05.yaml", text("Five"))
    put(stick, "samples/long.wav", sample(seconds=20))
    put(stick, "banks/one.zip", bank({4: text("Four")}, {"latents/four.npy": latents(seed=4)}))
    put(stick, "banks/two.zip", bank({6: text("Six")}))


def visit(folder: Path) -> None:
    """Take the stick over."""
    report = VisitReport(folder / "run")
    queue = ImportQueue(folder / "data/imports", folder / "data/models")
    bring(folder / "stick", folder / "data", report, queue)
    report.close()


def names(folder: Path) -> dict[int, str]:
    """Return the bank by its presets' names; raises PresetError if one is not whole."""
    found = contents(Shelf(folder / "data" / "presets" / "bank"))
    return {slot: parse_preset(data, source=f"slot {slot}").name for slot, data in found.items()}


class Campaign:
    """Visits in `folder`, each cut off somewhere."""

    def __init__(self, folder: Path) -> None:
        """Make what every visit begins with, and learn how one ends that is left in peace."""
        self._folder = folder
        self._disk = FaultyDisk()
        self._start = folder / "start"
        prepare(self._start)
        self.old = names(self._start)
        work = self._fresh()
        self._disk.arm(0, 0)
        visit(work)
        self.calls = len(self._disk.disarm())
        self.new = names(work)

    def run(self, way: str, at: int) -> dict[str, Any]:
        """Cut a visit off at call `at`, and return how it ended and what was wrong after it."""
        work = self._fresh()
        child = os.fork()
        if child == 0:
            if way == "pulled":
                luggage.os.fdopen = Pulled(at)  # type: ignore[assignment]
            else:
                self._disk.arm(at, WAYS[way])
            try:
                visit(work)
            except (ApplianceError, OSError):
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        end = "killed" if os.WIFSIGNALED(status) else ("done", "told")[os.WEXITSTATUS(status)]
        wrong = self._wrong(work, "after it", (self.old, self.new))
        if way == "pulled":
            shutil.rmtree(work / "stick")
            shutil.copytree(self._start / "stick", work / "stick")
        visit(work)
        wrong += self._wrong(work, "after the next visit", (self.new,))
        return {"way": way, "at": at, "end": end, "wrong": wrong}

    def _wrong(self, work: Path, when: str, allowed: tuple[dict[int, str], ...]) -> list[str]:
        wrong: list[str] = []
        try:
            found = names(work)
        except ApplianceError as error:
            return [f"{when}: {error}"]
        if found not in allowed:
            wrong.append(f"{when}: the bank is {found}")
        for name, data in OWN.items():
            path = work / "data" / name
            kept = [f for f in path.parent.glob(f"{path.stem}*") if f.read_bytes() == data]
            if not kept:
                wrong.append(f"{when}: {name} is gone")
        return wrong

    def _fresh(self) -> Path:
        work = self._folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self._start, work)
        return work


def main() -> None:
    """Cut off COUNT visits at random: FOLDER COUNT [SEED]. Prints one line of JSON at the end."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)  # noqa: S311
    campaign = Campaign(folder)
    ends: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    for _ in range(count):
        way = chance.choice(("kill", "kill", "full", "broken", "read-only", "pulled"))
        most = 12 if way == "pulled" else campaign.calls
        result = campaign.run(way, chance.randint(1, most))
        ends[f"{way}: {result['end']}"] += 1
        if result["wrong"]:
            wrong.append(result)
    print(json.dumps({"visits": count, "calls": campaign.calls, "ends": ends, "wrong": wrong}))


if __name__ == "__main__":
    main()
