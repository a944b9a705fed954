"""Fixtures for the whole test suite."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

JACK_RATE = 48000
JACK_PERIOD = 256

_ALSA_CONFIG = """
pcm.jackports {
    type jack
    playback_ports { 0 system:playback_1 1 system:playback_2 }
}
pcm.jackplug { type plug slave.pcm "jackports" }
"""


class JackPcm(NamedTuple):
    """A running dummy JACK server seen as an ALSA PCM; use it from a subprocess with `env`."""

    env: dict[str, str]
    name: str
    rate: int
    period: int


@pytest.fixture(scope="session")
def jack_pcm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JackPcm]:
    """Yield an ALSA PCM with a real clock and real xruns: JACK's dummy driver, no hardware."""
    if shutil.which("jackd") is None:
        pytest.skip("jackd is not installed")
    folders = (Path("/usr/lib"), Path("/usr/lib64"))
    if not any(f.glob("**/libasound_module_pcm_jack.so") for f in folders if f.is_dir()):
        pytest.skip("ALSA's JACK plug-in (libasound2-plugins) is not installed")
    folder = tmp_path_factory.mktemp("jack")
    config = folder / "alsa.conf"
    config.write_text(_ALSA_CONFIG)
    server = f"neural-synth-test-{os.getpid()}"
    env = os.environ | {
        "ALSA_CONFIG_PATH": str(config),
        "JACK_DEFAULT_SERVER": server,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
    }
    command = ["jackd", "-n", server, "-r", "-d", "dummy"]
    command += ["-r", str(JACK_RATE), "-p", str(JACK_PERIOD)]
    log = folder / "jackd.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(command, env=env, stdout=stream, stderr=stream)
    try:
        _wait_for_server(process, server, log)
        yield JackPcm(env, "jackplug", JACK_RATE, JACK_PERIOD)
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # A server that was killed leaves its socket and semaphores behind.
        for left in Path("/dev/shm").glob(f"*{re.escape(server)}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _wait_for_server(process: subprocess.Popen[bytes], server: str, log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, f"jackd ended: {log.read_text(errors='replace')}"
        if any(Path("/dev/shm").glob(f"jack_{server}_*")):
            return
        time.sleep(0.05)
    raise AssertionError(f"jackd did not start: {log.read_text(errors='replace')}")
