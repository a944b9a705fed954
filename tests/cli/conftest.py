"""A box of its own for each command: home, models, configuration."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from appliance import places
from appliance.cli import main
from appliance.places import factory_folder
from tests.engine.tiny import write_model

ROOT = Path(__file__).parents[2]


class Outcome(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


class Box:
    """Runs `neural-synth` in process, in a folder of its own."""

    def __init__(self, folder: Path, run: Callable[[list[str]], Outcome]) -> None:
        self.folder = folder
        self._run = run

    def __call__(self, *arguments: str | Path) -> Outcome:
        """Run the command."""
        return self._run([str(a) for a in arguments])

    def configure(self, **settings: object) -> Path:
        """Write a configuration of two tiny decoders, with `settings` on top."""
        decoders = [{"model": "slow", "seed": 1}, {"model": "fast", "seed": 2}]
        path = self.folder / "box.yaml"
        path.write_text(yaml.safe_dump({"decoders": decoders} | settings))
        return path


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of tiny imported models."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder, "slow", ratio=1024, seed=1)
    write_model(folder, "fast", ratio=256, seed=2)
    return folder


@pytest.fixture(scope="session")
def four_presets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a factory bank with room: four presets that play from no file."""
    folder = tmp_path_factory.mktemp("factory")
    for name in ("01-still-water", "09-first-light", "17-clockwork", "33-dust"):
        shutil.copy(factory_folder("presets") / f"{name}.yaml", folder)
    return folder


@pytest.fixture
def box(
    tmp_path: Path,
    tiny_models: Path,
    four_presets: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Box:
    """Return a box in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(places._CHECKOUT, "presets", four_presets)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NEURAL_SYNTH_MODELS", str(tiny_models))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for commands started from another folder
    for name in ("NEURAL_SYNTH_CONFIG", "XDG_DATA_HOME", "NEURAL_SYNTH_DATA"):
        monkeypatch.delenv(name, raising=False)

    def run(arguments: list[str]) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["neural-synth", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return Box(tmp_path, run)
