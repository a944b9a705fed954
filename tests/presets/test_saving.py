"""No save loses anything, wherever a kill, a full or a failing disk cuts it off.

Every call of every save is cut off once; `python -m tests.bench presets` does 500 kills and all
errors.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.presets.faulty_disk import build, environment, missing
from tests.presets.saving import SAMPLE

ROOT = Path(__file__).parents[2]
OLD = {"1": "old 1", "2": "old 2", "3": "old 3 again", "5": "old 5", "8": "old 8", "64": "old 64"}
BEFORE: dict[str, Any] = {
    "bank": OLD,
    "fresh": {},
    "session": "old",
    "zip": [2, 4, 6],
    "sample": None,
}
MENDED = {"1": "old 1", "2": "old 2", "3": "old 3", "5": "new 5", "64": "old 64"}
AFTER: dict[str, dict[str, Any]] = {
    "store": {"bank": OLD | {"2": "new 2"}},
    "fill": {"bank": OLD | {"7": "new 7"}},
    "clear": {"bank": {k: v for k, v in OLD.items() if k != "64"}},
    "swap": {"bank": OLD | {"1": "old 2", "2": "old 1"}},
    "several": {
        "bank": {k: v for k, v in OLD.items() if k != "2"}
        | {"4": "new 4", "5": "new 5", "6": "new 6"}
    },
    "create": {"fresh": {"1": "new 1", "2": "new 2"}},
    "session": {"session": "new"},
    "take_over": {
        "bank": OLD | {"2": "new 2", "4": "new 4", "6": "new 6"},
        "sample": len(SAMPLE),
    },
    "write_out": {"zip": [1, 2, 3, 5, 8, 64]},
    "mend": {"bank": MENDED},
}
HOLDS = {  # the rename that makes the change hold
    "store": "bank/02.yaml",
    "fill": "bank/07.yaml",
    "clear": "bank/.change",
    "swap": "bank/.change",
    "several": "bank/.change",
    "create": "fresh",
    "session": "session.yaml",
    "take_over": "bank/.change",
    "write_out": "new.zip",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a folder in memory where there is one: a kill is a kill there, only faster."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path_factory.mktemp("saving")
        return
    with tempfile.TemporaryDirectory(dir=memory) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[dict[str, Any]]:
    """Return what every save found."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    library = build(folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.presets.saving", str(folder / "campaign")],
        cwd=ROOT,
        env=environment(library),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def calls_of(lines: list[dict[str, Any]]) -> dict[str, list[list[str]]]:
    return {line["save"]: line["calls"] for line in lines if "calls" in line}


def verdict(line: dict[str, Any], calls: list[list[str]]) -> str | None:
    """Return what is wrong with what a start found after one save, or None."""
    save = line["save"]
    old, new = BEFORE, BEFORE | AFTER[save]
    if save == "mend":
        return None if line["bank"] == MENDED else "the last good version is not there"
    holds = 1 + next(
        n for n, call in enumerate(calls) if call[0] == "rename" and call[2] == HOLDS[save]
    )
    key = next(iter(AFTER[save]))
    wanted = [new[key]]
    if line["said"] == "killed":
        wanted = [new[key] if line["at"] > holds else old[key]]
    elif line["said"] == "refused":
        wanted = [old[key], new[key]]
    if line[key] not in wanted:
        return f"{key} is {line[key]}"
    for other, value in BEFORE.items():
        if other not in AFTER[save] and line[other] != value:
            return f"{other} is {line[other]}"
    if "sample" in AFTER[save] and line["bank"] == new["bank"] and line["sample"] != len(SAMPLE):
        return "the sound has not its sample"
    return None


def test_cut_off_anywhere_the_newest_whole_version_is_there(lines: list[dict[str, Any]]) -> None:
    calls = calls_of(lines)
    saves = [line for line in lines if "said" in line]
    wrong = [(verdict(line, calls[line["save"]]), line) for line in saves]
    assert not [each for each in wrong if each[0]]
    assert {line["save"] for line in saves} == set(AFTER)
    assert sum(line["said"] == "killed" for line in saves) >= 60
    assert sum(line["said"] == "refused" for line in saves) >= 60


def test_nothing_is_renamed_before_it_is_on_the_disk(lines: list[dict[str, Any]]) -> None:
    """What a power cut would leave: of renames only those of files whose content is there."""
    for save, calls in calls_of(lines).items():
        synced: set[str] = set()
        for name, path, other in calls:
            if name in ("open", "write"):
                synced.discard(path)
            elif name == "fsync":
                synced.add(path)
            elif name == "rename" and not f"{path}/".startswith("bank/.change/"):
                assert path in synced, (save, path)
                inside = {p for n, p, _ in calls if n == "open" and p.startswith(f"{path}/")}
                assert inside <= synced, (save, path)
            if name == "rename":
                rest = calls[calls.index([name, path, other]) :]
                parent = str(Path(other).parent).removeprefix(".")
                assert any(n == "fsync" and p == parent for n, p, _ in rest), (save, other)
