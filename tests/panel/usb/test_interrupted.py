"""Thirty visits cut off anywhere; `python -m tests.bench stick` cuts off three hundred."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.presets import faulty_disk

COUNT = 30


def test_nothing_is_lost_and_the_next_visit_brings_all(tmp_path: Path) -> None:
    reason = faulty_disk.missing()
    if reason is not None:
        pytest.skip(reason)
    library = faulty_disk.build(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.panel.usb.interrupted", str(tmp_path), str(COUNT)],
        cwd=Path(__file__).parents[3],
        env=faulty_disk.environment(library),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["visits"] == COUNT
    assert said["calls"] > 50
    assert said["wrong"] == []
    ends = said["ends"]
    assert ends["kill: killed"] >= 3
    assert sum(count for end, count in ends.items() if end.endswith("told")) >= 5
