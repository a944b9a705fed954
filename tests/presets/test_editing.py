"""Slots edited without being heard."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.errors import ApplianceError, PresetError
from tests.presets.box import Box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path / "player")
    box.keeper.start()
    yield box
    box.keeper.stop()


def test_a_slot_is_renamed_and_tagged_without_being_heard(box: Box) -> None:
    box("recall", 3)
    before = box.value()
    box("rename", 2, " Night bells ")
    box("tag", 2, "slow, metal,, slow")
    box("rename", 3, "Here")
    assert box.said("/preset/saved") == (2,)
    box("text", 2)
    slot, text = box.said("/preset/text")
    assert slot == 2 and 'name: "Night bells"' in text and "tags: [slow, metal]" in text
    assert box.status()["name"] == "Here" and not box.status()["edited"]
    assert box.value() == before
    box("undo")
    box("undo")
    box("text", 2)
    assert "tags: [t]" in box.said("/preset/text")[1]
    for wrong in ("", "two\nlines", "x" * 65):
        with pytest.raises(ApplianceError):
            box("rename", 2, wrong)
    with pytest.raises(PresetError, match="empty"):
        box("rename", 5, "Nobody")


def test_a_slot_takes_a_preset_from_a_file(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "sent.yaml"
    file.write_text("format: 1\nname: Sent\nparameters: {/offset/1/value: 0.25}\n")
    box("take", 9, str(file))
    assert box.said("/preset/saved") == (9,)
    box("recall", 9)
    assert box.value() == 0.25 and box.status()["name"] == "Sent"
    box("undo")
    file.write_text("name: [no preset")
    box("take", 9, str(file))
    with pytest.raises(AssertionError, match=r"sent\.yaml"):
        box.said("/preset/nothing")
