"""Boards are data: each file is whole, and the firmware's name finds it."""

from pathlib import Path

import pytest

from appliance.board import boards, firmware_names, load_board, set_governor, this_board
from appliance.errors import ConfigError


@pytest.mark.parametrize("name", boards())
def test_every_board_can_be_read(name: str) -> None:
    board = load_board(name)
    assert board.name
    # A core that decodes must not be one that the panel may fill.
    assert not set(board.engine_cores) & set(board.other_cores)


def test_the_device_tree_names_the_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tmp_path / "compatible"
    tree.write_bytes(b"raspberrypi,5-model-b\0brcm,bcm2712\0")
    names = firmware_names(tree, tmp_path / "none")
    assert names == {"raspberrypi,5-model-b", "brcm,bcm2712"}
    monkeypatch.delenv("NEURAL_SYNTH_BOARD", raising=False)
    monkeypatch.setattr("appliance.board.firmware_names", lambda: names)
    assert this_board().name == "Raspberry Pi 5"
    monkeypatch.setattr("appliance.board.firmware_names", lambda: {"QEMU"})
    assert this_board().name == "QEMU"
    monkeypatch.setattr("appliance.board.firmware_names", set[str])
    assert this_board().name == "PC"


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL_SYNTH_BOARD", "pi5")
    assert this_board().name == "Raspberry Pi 5"
    monkeypatch.setenv("NEURAL_SYNTH_BOARD", "pi6")
    with pytest.raises(ConfigError, match="Did you mean 'pi5'"):
        this_board()


def test_every_clock_is_set_and_a_refusal_told(tmp_path: Path) -> None:
    for core in ("cpu0", "cpu1"):
        (tmp_path / core / "cpufreq").mkdir(parents=True)
        (tmp_path / core / "cpufreq/scaling_governor").write_text("schedutil")
    assert set_governor("performance", tmp_path) == []
    assert (tmp_path / "cpu1/cpufreq/scaling_governor").read_text() == "performance"
    (tmp_path / "cpu1/cpufreq/scaling_governor").unlink()
    (tmp_path / "cpu1/cpufreq/scaling_governor").mkdir()
    assert len(set_governor("performance", tmp_path)) == 1
