"""`neural-synth stick` as the unit starts it: the process without privileges, and its answers."""

import os
import subprocess
import sys
from pathlib import Path

from appliance.panel.usb.plan import Plan, Stage, contents
from appliance.panel.usb.visit import read_visit
from appliance.presets.shelf import Shelf
from tests.panel.usb.sticks import put, text

ROOT = Path(__file__).parents[3]


def run(folder: Path, *arguments: str | Path, says: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "NEURAL_SYNTH_DATA": str(folder / "data"),
        "NEURAL_SYNTH_RUNTIME": str(folder / "run"),
    }
    command = [sys.executable, "-m", "appliance", "stick", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, input=says, capture_output=True, text=True, check=False
    )


def test_a_visit_asks_for_the_stick_to_be_writable_and_ends_with_a_word(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    put(stick, "presets/05.yaml", text("Five"))
    put(stick, "samples/bad.wav", b"x")
    put(stick, "export.txt", b"")
    done = run(tmp_path, "take", "--asks", stick, says="ok\n")
    assert (done.returncode, done.stdout) == (0, "write\n"), done.stderr
    assert 5 in contents(Shelf(tmp_path / "data/presets/bank"))
    assert (stick / "neural-synth/from-box/neural-synth-bank.zip").stat().st_size > 100
    report = (tmp_path / "data/stick-report.txt").read_text()
    assert "Five is in slot 5." in report
    assert "Refused: 'bad.wav' is no audio file" in report
    visit = read_visit(tmp_path / "run")
    assert visit is not None
    assert (visit.stage, visit.refused) == ("done", 1)


def test_a_locked_stick_is_told_of_and_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "stick", "export", b"")
    done = run(tmp_path, "take", "--asks", tmp_path / "stick", says="no\n")
    assert done.returncode == 0
    assert "locked against writing" in (tmp_path / "data/stick-report.txt").read_text()
    assert not (tmp_path / "stick/neural-synth/from-box").exists()


def test_what_was_cut_short_is_finished_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    stage = Stage(tmp_path / "data")
    stage.empty()
    (stage.path / "new.yaml").write_bytes(text("New"))
    stage.commit(Plan(slots={9: "new.yaml"}))
    done = run(tmp_path, "resume")
    assert "taken over" in done.stdout
    assert contents(Shelf(tmp_path / "data/presets/bank"))[9] == text("New")


def test_a_device_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "visit", tmp_path / "nothing")
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert "no user 'neural-synth'" in done.stderr or "cannot be read" in done.stderr
