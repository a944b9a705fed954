"""`neural-synth presets`: what a person does with presets at a prompt."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from appliance.engine.client import Client
from appliance.errors import EngineUnreachableError, ParameterError
from tests.cli.conftest import Box

BANK = Path(".local/share/neural-synth/presets/bank")


def test_lists_the_factory_s_bank_first_and_then_the_player_s(box: Box) -> None:
    said = box("presets", "list")
    assert said.code == 0 and "Still Water" in said.out and not BANK.exists()
    said = box("presets", "copy", "factory:1", "40")
    assert said.code == 0 and "Still Water is in slot 40" in said.out
    assert (BANK / "40.yaml").exists()
    said = box("presets", "list")
    assert "40" in said.out and str(BANK) in said.out
    assert box("presets", "list", "--bank", "factory").out.count("Still Water") == 1
    assert box("presets", "list", "--bank", "nowhere").code == 2


def test_copies_only_over_empty_slots_unless_forced(box: Box) -> None:
    box("presets", "copy", "factory:1", "40")
    said = box("presets", "copy", "factory:dust", "40")
    assert said.code == 2 and "--force" in said.err
    assert box("presets", "copy", "factory:dust", "40", "--force").code == 0
    assert "Dust" in box("presets", "show", "40").out
    kept = [f.read_text() for f in (BANK / "history").iterdir() if f.name.startswith("40-")]
    assert any("Still Water" in text for text in kept)
    for arguments, words in (
        (("copy", "factory:1", "65"), "slots 1 to 64"),
        (("copy", "factory:60", "3"), "Slot 60 of the factory bank is empty"),
        (("show", "sill-water"), "Did you mean 'still-water'"),
        (("show", "none.yaml"), "no preset file none.yaml"),
    ):
        said = box("presets", *arguments)
        assert said.code == 2 and words in said.err


def test_shows_and_compares(box: Box) -> None:
    Path("mine.yaml").write_text("parameters: {/noise/1/kind: 2, /offset/2/value: .5}\nname: Mine")
    said = box("presets", "show", "mine.yaml")
    assert said.out.splitlines() == [
        "format: 1",
        "name: Mine",
        "parameters:",
        "  /offset/2/value: 0.5",
        "  /noise/1/kind: rand",
    ]
    Path("other.yaml").write_text("parameters: {/offset/2/value: 0.50}\nname: Other\n")
    said = box("presets", "diff", "mine.yaml", "other.yaml")
    assert "/noise/1/kind" in said.out and "(silence)" in said.out
    assert "/offset/2/value" not in said.out
    assert "no difference" in box("presets", "diff", "mine.yaml", "mine.yaml").out


def test_checks_every_file(box: Box) -> None:
    assert box("presets", "check", "--bank", "factory").code == 0
    Path("bad.yaml").write_text("name: Bad\nparameters:\n  /ofset/2/value: .5\n")
    Path("lost.yaml").write_text("name: Lost\nfiles: {/jam/1/file: latents/x.npy}\n")
    Path("good.yaml").write_text("name: Good\n")
    said = box("presets", "check", "bad.yaml", "good.yaml", "lost.yaml")
    assert said.code == 2 and "good.yaml: Good, ok" in said.out
    assert "bad.yaml, line 3" in said.err and "Did you mean" in said.err
    assert "no file latents/x.npy" in said.err
    box("presets", "copy", "factory:1", "40")
    (BANK / "40-twice.yaml").write_text("name: Twice\n")
    said = box("presets", "check")
    assert said.code == 2 and "40-twice.yaml is passed over" in said.err


def test_a_bank_goes_there_and_back(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    assert box("presets", "export", "bank.zip", "--bank", "factory").code == 0
    box("presets", "copy", "factory:dust", "1", "--force")
    said = box("presets", "import", "bank.zip")
    assert said.code == 2 and "is filled" in said.err
    assert "Dust" in box("presets", "show", "1").out
    assert box("presets", "import", "bank.zip", "--force").code == 0
    assert "Still Water" in box("presets", "show", "1").out
    Path("song.zip").write_text("la")
    said = box("presets", "import", "song.zip")
    assert said.code == 2 and "song.zip is not a whole zip" in said.err


def test_renders_and_reviews_a_bank(box: Box) -> None:
    bank = Path("bank")
    bank.mkdir()
    (bank / "01-a.yaml").write_text("name: A\nparameters: {/offset/1/value: 0.5}\n")
    (bank / "02-twin.yaml").write_text("name: Twin\nparameters: {/offset/1/value: 0.5}\n")
    (bank / "03-silent.yaml").write_text("name: Silent\nparameters: {/master/level_db: -60}\n")
    common = ("--bank", "bank", "--config", box.configure(), "--seconds", "1")
    said = box("presets", "render-all", "out", "--json", *common)
    assert said.code == 1
    a, twin, silent = json.loads(said.out)
    assert (a["nearest"], twin["nearest"]) == (2, 1) and a["distance"] < 1e-6
    assert "like slot 2" in a["faults"]
    assert silent["audible"] is None and any("not heard" in f for f in silent["faults"])
    audio, rate = soundfile.read("out/01-a.flac")
    assert audio.shape == (44100, 2) and rate == 44100
    assert "slot 2: like slot 1" in box("presets", "render-all", *common).out


def test_the_manual_names_everything(box: Box) -> None:
    text = box("presets", "format").out
    for words in ("/oscillators/{channel}/waveform", "`/preset/recall`", "logarithmic", "files"):
        assert words in text
    example = text.partition("```yaml\n")[2].partition("```")[0]
    Path("example.yaml").write_text(example)
    assert "Slow bells" in box("presets", "show", "example.yaml").out


def test_a_playing_engine_recalls_stores_and_takes_its_sound_up_again(box: Box) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = box.configure(osc={"port": port}, audio={"output": "null"})
    command = [sys.executable, "-m", "appliance", "play", "--config", config, "--seconds", "60"]
    for start in range(2):
        engine = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            with Client(port=port, timeout=1) as client:
                state = wait_for(client)
                if start == 0:
                    assert state["name"] == "First Light" and state["filled"] == list(range(1, 65))
                    perform(client)
                else:  # killed: the same sound, edits included
                    assert (state["current"], state["name"]) == (33, "Mine")
                    assert client.get("/offset/5/value") == -0.25
        finally:
            if start:
                engine.terminate()
            else:
                engine.kill()
            _, err = engine.communicate(timeout=20)
        if start:
            assert engine.returncode == 0, err
    assert "clean: true" in (BANK.parents[1] / "session.yaml").read_text()


def perform(client: Client) -> None:
    client.send("/preset/recall", 4)
    client.send("/offset/3/value", 0.5)
    client.send("/preset/store", 33, "Mine")
    assert answer(client, "/preset/saved") == [33]
    assert "Mine" in (BANK / "33.yaml").read_text()
    client.send("/preset/clear", 60)
    assert answer(client, "/preset/saved") == [60]
    client.send("/preset/recall", 60)
    with pytest.raises(ParameterError, match="Slot 60 is empty"):
        client.receive()
    client.send("/preset/recall", 1, 30.0)
    time.sleep(0.3)
    state = client.status()["presets"]
    assert (state["state"], state["target"]) == ("morph", 1) and 0 < state["progress"] < 0.5
    client.send("/preset/list")
    assert answer(client, "/preset/slot")[:2] == [1, "Still Water"]
    client.send("/preset/recall", 33, 0)
    client.send("/offset/5/value", -0.25)
    deadline = time.monotonic() + 20
    while "/offset/5/value: -0.25" not in (BANK.parents[1] / "session.yaml").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answer(client: Client, wanted: str) -> list[object]:
    while True:
        address, arguments = client.receive()
        if address == wanted:
            return arguments


def wait_for(client: Client) -> dict[str, object]:
    deadline = time.monotonic() + 20
    while True:
        try:
            return client.status()["presets"]
        except EngineUnreachableError:
            assert time.monotonic() < deadline, "the engine does not answer"
            time.sleep(0.1)
