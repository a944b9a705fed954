"""What would reach the converter: the bytes that ALSA itself receives, through `type file`.

libasound reads its configuration once per process, so each case runs in a process of its own.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from appliance.audio.quantiser import Quantiser

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("alsaaudio") is None, reason="pyalsaaudio is not installed"
)

CONFIG = """
pcm.sink {{ type null }}
pcm.out {{ type file slave.pcm "sink" file "{folder}/out.raw" format "raw" }}
"""

# ALSA's file plug-in takes every format; a card that takes one only is made by refusing the others.
SCRIPT = """
import sys, types
import alsaaudio
import numpy as np
from appliance.audio.alsa import AlsaOutput, load_driver

signal, name, format_name = np.load(sys.argv[1]), sys.argv[2], sys.argv[3]

def open_pcm(**asked):
    if asked["format"] != getattr(alsaaudio, "PCM_FORMAT_" + format_name):
        raise alsaaudio.ALSAAudioError("Invalid argument [" + name + "]")
    return alsaaudio.PCM(**asked)

driver = types.SimpleNamespace(**{**vars(load_driver()), "PCM": open_pcm})
with AlsaOutput(name, rate=48000, period=256, periods=3, driver=driver) as output:
    print(output.format_name, output.rate, output.period, output.periods, output.real_time)
    for start in range(0, signal.shape[1], 256):
        output.write(signal[:, start : start + 256])
    print(output.xruns, output.lost)
"""

MISSING = """
import sys
from appliance.audio import open_output
open_output("hw:CARD=Nowhere")
"""


def run(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "alsa.conf").write_text(CONFIG.format(folder=folder))
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"ALSA_CONFIG_PATH": str(folder / "alsa.conf")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("format_name", ["S32_LE", "S24_3LE", "S16_LE", "FLOAT_LE"])
def test_alsa_receives_exactly_the_samples(format_name: str, tmp_path: Path) -> None:
    signal = np.random.default_rng(4).uniform(-1.1, 1.1, (2, 256 * 20)).astype(np.float32)
    np.save(tmp_path / "signal.npy", signal)
    done = run(tmp_path, SCRIPT, str(tmp_path / "signal.npy"), "out", format_name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{format_name} 48000 256 3 True", "0 False"]
    quantiser = Quantiser(format_name=format_name, max_block=signal.shape[1])
    expected = np.zeros((signal.shape[1], quantiser.frame_bytes), np.uint8)
    quantiser.encode(signal, expected)
    got = np.frombuffer((tmp_path / "out.raw").read_bytes(), np.uint8)
    frames = got.reshape(-1, quantiser.frame_bytes)
    assert not frames[:512].any()
    assert np.array_equal(frames[512 : 512 + len(expected)], expected)
    assert not frames[512 + len(expected) :].any()


def test_a_missing_pcm_is_one_sentence_and_libasound_is_silent(tmp_path: Path) -> None:
    done = run(tmp_path, MISSING)
    last = done.stderr.splitlines()[-1]
    assert "PCM 'hw:CARD=Nowhere' does not exist: plug the card in, or set audio.output" in last
    assert "known PCMs" in last or "no PCM is known" in last
    assert "ALSA lib" not in done.stderr
