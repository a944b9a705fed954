"""A real clock and a real xrun, without hardware: ALSA over JACK's dummy driver."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.jack import JackServer

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.jack,
    pytest.mark.skipif(
        importlib.util.find_spec("alsaaudio") is None, reason="pyalsaaudio is not installed"
    ),
]

SCRIPT = """
import json, sys, time
import numpy as np
from appliance.audio import open_output
name, rate, stall = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
block = np.zeros((2, 256), np.float32)
with open_output(name, rate=rate, period=256, periods=3) as output:
    for _ in range(20):
        output.write(block)
    before = output.xruns
    time.sleep(stall)
    output.write(block)
    stalled = output.xruns - before
    start = time.monotonic()
    for _ in range(200):
        output.write(block)
    report = {
        "seconds": time.monotonic() - start, "stalled": stalled,
        "xruns": output.xruns, "before": before, "lost": output.lost, "delay": output.delay,
        "period": output.period, "periods": output.periods,
    }
print(json.dumps(report))
"""


def play(jack: "JackServer", rate: int, stall: float) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, jack.name, str(rate), str(stall)],
        env=jack.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_write_is_paced_by_the_card(jack_pcm: "JackServer") -> None:
    report = play(jack_pcm, jack_pcm.rate, 0.0)
    assert report["period"] == jack_pcm.period
    # A busy machine may add xruns, never speed.
    assert report["seconds"] > 195 * 256 / 48000
    assert 0 < report["delay"] <= 768
    assert not report["lost"]


def test_a_stall_of_300_ms_is_an_xrun_and_the_sound_goes_on(jack_pcm: "JackServer") -> None:
    report = play(jack_pcm, jack_pcm.rate, 0.3)
    assert report["stalled"] >= 1
    assert report["seconds"] > 195 * 256 / 48000
    assert not report["lost"]


def test_a_rate_that_the_card_lacks_names_the_one_it_has(jack_pcm: "JackServer") -> None:
    script = (
        "from appliance.audio import open_output\n"
        "from appliance.errors import AudioError\n"
        "try:\n    open_output('jackports', rate=44100)\n"
        "except AudioError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=jack_pcm.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "PCM 'jackports' plays 48000 Hz, not 44100 Hz: set audio.rate to 48000" in done.stdout
