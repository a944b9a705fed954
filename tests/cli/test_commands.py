"""`neural-synth play`, `models list`, `check` and `status`."""

import importlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from appliance.engine.client import Client
from appliance.engine.listener import Listener
from appliance.errors import EngineUnreachableError
from tests.cli.conftest import Box


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_play_into_a_file(box: Box) -> None:
    config = box.configure(osc={"port": free_port()})
    said = box("play", "--config", config, "--output", "played.wav", "--seconds", "1.5")
    assert said.code == 0, said.err
    assert "headroom" in said.out and "xruns" in said.out
    audio, rate = soundfile.read("played.wav")
    assert rate == 44100 and 1.0 < len(audio) / rate < 6
    assert np.abs(audio).max() > 0.01 and np.isfinite(audio).all()


def test_play_without_a_card_says_where_the_sound_goes(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The package's attribute `play` is the command, not its module.
    monkeypatch.setattr(sys.modules["appliance.cli.play"], "best_output_name", lambda: None)
    said = box("play", "--config", box.configure(osc={"port": free_port()}), "--seconds", "0.3")
    assert said.code == 0
    assert str(box.folder / "neural-synth.wav") in said.out
    assert (box.folder / "neural-synth.wav").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("name", "seconds", "heard", "expected"),
    [
        ("auto", None, True, ("null", None)),  # Listen here on the page, until interrupted
        ("auto", None, False, ("neural-synth.wav", 30)),
        ("auto", 2, True, ("neural-synth.wav", 2)),
        ("null", None, False, ("null", None)),
        ("a.wav", 3, True, ("a.wav", 3)),
    ],
)
def test_where_the_sound_goes_without_a_card(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    seconds: float | None,
    heard: bool,
    expected: tuple[str, float | None],
) -> None:
    module = importlib.import_module("appliance.cli.play")
    monkeypatch.setattr(module, "best_output_name", lambda: None)
    assert module._without_card(name, seconds, heard=heard) == expected
    monkeypatch.setattr(module, "best_output_name", lambda: "default")
    assert module._without_card(name, seconds, heard=heard) == (name, seconds)


def test_play_answers_osc_and_status(box: Box) -> None:
    port = free_port()
    config = box.configure(osc={"port": port}, audio={"output": "null"})
    engine = subprocess.Popen(
        [sys.executable, "-m", "appliance", "play", "--config", config, "--seconds", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        state = wait_for(port)
        assert state["decoders"][0]["model"] == "slow"
        with Client(port=port) as client:
            client.send("/master/level_db", -12.0)
            time.sleep(0.3)
            assert client.get("/master/level_db") == -12
        said = box("status", "--port", str(port))
        assert said.code == 0 and "slots 1" in said.out
        listener = Listener(Path(state["monitor"]["path"]))
        parsed = json.loads(box("status", "--json", "--port", str(port)).out)
        assert parsed["engine"]["blocks"] > 0
        clash = box("play", "--config", config, "--seconds", "1")
        assert clash.code == 2 and "osc.port" in clash.err
    finally:
        engine.terminate()
        out, err = engine.communicate(timeout=20)
    assert engine.returncode == 0, err
    assert "Played" in out
    assert listener.rate == 44100 and np.abs(listener.latest(20_000)).max() > 0.001
    assert listener.gone


def wait_for(port: int) -> dict[str, Any]:
    deadline = time.monotonic() + 15
    while True:
        try:
            with Client(port=port, timeout=1) as client:
                return client.status()
        except EngineUnreachableError:
            assert time.monotonic() < deadline, "the engine does not answer"
            time.sleep(0.1)


def test_status_without_an_engine(box: Box) -> None:
    said = box("status", "--port", str(free_port()))
    assert said.code == 5 and "neural-synth play" in said.err


def test_models_are_listed(box: Box) -> None:
    said = box("models", "list")
    assert said.code == 0 and "slow" in said.out and "fast" in said.out


def test_the_list_says_which_models_encode(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    rows = {row.split()[1]: row for row in box("models", "list").out.splitlines() if "│" in row}
    assert re.search(r"│ \w+, \d\.\d\d ms │$", rows["choir-spectral"].rstrip())
    assert re.search(r"│ +│$", rows["slow"].rstrip())


def test_latency(box: Box) -> None:
    """What the card holds, the headroom and the limiter's look-ahead, for any model."""
    said = box("latency", "--config", box.configure(), "--period", "128")
    assert said.code == 0, said.err
    first, *rest = said.out.splitlines()
    pattern = r"period 128, 5\.8 ms in the card's buffer, (\d+\.\d) ms headroom"
    match = re.fullmatch(pattern, first)
    assert match
    assert [line.split(":")[0] for line in rest] == ["slow", "fast"]
    for line in rest:
        added = float(line.split(": ")[1].split(" ms")[0])
        assert added == pytest.approx(5.8 + float(match[1]) + 2.0, abs=0.2)


def test_a_file_that_is_no_model(box: Box) -> None:
    Path("song.ts").write_text("la la la")
    said = box("models", "import", "song.ts")
    assert said.code == 3
    assert "song.ts is not a TorchScript file" in said.err


def test_check_tells_what_is_wrong(box: Box) -> None:
    said = box("check", "--config", box.configure(audio={"output": "null"}))
    assert said.code == 0 and "model slow: ok" in said.out
    said = box("check", "--config", box.configure(decoders=[{"model": "gone"}]))
    assert said.code == 3 and "'gone'" in said.err
    said = box("check", "--config", box.configure(audio={"output": "hw:99"}))
    assert said.code == 4 and "hw:99" in said.err


def test_check_prints_a_configuration_that_loads(box: Box) -> None:
    said = box("check", "--defaults")
    Path("all.yaml").write_text(said.out)
    assert "period: 256" in said.out
    again = box("check", "--config", "all.yaml")
    assert "all.yaml" in again.out


def test_an_unknown_command_or_key(box: Box) -> None:
    assert box("plya").code == 2
    path = box.folder / "bad.yaml"
    path.write_text("audio:\n  peroid: 128\n")
    said = box("check", "--config", path)
    assert said.code == 2 and "peroid" in said.err and "Did you mean 'period'" in said.err


def test_evaluating_a_model_that_nobody_here_trained_says_so(box: Box) -> None:
    said = box("models", "evaluate", "slow")
    assert said.code == 3
    assert "training.yaml" in said.err and "slow" in said.err
    assert box("models", "evaluate", "slwo").code == 3


def test_evaluating_without_the_trainer_names_the_remedy(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules["appliance.cli.evaluation"]
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    said = box("models", "evaluate", "slow")
    assert said.code == 3
    assert "source checkout" in said.err and "pip install -e" in said.err


def test_play_brings_its_panel_along(box: Box) -> None:
    port = free_port()
    config = box.configure(osc={"port": port}, audio={"output": "null"})
    playing = subprocess.run(
        [sys.executable, "-m", "appliance", "play", "--panel", "--seconds", "5"],
        env={**os.environ, "NEURAL_SYNTH_CONFIG": str(config)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f"The engine 'neural-synth' answers on 127.0.0.1:{port}." in playing.stderr


def test_parameters_are_listed(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    said = box("params", "/clock")
    assert said.code == 0 and "/clock/tempo" in said.out and "/offset" not in said.out
    assert "20 to 300 BPM" in said.out
    assert box("params", "--markdown").out.startswith("# Parameters")
    said = box("params", "/clok")
    assert said.code == 2 and "Did you mean '/clock'" in said.err
