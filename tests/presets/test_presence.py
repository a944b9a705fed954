"""A file that goes while the sound plays from it."""

import time
from pathlib import Path

import pytest

from appliance.presets import presence
from appliance.presets.presence import Presence
from tests.presets.box import Box


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/encoder/file", "samples/voice.wav"),
        ("/jam/2/file", "latents/breath.npy"),
        ("/terrain/file", "latents/hills.npz"),
    ],
)
def test_a_file_that_is_removed_is_told_and_told_no_more_once_it_is_back(
    tmp_path: Path, address: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "LOOK_SECONDS", 0.05)
    taken: list[Path] = []
    file = tmp_path / "player" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"sound")
    box = Box(tmp_path / "player", receivers={address: taken.append})
    keeper = box.keeper

    def problems(wanted: int) -> list[str]:
        end = time.monotonic() + 10
        while len(found := keeper.status()["problems"]) != wanted and time.monotonic() < end:
            time.sleep(0.02)
        return found

    keeper.start()
    try:
        box("file", address, name)
        end = time.monotonic() + 10
        while not taken and time.monotonic() < end:
            time.sleep(0.02)
        assert taken == [file] and problems(0) == []
        time.sleep(0.6)  # two looks of the keeper
        file.unlink()
        (sentence,) = problems(1)
        assert sentence.startswith(f"{name} was removed") and "goes on" in sentence
        assert taken == [file]  # nothing is handed over: the sound goes on
        file.write_bytes(b"sound")
        assert problems(0) == []
    finally:
        keeper.stop()


def test_a_file_that_never_was_there_is_not_one_that_went(tmp_path: Path) -> None:
    assert Presence([tmp_path]).look(["latents/gone.npy", ""]) == []
