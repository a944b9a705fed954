"""Latency from input to sound: found in sounds that are known, and through a real loop."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from appliance.audio.null import NullOutput
from appliance.engine.loop import BURST_SECONDS, Loop, answer
from tests.engine.tiny import write_model
from tests.jack import JackServer

RATE = 48000


def coloured(samples: int, tilt: float) -> NDArray[np.float32]:
    noise = np.random.default_rng(1).standard_normal(samples)
    return ((noise - tilt * np.roll(noise, 1)) / 10).astype(np.float32)


@pytest.mark.parametrize("milliseconds", [4.0, 33.3, 120.0])
@pytest.mark.parametrize("change", ["level", "colour"])
def test_an_answer_is_found_where_the_sound_leaves_its_rest(
    milliseconds: float, change: str
) -> None:
    sound = coloured(3 * RATE, 0.0)
    start = RATE + 1234
    there = start + round(milliseconds * RATE / 1000)
    sound[there:] = 8 * sound[there:] if change == "level" else 2 * coloured(3 * RATE, 0.98)[there:]
    found = answer(sound, start, RATE)
    assert found is not None and found == pytest.approx(milliseconds / 1000, abs=0.004)


def test_rest_is_no_answer() -> None:
    assert answer(coloured(3 * RATE, 0.5), RATE, RATE) is None
    assert answer(np.zeros(3 * RATE, np.float32), RATE, RATE) is None


def test_bursts_go_out_in_place_of_the_sound() -> None:
    played: list[NDArray[np.float32]] = []

    class Card(NullOutput):
        def write(self, block: NDArray[np.float32]) -> None:
            played.append(block.copy())

    loop = Loop(Card(rate=RATE, period=256, periods=3, paced=False), bursts=3)
    while not loop.done:
        loop.write(np.full((2, 256), 0.25, np.float32))
    sound = np.concatenate(played, 1)[0]
    heard = np.flatnonzero(np.abs(sound) > 0)
    assert heard[0] == loop.starts[0]
    assert heard[-1] == pytest.approx(loop.starts[2] + BURST_SECONDS * RATE, abs=5)
    assert not (sound == 0.25).any() and (loop._kept[:10_000] == 0.5).all()
    assert not loop.answers(0.0).seconds


@pytest.mark.jack
def test_live_sound_is_answered_through_a_cable(tmp_path: Path, jack_pcm: JackServer) -> None:
    write_model(tmp_path / "models", "loop", ratio=256, rate=jack_pcm.rate, seed=4, encodes=True)
    settings = {
        "audio": {"output": jack_pcm.name, "rate": jack_pcm.rate, "period": jack_pcm.period},
        "encoder": {"capture": jack_pcm.name},
        "models": [str(tmp_path / "models")],
    }
    (tmp_path / "box.yaml").write_text(yaml.safe_dump(settings))
    command = ["-m", "appliance", "latency", "--input", "--model", "loop", "--bursts", "4"]
    engine = subprocess.Popen(
        [sys.executable, *command, "--config", str(tmp_path / "box.yaml")],
        env=jack_pcm.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while engine.poll() is None and not jack_pcm.loop():
        time.sleep(0.1)
    out, err = engine.communicate(timeout=60)
    assert engine.returncode == 0, err
    assert "input to sound: median" in out and "of 4 bursts answered" in out
