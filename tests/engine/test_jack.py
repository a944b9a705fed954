"""The engine on a real clock: JACK's dummy driver through ALSA, with and without a stall."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.tiny import tiny_library
from tests.jack import JackServer

pytestmark = pytest.mark.jack

SCRIPT = """
import json, sys, time
from pathlib import Path
from appliance.audio import open_output
from appliance.config import AudioConfig, Config, DecoderConfig
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.player import Player
from appliance.engine.status import Status

folder, name, rate, period, stall = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:6])
audio = AudioConfig(output=name, rate=int(rate), period=int(period))
config = Config(audio=audio, decoders=[DecoderConfig(model=m) for m in ("slow", "fast", "other")])
instrument = Instrument(config, Library([Path(folder)]))
instrument.values.set("/offset/1/value", 0.7)
instrument.settle()
begin, count = instrument.begin, [0]

def begin_late(*arguments):
    count[0] += 1
    if count[0] == 200:
        time.sleep(stall)
    begin(*arguments)

instrument.begin = begin_late
with open_output(name, rate=audio.rate, period=audio.period) as output:
    player = Player(instrument, output, config)
    status = Status(player, "test")
    player.start()
    time.sleep(2.5)
    state = status.snapshot()
    player.stop()
    assert player.error is None, player.error
print(json.dumps(state))
"""


def play(folder: Path, jack: JackServer, stall: float) -> dict[str, Any]:
    tiny_library(folder)
    numbers = (str(n) for n in (jack.rate, jack.period, stall))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, folder, jack.name, *numbers],
        env=jack.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_stall_is_an_xrun_and_the_sound_goes_on(tmp_path: Path, jack_pcm: JackServer) -> None:
    state = play(tmp_path, jack_pcm, 0.3)
    assert state["output"]["xruns"] >= 1
    assert state["engine"]["blocks"] > 300
    assert max(state["meters"]["peak"]) > 1e-3


def test_the_card_sets_the_pace(tmp_path: Path, jack_pcm: JackServer) -> None:
    state = play(tmp_path, jack_pcm, 0.0)
    expected = 2.5 * jack_pcm.rate / jack_pcm.period
    assert 0.4 * expected < state["engine"]["blocks"] < 1.5 * expected
    assert not state["output"]["lost"]
