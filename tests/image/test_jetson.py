"""The Jetson's installer: what it writes beside packages and Python. `make jetson-test` has all."""

import shutil
import subprocess
from pathlib import Path

import pytest

from image.steps.configuration import enable
from image.steps.variant import PROJECT
from tests.image.jetson import INSTALLER, install, tree_sums

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None, reason="systemd is not installed"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    return tmp_path


@needs_systemd
def test_units_and_accounts_are_those_of_the_card(root: Path) -> None:
    install(root, "--units-only")
    written = (root / "etc/systemd/system").glob("neural-synth*")
    units = {file.name for file in written if file.is_file()}
    assert units == {file.name for file in (PROJECT / "systemd").glob("neural-synth*")}
    assert "neural-synth:x:" in (root / "etc/passwd").read_text()
    card = root.parent / "card"
    (card / "usr/lib/systemd/system").mkdir(parents=True)
    for file in (PROJECT / "systemd").glob("neural-synth*"):
        (card / "usr/lib/systemd/system" / file.name).write_bytes(file.read_bytes())
    enable(card)

    def wanted(place: Path) -> set[str]:
        folder = place / "etc/systemd/system"
        return {str(f.relative_to(folder)) for f in folder.rglob("*.wants/*")}

    assert wanted(root) == wanted(card)


@needs_systemd
def test_a_second_run_changes_nothing(root: Path) -> None:
    install(root, "--units-only")
    before = tree_sums(root)
    install(root, "--units-only")
    assert tree_sums(root) == before


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--root", "/nowhere"], 1, "/nowhere is no root"),
        (["--rot", "/"], 2, "Usage"),
        (["--wheel"], 2, "needs a file"),
    ],
)
def test_what_it_cannot_do_is_told(words: list[str], status: int, said: str) -> None:
    done = subprocess.run([INSTALLER, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
