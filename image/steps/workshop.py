"""Where steps work: a folder, a log and a stamp each; a step whose inputs stand is passed over."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from image.steps.variant import PROJECT, BuildError, Variant


class Step(Protocol):
    """One stage: `inputs` and the steps it comes `after` decide whether it must run."""

    name: str
    after: tuple[str, ...]

    def inputs(self, shop: "Workshop") -> list[Any]:
        """Return what its result depends on, as JSON types; a Path stands for its content."""
        ...

    def make(self, shop: "Workshop", out: Path) -> None:
        """Fill the empty folder `out`."""
        ...


class Record(NamedTuple):
    """What a step did: its key, whether it was kept from before, and its wall seconds."""

    key: str
    kept: bool
    seconds: float


class Workshop:
    """One variant's build folder, `build/image/VARIANT/`."""

    def __init__(self, variant: Variant, folder: Path | None = None) -> None:
        """Work for `variant`; nothing is created yet."""
        self.variant = variant
        self.folder = folder or PROJECT / "build" / "image" / variant.name
        self.records: dict[str, Record] = {}
        self.epoch = int(commit("%ct") or 0)
        self._log = self.folder / "logs" / "build.log"

    def __getitem__(self, step: str) -> Path:
        """Return the folder of a step's result."""
        return self.folder / step

    def run(self, step: Step) -> Record:
        """Make a step unless its result of the same inputs is there."""
        self._log = self.folder / "logs" / f"{step.name}.log"
        before = [self.records[name].key for name in step.after]
        key = digest([step.name, before, step.inputs(self)])
        stamp = self.folder / f"{step.name}.json"
        out = self.folder / step.name
        begun = time.monotonic()
        kept = stamp.is_file() and out.is_dir() and json.loads(stamp.read_text())["key"] == key
        if not kept:
            stamp.unlink(missing_ok=True)
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            self._log.unlink(missing_ok=True)
            step.make(self, out)
            seconds = round(time.monotonic() - begun, 1)
            stamp.write_text(json.dumps({"key": key, "seconds": seconds}) + "\n")
        record = Record(key, kept, time.monotonic() - begun)
        self.records[step.name] = record
        return record

    def call(
        self,
        command: Sequence[str | Path],
        *,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
        allow: tuple[int, ...] = (0,),
    ) -> str:
        """Run a program, its output into the step's log; return its stdout.

        Raises BuildError with the last line it said, unless its exit status is in `allow`.
        """
        words = [str(word) for word in command]
        try:
            done = subprocess.run(  # noqa: S603
                words,
                input=stdin,
                capture_output=True,
                cwd=cwd,
                env=os.environ
                | {"LC_ALL": "C", "SOURCE_DATE_EPOCH": str(self.epoch)}
                | (environment or {}),
                check=False,
            )
        except FileNotFoundError:
            raise BuildError(
                f"The program {words[0]!r} is missing; 'make image-packages' installs it."
            ) from None
        output, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a") as log:
            log.write(f"$ {' '.join(words)[:500]}\n{output[-20_000:]}{errors[-20_000:]}")
        if done.returncode not in allow:
            last = (errors.strip() or output.strip() or "no output").splitlines()[-1]
            raise BuildError(
                f"{words[0]} ended with {done.returncode}: {last} Everything it said is in"
                f" {self._log}."
            )
        return output


def commit(form: str) -> str:
    """Return something of the checkout's last commit, as git's --format has it, or nothing."""
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(PROJECT), "log", "-1", f"--format={form}"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def digest(parts: Iterable[Any]) -> str:
    """Return the SHA-256 of JSON values, in which a Path stands for the files under it."""
    text = json.dumps(list(parts), sort_keys=True, default=_content)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(path: Path) -> list[list[str]]:
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    return [
        [str(file.relative_to(path.parent)), hashlib.sha256(file.read_bytes()).hexdigest()]
        for file in files
        if "__pycache__" not in file.parts
    ]
