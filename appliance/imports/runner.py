"""Works through the queue of imports: one limited process of low priority at a time."""

import fcntl
import os
import selectors
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from appliance.decoders.installation import clear
from appliance.errors import ModelError
from appliance.imports.job import STEP_FILE, Job, State
from appliance.imports.queue import ImportQueue
from appliance.imports.steps import share_of
from appliance.storage import make_folder

MEMORY_MB = 1500
"""Memory that an import may have; the largest RAVE needs about 800 MB of it."""

_LOOK = 0.25  # seconds
_PATIENCE = 300.0  # seconds within one step; longer is a hang
_ATTEMPTS = 3  # a job that ends its process, or the box, that often has failed


class ImportRunner:
    """Imports what waits in `queue`, oldest first, until told to stop."""

    def __init__(self, queue: ImportQueue, *, memory_mb: int = MEMORY_MB) -> None:
        """Prepare; `memory_mb` is what an import may use."""
        self.queue = queue
        self.stopping = threading.Event()
        self._memory_mb = memory_mb

    def serve(self) -> None:
        """Work until `stopping` is set; wait while another process serves the queue."""
        make_folder(self.queue.folder)
        with (self.queue.folder / ".lock").open("w") as lock:
            while not self.stopping.is_set():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    self.stopping.wait(_LOOK)
                    continue
                self._recover()
                while not self.stopping.is_set():
                    if not self._next():
                        self.stopping.wait(_LOOK)

    def drain(self) -> None:
        """Work off what waits now and return."""
        make_folder(self.queue.folder)
        with (self.queue.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._recover()
            while not self.stopping.is_set() and self._next():
                pass

    def _recover(self) -> None:
        """Let jobs wait again that ran when the box went off."""
        for job in self.queue.status():
            if job.state is State.RUNNING:
                job.state = State.WAITING
                self._settle(job)

    def _next(self) -> bool:
        """Run the oldest job that waits; return whether there was one."""
        for job in self.queue.status():
            if job.state is State.WAITING:
                self._run(job)
                return True
        return False

    def _run(self, job: Job) -> None:
        if self.queue.cancelled(job.number):
            job.state = State.CANCELLED
        elif job.attempts >= _ATTEMPTS:
            job.state = State.FAILED
            job.reason = f"The import of {job.file} was cut off {_ATTEMPTS} times."
            job.attempts = 0
        else:
            job.state, job.attempts = State.RUNNING, job.attempts + 1
            self.queue.keep(job)
            self._watch(job)
        self._settle(job)

    def _settle(self, job: Job) -> None:
        home = self.queue.home(job.number)
        if job.state is State.DONE:
            (home / job.file).unlink(missing_ok=True)
        self.queue.keep(job)

    def _watch(self, job: Job) -> None:
        """Import in a process of its own and set the job's end."""
        home = self.queue.home(job.number)
        command = [sys.executable, "-m", "appliance.imports.child", str(home / job.file)]
        command += [str(self.queue.models), job.name, job.precision, str(self._memory_mb)]
        command.append(job.projection)
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            self._listen(job, process.stdout, home)
        finally:
            process.kill()
            code = process.wait()
            process.stdout.close()
            clear(self.queue.models)
        if job.state is State.RUNNING:
            job.state = State.FAILED
            job.reason = (
                f"The import of {job.file} ended without a word (code {code}): most likely it "
                f"needs more than its {self._memory_mb} MB of memory, or the file is damaged."
            )
        if job.state.ended:
            job.attempts = 0

    def _listen(self, job: Job, said: IO[bytes], home: Path) -> None:
        """Follow what the process says until it ends, must end, or the runner stops."""
        last = time.monotonic()
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(said, selectors.EVENT_READ)
            while True:
                if selector.select(_LOOK):
                    block = os.read(said.fileno(), 65536)
                    if not block:
                        return
                    *lines, rest = (rest + block).split(b"\n")
                    for line in lines:
                        _hear(job, line.decode("utf-8", "replace"), home)
                    last = time.monotonic()
                if job.state.ended:
                    return
                if self.queue.cancelled(job.number):
                    job.state = State.CANCELLED
                    return
                if self.stopping.is_set():
                    job.state, job.attempts = State.WAITING, job.attempts - 1
                    return
                if time.monotonic() - last > _PATIENCE:
                    job.state = State.FAILED
                    job.reason = f"{job.file} took more than {_PATIENCE:.0f} s for one step."
                    return


def _hear(job: Job, line: str, home: Path) -> None:
    word, _, rest = line.partition(" ")
    match word:
        case "step":
            (home / STEP_FILE).write_text(f"{share_of(rest):.2f} {rest}", "utf-8")
        case "done":
            job.state, job.reason = State.DONE, rest
        case "failed":
            job.state, job.reason = State.FAILED, rest
        case _:
            raise ModelError(f"An import says '{line[:80]}', which nobody understands.")
