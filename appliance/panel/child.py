"""The panel as the child of a playing engine: on a laptop one command starts both."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

_REST = 2.0  # seconds before a panel that ended is started again


class PanelChild:
    """Keeps a panel process running; it ends when its standard input does, so also if we die."""

    def __init__(self, config: Path | None, options: tuple[str, ...] = ()) -> None:
        """Prepare for the configuration file `config`, None for the built-in one."""
        self._command = [sys.executable, "-m", "appliance", "panel", "--attached", *options]
        if config is not None:
            self._command += ["--config", str(config)]
        self._process: subprocess.Popen[bytes] | None = None
        self._due = 0.0

    def look(self) -> None:
        """Start the panel if it does not run."""
        if self._process is not None and self._process.poll() is None:
            return
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _REST
            self._process = subprocess.Popen(  # noqa: S603
                self._command, stdin=subprocess.PIPE, start_new_session=True
            )

    def stop(self) -> None:
        """End the panel."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
