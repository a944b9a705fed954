"""A JACK server on its dummy driver, seen as an ALSA PCM: a real clock and real xruns, no card."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

_ALSA_CONFIG = """
pcm.jackports {
    type jack
    playback_ports { 0 system:playback_1 1 system:playback_2 }
    capture_ports { 0 system:capture_1 1 system:capture_2 }
}
pcm.jackplug { type plug slave.pcm "jackports" }
"""


def missing() -> str | None:
    """Return what is not installed, or None if a server can run."""
    if shutil.which("jackd") is None:
        return "jackd is not installed"
    folders = (Path("/usr/lib"), Path("/usr/lib64"))
    if not any(f.glob("**/libasound_module_pcm_jack.so") for f in folders if f.is_dir()):
        return "ALSA's JACK plug-in (libasound2-plugins) is not installed"
    return None


class JackServer:
    """A server of its own name; programs reach it through `env` under the PCM `name`."""

    def __init__(self, folder: Path, *, rate: int = 48000, period: int = 256) -> None:
        """Keep configuration and log in `folder`; the server starts on entering the context."""
        self.name = "jackplug"
        self.rate = rate
        self.period = period
        self._server = f"neural-synth-test-{os.getpid()}"
        config = folder / "alsa.conf"
        config.write_text(_ALSA_CONFIG)
        self._log = folder / "jackd.log"
        self._env = {
            "ALSA_CONFIG_PATH": str(config),
            "JACK_DEFAULT_SERVER": self._server,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
        }

    @property
    def env(self) -> dict[str, str]:
        """Return the present environment and what leads a program to this server."""
        return os.environ | self._env

    def __enter__(self) -> "JackServer":
        """Start the server and wait until it answers."""
        command = ["jackd", "-n", self._server, "-r", "-d", "dummy"]
        command += ["-r", str(self.rate), "-p", str(self.period)]
        with self._log.open("wb") as stream:
            self._process = subprocess.Popen(command, env=self.env, stdout=stream, stderr=stream)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            assert self._process.poll() is None, f"jackd ended: {self._said()}"
            if any(Path("/dev/shm").glob(f"jack_{self._server}_*")):
                return self
            time.sleep(0.05)
        self.__exit__(None, None, None)
        raise AssertionError(f"jackd did not start: {self._said()}")

    def loop(self) -> bool:
        """Lead what clients play to what clients record, as a cable would; False if none do yet."""
        ports = self._tool("jack_lsp").split()
        ends = [[p for p in ports if f":{way}_00" in p] for way in ("out", "in")]
        for out, heard in zip(*map(sorted, ends), strict=False):
            self._tool("jack_connect", out, heard)
        return all(ends)

    def _tool(self, *command: str) -> str:
        server = ("-s", self._server)
        done = subprocess.run(
            (command[0], *server, *command[1:]),
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server and remove what a killed one leaves behind."""
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for left in Path("/dev/shm").glob(f"*{re.escape(self._server)}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _said(self) -> str:
        return self._log.read_text(errors="replace")
