"""A model appears whole or not at all, and one that was there is never lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.decoders.installation import install, workspace


def model(folder: Path, name: str, text: str) -> Path:
    home = folder / name
    home.mkdir(parents=True)
    (home / "card.yaml").write_text(text)
    return home


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_installs_and_replaces(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with workspace(tmp_path) as scratch:
            install(model(scratch, "bell", text), tmp_path / "bell", scratch)
        assert (tmp_path / "bell" / "card.yaml").read_text() == text
    assert names(tmp_path) == ["bell"]


def test_a_failed_rename_puts_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(tmp_path, "bell", "old")
    rename = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if (self / "card.yaml").is_file() and (self / "card.yaml").read_text() == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space"), workspace(tmp_path) as scratch:
        install(model(scratch, "bell", "new"), tmp_path / "bell", scratch)
    assert (tmp_path / "bell" / "card.yaml").read_text() == "old"
    assert names(tmp_path) == ["bell"]


CUT = """
import os, sys
from pathlib import Path
from appliance.decoders import installation
folder, step = Path(sys.argv[1]), int(sys.argv[2])
count = 0
rename = Path.replace
def cut(self, target):
    global count
    count += 1
    if count == step:
        os._exit(9)
    result = rename(self, target)
    if count == step - 10:
        os._exit(9)
    return result
Path.replace = cut
with installation.workspace(folder) as scratch:
    work = scratch / "bell"
    work.mkdir()
    (work / "card.yaml").write_text("new")
    installation.install(work, folder / "bell", scratch)
"""


@pytest.mark.parametrize("step", [1, 2, 11, 12])
def test_a_cut_at_any_rename_loses_nothing(tmp_path: Path, step: int) -> None:
    """Killed before (1, 2) or after (11, 12) each of the two renames."""
    model(tmp_path, "bell", "old")
    done = subprocess.run([sys.executable, "-c", CUT, tmp_path, str(step)], check=False)
    assert done.returncode == 9
    assert any(name.startswith(".importing-") for name in names(tmp_path))
    with workspace(tmp_path):
        pass
    assert names(tmp_path) == ["bell"]
    expected = "new" if step == 12 else "old"
    assert (tmp_path / "bell" / "card.yaml").read_text() == expected


def test_a_running_import_is_left_alone(tmp_path: Path) -> None:
    busy = tmp_path / f".importing-{os.getppid()}-x"
    busy.mkdir()
    with workspace(tmp_path):
        assert busy.is_dir()
    assert busy.is_dir()
