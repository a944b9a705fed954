"""One import that was asked for: its folder holds the file and what became of it."""

from enum import StrEnum
from pathlib import Path

import msgspec
import yaml

from appliance.storage import write_file

JOB_FILE = "job.yaml"
STEP_FILE = "step"
CANCEL_FILE = "cancel"


class State(StrEnum):
    """Where a job stands; the last three are ends."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return self in (State.DONE, State.FAILED, State.CANCELLED)


class Job(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of an import."""

    number: int
    file: str
    """The file's name; the copy lies in the job's folder until the model is there."""
    name: str
    """The model's name."""
    precision: str
    submitted: float
    """Seconds since 1970."""
    sha256: str
    projection: str = ""
    """Axes of a spectral model's latents, if not those of the file."""
    state: State = State.WAITING
    reason: str = ""
    """Why it failed, or a word on how it ended."""
    attempts: int = 0
    step: str = ""
    """What it is doing."""
    share: float = 0.0
    """How far it is, 0 to 1, by steps and not by time."""


def read_job(folder: Path) -> Job | None:
    """Return the job in `folder`, or None if that holds none that can be read."""
    try:
        content = yaml.safe_load((folder / JOB_FILE).read_text("utf-8"))
        job = msgspec.convert(content, Job)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None
    if job.state is State.RUNNING:
        _add_step(job, folder)
    return job


def write_job(job: Job, folder: Path) -> None:
    """Write `job` so that a power cut leaves the old state or the new; raises OSError."""
    content = msgspec.to_builtins(job)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    write_file(folder / JOB_FILE, text.encode())


def _add_step(job: Job, folder: Path) -> None:
    """Read how far a running job is: written often, so without waiting for the disk."""
    try:
        share, _, step = (folder / STEP_FILE).read_text("utf-8").partition(" ")
        job.share, job.step = float(share), step
    except (OSError, ValueError):
        return
