"""Storing, undoing, comparing; and what a box finds when it starts again."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import PresetError
from appliance.presets import keeper as keeper_module
from appliance.presets import stage as stage_module
from appliance.presets.preset import read_preset
from appliance.presets.session import CRASHES
from appliance.presets.shelf import Shelf
from tests.presets.box import Box, until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "player"


@pytest.fixture
def box(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    for name in ("LOOK", "AUTOSAVE", "REFRESH"):
        monkeypatch.setattr(keeper_module, f"{name}_SECONDS", 0.02)
    monkeypatch.setattr(keeper_module, "_RETRY_SECONDS", 0.05)
    monkeypatch.setattr(stage_module, "_REST_SECONDS", 0.0)
    box = Box(folder)
    box.keeper.start()
    yield box
    box.keeper.stop()


def shelf(folder: Path) -> Shelf:
    return Shelf(folder / "presets" / "bank")


def test_the_factory_s_bank_becomes_the_player_s(box: Box, folder: Path) -> None:
    until(lambda: not box.status()["unsaved"])
    assert sorted(shelf(folder).files()) == [1, 2, 3, 7]


def test_stores_what_is_heard(box: Box, folder: Path) -> None:
    box.turn("/offset/1/value", 0.123456789)
    box.queue.put(box.values.table.index("/noise/2/kind"), 2)  # not even taken by the engine yet
    box("store", 5, "Mine")
    assert 5 in box.said("/preset/saved")
    preset = read_preset(shelf(folder).files()[5])
    assert preset.name == "Mine"
    assert preset.parameters["/offset/1/value"] == 0.1234568
    assert preset.parameters["/noise/2/kind"] == 2
    assert preset.parameters["/decoder/1/pan"] == -0.5  # the box's own, always named
    assert "/mix/spread_ms" not in preset.parameters
    state = box.status()
    assert (state["current"], state["name"], state["edited"]) == (5, "Mine", False)
    box("recall", 1)
    box("recall", 5)
    assert box.value() == 0.1234568 and box.value("/noise/2/kind") == 2


def test_stores_over_the_slot_it_came_from(box: Box, folder: Path) -> None:
    box("recall", 3)
    box.turn("/offset/1/value", -1)
    assert box.status()["edited"]
    box("store")
    assert 3 in box.said("/preset/saved")
    preset = read_preset(shelf(folder).files()[3])
    assert (preset.name, preset.tags) == ("Factory 3", ["t"])
    assert preset.parameters["/offset/1/value"] == -1


def test_edits_are_undone_one_by_one(box: Box) -> None:
    box("recall", 3)
    for value in (0.5, 0.6):
        box.turn("/offset/1/value", value)
        box.rest()
    box("undo")
    assert box.value() == 0.5
    box("undo")
    assert box.value() == 0.3 and not box.status()["edited"]
    box("undo")
    assert box.value() == 0.1 and box.status()["current"] == 1
    for value in (0.3, 0.5, 0.6):
        box("redo")
        assert box.value() == value
    with pytest.raises(PresetError):
        box("redo")
    box("undo")
    box.turn("/offset/1/value", 0.9)
    box.rest()
    with pytest.raises(PresetError):
        box("redo")


def test_a_recall_loses_no_edit(box: Box) -> None:
    box.turn("/offset/1/value", 0.77)
    box("recall", 3)
    box("undo")
    assert box.value() == 0.77 and box.status()["current"] == 1


def test_a_turning_knob_is_one_step(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(folder)
    for name in ("_REST_SECONDS", "_GESTURE_SECONDS"):
        monkeypatch.setattr(stage_module, name, 60.0)
    for value in np.linspace(0.2, 0.6, 20):
        box.turn("/offset/1/value", float(value))
        box.status()
    monkeypatch.setattr(stage_module, "_REST_SECONDS", 0.0)
    box.rest()
    assert box.status()["undo"] == 1
    box("undo")
    assert box.value() == 0.1


def test_overwriting_is_undone_on_the_disk_too(box: Box, folder: Path) -> None:
    before = box.keeper.bank[3].data
    box.turn("/offset/1/value", 0.9)
    box("store", 3, "Oops")
    assert 3 in box.said("/preset/saved")
    box("undo")
    until(lambda: not box.status()["unsaved"])
    assert shelf(folder).files()[3].read_bytes() == before
    assert box.value() == 0.9 and box.status()["current"] == 1
    box("redo")
    until(lambda: not box.status()["unsaved"])
    assert read_preset(shelf(folder).files()[3]).name == "Oops"


def test_copies_swaps_and_clears(box: Box, folder: Path) -> None:
    def names() -> dict[int, str]:
        until(lambda: not box.status()["unsaved"])
        on_disk = {s: read_preset(f).name for s, f in sorted(shelf(folder).files().items())}
        assert on_disk == {s: box.keeper.bank[s].preset.name for s in box.keeper.bank}
        return on_disk

    start = names()
    box("copy", 1, 20)
    assert names() == start | {20: "Factory 1"}
    box("swap", 2, 3)
    assert names()[2] == "Factory 3" and names()[3] == "Factory 2"
    box("swap", 2, 30)
    assert 2 not in names() and names()[30] == "Factory 3"
    box("clear", 7)
    assert 7 not in names()
    with pytest.raises(PresetError, match="Slot 7 is empty"):
        box("clear", 7)
    for _ in range(4):
        box("undo")
    assert names() == start


def test_compares(box: Box) -> None:
    box("recall", 3)
    box.turn("/offset/1/value", 0.9)
    box("compare")
    assert box.value() == 0.3 and box.status()["side"] == "B" and not box.status()["edited"]
    box.turn("/offset/1/value", 0.8)
    box("compare")
    assert box.value() == 0.9 and box.status()["side"] == "A" and box.status()["edited"]
    box("compare")
    assert box.value() == 0.8
    box("recall", 1)
    assert box.status()["side"] == "A"


def test_ten_overwritten_versions_come_back(box: Box) -> None:
    until(lambda: not box.status()["unsaved"])
    for number in range(13):
        box.turn("/offset/1/value", number / 20)
        box("store", 2, f"Version {number}")
        box.said("/preset/saved")
    box("versions", 2)
    versions = [box.said("/preset/version") for _ in range(10)]
    assert box.said("/preset/versions/end") == (2, 10)
    assert [name for _, _, name in versions] == [f"Version {n}" for n in range(11, 1, -1)]
    box("restore", 2, versions[4][1])
    box.said("/preset/saved")
    assert box.keeper.bank[2].preset.name == "Version 7"
    box("undo")
    assert box.keeper.bank[2].preset.name == "Version 12"
    box.said("/preset/saved")
    box("restore", 2, 999)
    address, *words = box.replies.get(timeout=5)
    assert address == "/error" and "no version 999" in words[0]


def test_a_file_goes_where_the_preset_says(folder: Path, tmp_path: Path) -> None:
    got: list[Path] = []
    (folder / "latents").mkdir(parents=True)
    (folder / "latents/breath.npy").write_bytes(b"x")
    box = Box(folder, receivers={"/jam/1/file": got.append})
    box.keeper.start()
    box("file", "/jam/1/file", "latents/breath.npy")
    until(lambda: got == [folder / "latents/breath.npy"])
    box("store", 5, "Breath")
    box.said("/preset/saved")
    assert read_preset(shelf(folder).files()[5]).files == {"/jam/1/file": "latents/breath.npy"}
    box("recall", 1)
    box("recall", 5)
    until(lambda: len(got) == 2)
    box("file", "/jam/2/file", "latents/gone.npy")
    until(lambda: any("gone.npy" in problem for problem in box.status()["problems"]))
    box("undo")
    until(lambda: not box.status()["problems"])
    box("file", "/jam/1/file")
    assert box.said("/preset/file") == ("/jam/1/file", "latents/breath.npy")
    box.keeper.stop()


def test_a_disk_that_fails_costs_nothing(box: Box, folder: Path) -> None:
    until(lambda: not box.status()["unsaved"])
    lock = folder / "presets/bank/.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # nobody can take the lock any more
    box.turn("/offset/1/value", 0.9)
    box("store", 5, "Kept")
    address, *words = box.replies.get(timeout=10)
    assert address == "/error" and "kept in memory" in words[0]
    box("recall", 1)
    box("recall", 5)
    assert box.value() == 0.9 and box.status()["unsaved"] == [5]
    assert any("kept in memory" in problem for problem in box.status()["problems"])
    lock.rmdir()
    until(lambda: not box.status()["unsaved"])
    assert read_preset(shelf(folder).files()[5]).name == "Kept"
    assert not box.status()["problems"]


def test_an_editor_may_change_a_slot_meanwhile(box: Box, folder: Path) -> None:
    until(lambda: not box.status()["unsaved"])
    file = shelf(folder).files()[3]
    file.write_text("name: Edited\nparameters: {/offset/1/value: -0.5}\n")
    until(lambda: box.keeper.bank[3].preset.name == "Edited")
    box("recall", 3)
    assert box.value() == -0.5
    file.write_text("name: Edited\nparameters: {/offset/1/value: 5}\n")
    until(lambda: box.status()["problems"])
    assert "line 2" in box.status()["problems"][0]
    assert box.keeper.bank[3].settings[box.values.table.index("/offset/1/value")] == -0.5
    assert file.exists()  # whoever edits it is not disturbed
    file.unlink()
    until(lambda: 3 not in box.keeper.bank)
    (file.parent / "41-by-hand.yaml").write_text("name: By hand\n")
    until(lambda: 41 in box.keeper.bank)
    assert not box.status()["problems"]


def test_a_bad_file_gives_way_to_the_last_good_version(folder: Path, tmp_path: Path) -> None:
    first = Box(folder)
    first.keeper.start()
    until(lambda: not first.status()["unsaved"])
    first.turn("/offset/1/value", 0.9)
    first("store", 3, "Good")
    first.said("/preset/saved")
    first.keeper.stop()
    bank = folder / "presets/bank"
    for content in (b"", b"\xff\xfe", b"name: [", b"name: Bad\nparameters: {/offset/9/value: 1}\n"):
        (bank / "03.yaml").write_bytes(content)
        box = Box(folder)
        assert box.keeper.bank[3].preset.name == "Good"
        assert read_preset(bank / "03.yaml").name == "Good"
        (problem,) = box.status()["problems"]
        assert "aside" in problem and "03.yaml" in problem
    assert len(list((bank / "aside").iterdir())) == 4
    os.mkfifo(bank / "09.yaml.fifo")  # strangers in the folder are left alone
    (bank / "notes.txt").write_text("mine")
    assert not Box(folder).status()["problems"]
    assert (bank / "notes.txt").exists()


def test_the_sound_survives_a_power_cut(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(keeper_module, "AUTOSAVE_SECONDS", 0.02)
    box = Box(folder)
    box.keeper.start()
    box("recall", 7)
    box("seconds", 3)
    box.turn("/offset/1/value", -0.625)
    session = folder / "session.yaml"
    until(lambda: session.exists() and "-0.625" in session.read_text())
    box.crash()
    again = Box(folder, wish="factory:first-light")  # the power was on: the sound goes on
    assert again.value() == -0.625
    state = again.status()
    assert (state["current"], state["edited"], state["seconds"]) == (7, True, 3)


def test_a_crash_soon_after_a_recall_comes_back_to_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(keeper_module, "RECALLED_SECONDS", 0.02)
    monkeypatch.setattr(keeper_module, "AUTOSAVE_SECONDS", 1e9)
    box = Box(folder)
    box.keeper.start()
    session = folder / "session.yaml"
    for slot in (7, 2):
        box("recall", slot)
        until(lambda slot=slot: session.exists() and f"slot: {slot}\n" in session.read_text())
    box.crash()
    assert Box(folder).status()["current"] == 2


def test_a_clean_end_leaves_the_choice_to_the_player(folder: Path) -> None:
    box = Box(folder)
    box.keeper.start()
    box("recall", 7)
    box.keeper.stop()
    assert Box(folder).first == "Factory 7"
    assert Box(folder, wish="factory:first-light").first == "First Light"
    assert Box(folder, wish="nothing-such").first == "Factory 1"
    assert "nothing-such" in Box(folder, wish="nothing-such").status()["problems"][0]
    with pytest.raises(PresetError, match="nothing-such"):
        Box(folder, preset="nothing-such")


def test_a_sound_that_crashes_the_box_is_put_aside(folder: Path) -> None:
    box = Box(folder)
    box.keeper.start()
    box("recall", 7)
    box.keeper.stop()
    for _ in range(CRASHES):
        box = Box(folder)
        assert box.first == "Factory 7"
        box.keeper.start()
        until(lambda: "clean: false" in (folder / "session.yaml").read_text())
        box.crash()
    box = Box(folder)
    assert box.first == "Factory 1"
    assert any("Factory 7" in problem for problem in box.status()["problems"])
    assert "Factory 7" in (folder / "session-unsafe.yaml").read_text()


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"format: 9", b"sound: {name: [}", b"clean: maybe"]
)
def test_a_bad_session_never_stops_a_start(folder: Path, content: bytes) -> None:
    box = Box(folder)
    box.keeper.start()
    box("recall", 7)
    box.keeper.stop()
    assert Box(folder).first == "Factory 7"  # and makes the copy
    (folder / "session.yaml").write_bytes(content)
    assert Box(folder).first in ("Factory 7", "Factory 1")
    if content:
        assert (folder / "session-bad.yaml").read_bytes() == content


def test_a_box_without_a_disk_plays(tmp_path: Path) -> None:
    (tmp_path / "player").write_text("a file where the folder should be")
    box = Box(tmp_path / "player")
    box.keeper.start()
    box("recall", 3)
    box("store", 4, "New")
    box("recall", 1)
    box("recall", 4)
    assert box.value() == 0.3
    until(lambda: len(box.status()["problems"]) >= 2)
    box.keeper.stop()


def test_a_recall_does_not_wait_for_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk hangs in the middle of a save; recalls go on."""
    box = Box(folder)
    box.keeper.start()
    until(lambda: not box.status()["unsaved"])
    reader, writer = os.pipe()
    monkeypatch.setattr(Shelf, "write", lambda *_: os.read(reader, 1))
    box("store", 5, "Slow")
    for slot in (1, 7, 3):
        box("recall", slot)
        assert box.status()["current"] == slot
    assert box.status()["unsaved"] == [5]
    monkeypatch.undo()
    os.write(writer, b"x")
    box.keeper.stop()
