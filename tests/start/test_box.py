"""A box plays whatever else is wrong, tells its service manager, and says what it could not do."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest

from appliance.cli.box import box_configuration
from appliance.cli.play import _until_told
from appliance.engine.client import Client
from appliance.engine.player import Player
from appliance.notify import ServiceManager
from appliance.start_up import note_held, read_start


class Box:
    """`neural-synth play --box` on the null output, as a service manager starts it."""

    def __init__(self, folder: Path, config: str, *options: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.runtime = folder / "run"
        self.runtime.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(config.replace("PORT", str(self.port)))
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.bind(str(folder / "notify"))
        self.heard.settimeout(60)
        environment = os.environ | {
            "NEURAL_SYNTH_CONFIG": str(folder / "config.yaml"),
            "NEURAL_SYNTH_DATA": str(folder / "data"),
            "NEURAL_SYNTH_RUNTIME": str(self.runtime),
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": "1000000",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "appliance", "play", "--box", *options],
            cwd=Path(__file__).parents[2],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> "Box":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.heard.close()

    def until(self, message: bytes) -> list[bytes]:
        said = [self.heard.recv(1000)]
        while said[-1] != message:
            said.append(self.heard.recv(1000))
        return said

    def flags(self) -> list[str]:
        with Client(port=self.port) as client:
            return client.status()["flags"]


GOOD = "audio: {output: 'null'}\nosc: {port: PORT}\n"


def test_it_tells_its_steps_and_that_it_lives(tmp_path: Path) -> None:
    with Box(tmp_path, GOOD) as box:
        said = box.until(b"READY=1")
        steps = [m.decode().removeprefix("STATUS=") for m in said if m.startswith(b"STATUS")]
        assert steps[0] == "starting"
        assert "choir-wave (0 of 4)" in steps
        assert "choir-spectral (1 of 4)" in steps
        assert steps[-1].startswith("playing ")
        told = read_start(box.runtime)
        assert told is not None
        assert told.step == "ready"
        box.until(b"WATCHDOG=1")
        box.process.send_signal(signal.SIGTERM)
        box.until(b"STOPPING=1")
        assert box.process.wait(20) == 0
        told = read_start(box.runtime)
        assert told is not None
        assert told.step == "ended"


class Turning:
    """A player whose audio thread finished its last block so many seconds ago."""

    def __init__(self, stalled: float) -> None:
        self.stalled_seconds = stalled

    def wait(self, seconds: float) -> bool:
        time.sleep(seconds)
        return False


def test_only_a_turning_audio_loop_feeds_the_watchdog(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "40000"}
        for stalled, fed in ((0.005, True), (0.1, False)):
            _until_told(cast("Player", Turning(stalled)), 0.1, None, ServiceManager(environment))
            said: list[bytes] = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    said.append(heard.recv(100))
            assert bool(said) is fed
            assert set(said) <= {b"WATCHDOG=1"}


def test_a_wrong_configuration_and_a_missing_model_do_not_silence_it(tmp_path: Path) -> None:
    missing = GOOD + "decoders: [{model: nowhere}]\n"
    with Box(tmp_path, missing) as box:
        box.until(b"READY=1")
        assert any("no imported model 'nowhere'" in flag for flag in box.flags())


def test_without_a_gpu_the_processor_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("engine: {device: cuda}\n")
    for reason, device in (("no driver", "cpu"), (None, "cuda")):
        monkeypatch.setattr("appliance.cli.box.cuda_shortage", lambda reason=reason: reason)
        (config, _), warnings = box_configuration(file, safe=False)
        assert config.engine.device == device
        said = any("on the processor: no driver" in warning for warning in warnings)
        assert said is (device == "cpu")


def test_a_safe_start_was_asked_for_by_foot(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    note_held("left", tmp_path / "run")
    with Box(tmp_path, GOOD + "preset: nothing-of-this-name\n") as box:
        box.until(b"READY=1")
        assert any(flag.startswith("Safe start") for flag in box.flags())
        with Client(port=box.port) as client:
            assert client.status()["presets"]["name"] == "First Light"
