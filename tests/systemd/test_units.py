"""Units as the service manager's own checker and auditor see them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from appliance.cli import COMMANDS

FOLDER = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
EXPOSURE = 3.0

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_each_service_is_confined(unit: Path) -> None:
    said = analyze("security", "--offline=true", "--no-pager", unit)
    level = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert level is not None, said
    assert float(level[1]) <= EXPOSURE


@needs_systemd
def test_units_say_nothing_unknown(tmp_path: Path) -> None:
    for unit in FOLDER.glob("neural-synth*"):
        # The program is not installed here; whether it can be found is not what is asked.
        text = unit.read_text().replace("/usr/bin/neural-synth", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    said = analyze("verify", "--man=no", *sorted(tmp_path.iterdir())).splitlines()
    unknown = [line for line in said if "neural-synth" in line]
    # Before systemd 254 there was no such key, and a unit that restarts did not count as failed.
    assert [line for line in unknown if "Unknown key 'RestartMode'" not in line] == []


def test_the_program_knows_every_command_that_a_unit_starts() -> None:
    text = "".join(unit.read_text() for unit in [*SERVICES, FOLDER / "shutdown" / "neural-synth"])
    commands = set(re.findall(r"/usr/bin/neural-synth (\w+)", text))
    assert commands - set(COMMANDS) == set()


def test_what_the_engine_needs_to_be_on_time_is_granted() -> None:
    engine = (FOLDER / "neural-synth-engine.service").read_text()
    for line in ("LimitRTPRIO=95", "LimitMEMLOCK=infinity", "Type=notify", "Restart=always"):
        assert f"\n{line}\n" in engine
    assert "RestrictRealtime" not in engine


def test_the_safe_engine_differs_only_in_how_it_starts() -> None:
    keys = ("Description", "ExecStart", "Restart", "StartLimit", "OnFailure", "Conflicts")
    keys += ("After", "#", "WantedBy", "[Install]", "PartOf")
    usual, safe = (
        [
            line
            for line in (FOLDER / f"neural-synth-{name}.service").read_text().splitlines()
            if line and not line.startswith(keys)
        ]
        for name in ("engine", "safe")
    )
    assert usual == safe
