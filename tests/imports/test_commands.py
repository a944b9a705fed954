"""`neural-synth imports`, and the part of the panel that works off the queue."""

import re
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from appliance.cli import cli
from appliance.config import Config
from appliance.errors import ModelError
from appliance.imports.job import State
from appliance.imports.queue import ImportQueue
from appliance.panel.box import Box
from appliance.panel.imports import ImportsPart
from appliance.panel.part import Desk
from appliance.panel.push.live import LiveSurface
from tests.decoders.small_models import Tone, save


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL_SYNTH_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("NEURAL_SYNTH_MODELS", raising=False)


def said(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["imports", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_add_list_run_forget(tmp_path: Path) -> None:
    tone = str(save(Tone(), tmp_path / "tone.ts"))
    (tmp_path / "song.ts").write_text("la")
    assert said("add", tone, str(tmp_path / "song.ts")) == (
        "1 tone.ts: waiting\n2 song.ts: waiting\n"
    )
    ran = said("run").splitlines()
    assert ran[0] == "1 tone.ts: done, 'tone' plays as torchscript"
    assert re.match(r"2 song\.ts: failed, .*song\.ts is not a TorchScript file", ran[1])
    assert "torchscript" in said("list")
    said("retry", "2")
    said("cancel", "2")
    assert said("run") == "2 song.ts: cancelled\n"
    said("forget", "1", "2")
    assert ImportQueue().status() == []
    with pytest.raises(ModelError, match="There is no import 2"):
        said("cancel", "2")


def test_the_panel_works_the_queue_off(tmp_path: Path) -> None:
    queue = ImportQueue()
    number = queue.submit(save(Tone(), tmp_path / "tone.ts"))
    box = Box("127.0.0.1", 1, rate=1)
    part = ImportsPart(Desk(box, Config(), LiveSurface(box), {}))
    part.start()
    for _ in range(1200):
        if queue.job(number).state.ended:
            break
        time.sleep(0.05)
    part.stop()
    assert part.failure is None
    assert queue.job(number).state is State.DONE
