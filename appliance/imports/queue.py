"""The queue of imports: files to import, how far each is, why one failed.

It is a folder, so any process may ask and a power cut loses nothing: `submit` copies the file in,
an `ImportRunner` in some process works through it. Nothing here loads torch.
"""

import contextlib
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

from appliance.decoders.card import REVISION, read_card
from appliance.decoders.catalogue import user_models
from appliance.errors import ModelError
from appliance.imports.job import CANCEL_FILE, STEP_FILE, Job, State, read_job, write_job
from appliance.places import data_folder
from appliance.storage import make_folder, sync_folder

SPARE = 256 << 20
"""Bytes that stay free on the disk beside the copy of a file."""
_KEPT = 20  # ended jobs that are remembered
_BLOCK = 1 << 20


class ImportQueue:
    """The imports in `folder`, by default the player's; models go to `models`."""

    def __init__(self, folder: Path | None = None, models: Path | None = None) -> None:
        """Look at the queue; its folder need not exist yet."""
        self.folder = data_folder() / "imports" if folder is None else folder
        self.models = user_models() if models is None else models

    def submit(
        self,
        path: Path,
        *,
        name: str | None = None,
        precision: str = "auto",
        projection: str = "",
    ) -> int:
        """Copy the file at `path` into the queue and return the job's number.

        A file whose model is there already, made by this version of the importer, is done at
        once. Raises ModelError if the file cannot be read or the disk has no room for it.
        """
        model = re.sub(r"[^A-Za-z0-9_.+-]+", "-", name or path.stem).strip("-.") or "model"
        home: Path | None = None
        try:
            if not path.is_file():
                raise ModelError(f"{path} is not there. Give the path of a TorchScript file (.ts).")
            self._check_space(path)
            number, home = self._room()
            digest = _copy(path, home / path.name)
            job = Job(number, path.name, model, precision, time.time(), digest, projection)
            if self._made(model, digest, projection):
                job.state, job.reason = State.DONE, "it was imported before"
                (home / path.name).unlink()
            write_job(job, home)
        except OSError as error:
            if home is not None:
                shutil.rmtree(home, ignore_errors=True)
            raise ModelError(
                f"{path} cannot be taken in ({error.strerror or error}). "
                "Check the file, and free some space on the box."
            ) from error
        self._tidy()
        return number

    def status(self) -> list[Job]:
        """Return every job, oldest first."""
        found = (read_job(home) for home in self._homes())
        return [job for job in found if job is not None]

    def job(self, number: int) -> Job:
        """Return one job; raises ModelError if there is none of that number."""
        job = read_job(self.home(number))
        if job is None:
            known = ", ".join(str(job.number) for job in self.status()) or "none"
            raise ModelError(
                f"There is no import {number} (known: {known}). 'neural-synth imports list' "
                "shows them."
            )
        return job

    def cancel(self, number: int) -> None:
        """Ask for a job to end; one that runs ends within a second, one that ended stays."""
        job = self.job(number)
        if not job.state.ended:
            (self.home(number) / CANCEL_FILE).touch()

    def retry(self, number: int) -> None:
        """Let a job that failed or was cancelled run again; raises ModelError as `job` does."""
        job = self.job(number)
        if job.state in (State.FAILED, State.CANCELLED):
            job.state, job.reason = State.WAITING, ""
            self.keep(job)

    def forget(self, number: int) -> None:
        """Remove an ended job and its file; raises ModelError as `job` does or if it has not."""
        if not self.job(number).state.ended:
            raise ModelError(f"Import {number} is not over. Cancel it first.")
        shutil.rmtree(self.home(number), ignore_errors=True)

    def keep(self, job: Job) -> None:
        """Write what is known of a job; raises OSError."""
        home = self.home(job.number)
        if job.state is not State.RUNNING:
            for mark in (CANCEL_FILE, STEP_FILE):
                (home / mark).unlink(missing_ok=True)
            job.step, job.share = "", float(job.state is State.DONE)
        write_job(job, home)

    def home(self, number: int) -> Path:
        """Return the folder of a job."""
        return self.folder / f"{number:05d}"

    def cancelled(self, number: int) -> bool:
        """Return whether a job was asked to end."""
        return (self.home(number) / CANCEL_FILE).exists()

    def _made(self, model: str, digest: str, projection: str) -> bool:
        """Return whether `model` was made from this very file, so, by an importer like ours."""
        with contextlib.suppress(ModelError):
            card = read_card(self.models / model)
            same = card.source.sha256 == digest and projection in ("", card.projection)
            return same and card.revision >= REVISION
        return False

    def _homes(self) -> list[Path]:
        return sorted(home for home in self.folder.glob("[0-9]*") if home.name.isdigit())

    def _room(self) -> tuple[int, Path]:
        """Make a job's folder under the next free number."""
        make_folder(self.folder)
        number = int(self._homes()[-1].name) + 1 if self._homes() else 1
        while True:
            home = self.home(number)
            try:
                home.mkdir()
            except FileExistsError:  # another process was quicker
                number += 1
                continue
            sync_folder(self.folder)
            return number, home

    def _check_space(self, path: Path) -> None:
        make_folder(self.folder)
        size, free = path.stat().st_size, shutil.disk_usage(self.folder).free
        if size + SPARE > free:
            raise ModelError(
                f"{path} needs {size >> 20} MB and the box has {free >> 20} MB, of which "
                f"{SPARE >> 20} MB stay free. Delete something first."
            )

    def _tidy(self) -> None:
        """Forget the oldest jobs that are done."""
        done = [job for job in self.status() if job.state is State.DONE]
        for job in done[:-_KEPT]:
            shutil.rmtree(self.home(job.number), ignore_errors=True)


def _copy(path: Path, target: Path) -> str:
    """Copy a file and return its SHA-256; it is on the disk on return."""
    digest = hashlib.sha256()
    with path.open("rb") as source, target.open("wb") as copy:
        while block := source.read(_BLOCK):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()
