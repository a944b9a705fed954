"""Long work for a jam slot, in a process of its own: the sound shares nothing with it."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ApplianceError, LatentError
from appliance.jam.arrays import read_latents
from appliance.jam.task import Task

_START = """\
import os, sys
if hasattr(os, "sched_setscheduler"):
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
os.nice(15)
from appliance.jam.task import main
main()
"""
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: latents, float32 (8, points), and how many points a second they play at."""

    latents: NDArray[np.float32]
    rate: float


Done = Callable[[Path | None, str], None]
"""Takes the file that the task wrote, or None and a sentence that says why there is none."""


class Errand:
    """Runs a task, with neither the engine's priority nor its processor cores."""

    def __init__(self, task: Task, done: Done) -> None:
        """Start; `done` is called from a thread of its own, unless it is cancelled."""
        self.what = task.what
        """What it does, in one word."""
        self.progress = 0.0
        """Share of the work that is done, 0 to 1."""
        self._done = done
        self._cancelled = False
        self._folder = tempfile.TemporaryDirectory(prefix="neural-synth-")
        self._out = Path(self._folder.name) / "outcome.npz"
        package = str(Path(__file__).parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", _START, task.text, str(self._out)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
            text=True,
            errors="replace",
        )
        self._thread = threading.Thread(target=self._follow, name=task.what, daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """End the work; nothing comes of it."""
        self._cancelled = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Wait for the end for at most `seconds`; return whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _follow(self) -> None:
        said = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := _PERCENT.search(line):
                self.progress = min(1.0, float(found[1]) / 100)
            said = line.strip() or said
        code = self._process.wait()
        try:
            if self._cancelled:
                return
            if code != 0:
                reason = said.removeprefix("Error: ")[:400]
                raise LatentError(reason or f"The work of '{self.what}' ended with code {code}.")
            self._done(self._out, "")
        except ApplianceError as error:
            self._done(None, str(error))
        finally:
            self._folder.cleanup()


def outcome(path: Path) -> Outcome:
    """Return the latents that a task has written."""
    with np.load(path) as found:
        rate = float(found["rate"])
    return Outcome(read_latents(path), rate)
