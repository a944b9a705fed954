"""The start that the instrument's is compared with has nothing of the instrument."""

from pathlib import Path

from image.steps.configuration import enable
from image.steps.variant import IMAGE, PROJECT
from tests.boot.bare import command_line, units


def test_nothing_that_an_image_enables_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "usr/lib/systemd/system"
    folder.mkdir(parents=True)
    for file in [*(PROJECT / "systemd").glob("*.*"), *(IMAGE / "root").rglob("neural-synth*.*")]:
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    enable(tmp_path)
    enabled = {link.name for link in (tmp_path / "etc").rglob("*") if link.is_symlink()}
    assert "neural-synth-engine.service" in enabled
    assert enabled <= set(units())
    assert units()[0] == "neural-synth.target"


def test_the_kernel_takes_a_line_of_that_length() -> None:
    # 2048 characters on x86 and on Arm, of which the image's own line has about 200.
    assert len(command_line()) < 1700
