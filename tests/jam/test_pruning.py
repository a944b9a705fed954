"""Latents without a name go once they are old, many, and nothing names them."""

import os
import time
from pathlib import Path

import pytest

from appliance.jam import pruning
from appliance.jam.pruning import KEPT_SECONDS, prune


def make(folder: Path, name: str, *, days: float) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"latents")
    when = time.time() - days * 24 * 3600
    os.utime(file, (when, when))
    return file


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "KEPT", 2)


@pytest.mark.parametrize(("place", "kind"), [("latents/jam", "npy"), ("latents/terrain", "npz")])
def test_only_the_old_and_unnamed_beyond_the_newest_go(
    tmp_path: Path, place: str, kind: str
) -> None:
    names = [f"{place}/{number:08x}-100.{kind}" for number in range(9)]
    for number, name in enumerate(names):
        make(tmp_path, name, days=10 + number)
    young = [make(tmp_path, f"{place}/{n:08x}-7.{kind}", days=0.5) for n in range(3)]
    by_hand = [make(tmp_path, f"{place}/{name}.{kind}", days=500) for name in ("mine", "00ff-1")]
    elsewhere = make(tmp_path, f"latents/{names[8].rpartition('/')[2]}", days=500)
    make(tmp_path, "presets/bank/07.yaml", days=0).write_text(f"files: {{/jam/1/file: {names[3]}}}")
    make(tmp_path, "presets/bank/history/07-000003.yaml", days=0).write_text(f"a: {names[4]}")
    make(tmp_path, "session.yaml", days=0).write_text(f"b: '{names[5]}'")
    assert prune(tmp_path, used=[names[6]]) == [*names[:3], names[7], names[8]]
    assert all(file.is_file() for file in (*young, *by_hand, elsewhere))
    assert [name for name in names if (tmp_path / name).is_file()] == names[3:7]


def test_the_newest_stay_however_old(tmp_path: Path) -> None:
    files = [make(tmp_path, f"latents/jam/{n:08x}-9.npy", days=900 + n) for n in range(3)]
    assert prune(tmp_path) == ["latents/jam/00000002-9.npy"]
    assert [file.is_file() for file in files] == [True, True, False]
    assert prune(tmp_path / "nothing") == []
    assert KEPT_SECONDS == 24 * 3600
