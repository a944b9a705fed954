"""Where steps work: a folder, a log and a stamp each; a step whose inputs stand is passed over.

A step's key holds all that its result can depend on: the keys of the steps before it, its program
with all it imports of this package, every field of the variant, the programs of this machine, the
commit's time if the result bears dates, and what the step names itself.
"""

import ast
import dataclasses
import functools
import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from image.steps.variant import PROJECT, BuildError, Variant

KEY = "key"
"""A step may leave a file of this name: its content then stands for the step in later keys."""
_TOOLS = (
    "squashfs-tools", "dosfstools", "mtools", "e2fsprogs", "fdisk", "cpio", "zstd", "xz-utils",
    "kmod", "dpkg", "tar", "coreutils", "findutils", "gcc", "gcc-aarch64-linux-gnu",
    "gcc-x86-64-linux-gnu", "qemu-user-static", "python3",
)  # fmt: skip


class Step(Protocol):
    """One stage; `dated` if the commit's time is in its result."""

    name: str
    after: tuple[str, ...]
    dated: bool

    def inputs(self, shop: "Workshop") -> list[Any]:
        """Return what else its result depends on, as JSON types; a Path is for its content."""
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

    def __init__(
        self, variant: Variant, folder: Path | None = None, epoch: int | None = None
    ) -> None:
        """Work for `variant`, by default with the last commit's time; nothing is created yet."""
        self.variant = variant
        self.folder = folder or PROJECT / "build" / "image" / variant.name
        self.records: dict[str, Record] = {}
        self._commit_time = int(commit("%ct") or 0) if epoch is None else epoch
        self._step: Step | None = None
        self._log = self.folder / "logs" / "build.log"

    def __getitem__(self, step: str) -> Path:
        """Return the folder of a step's result."""
        return self.folder / step

    @property
    def epoch(self) -> int:
        """Return the time that results bear, in seconds; a step that is not dated has none."""
        assert self._step is None or self._step.dated, f"{self._step.name} must be dated"
        return self._commit_time

    def key(self, step: Step) -> str:
        """Return the sum of all that the result of `step` depends on."""
        self._step = step
        return digest(
            [
                step.name,
                [self.records[name].key for name in step.after],
                program(type(step).__module__),
                dataclasses.asdict(self.variant),
                tools(),
                self.epoch if step.dated else None,
                step.inputs(self),
            ]
        )

    def run(self, step: Step) -> Record:
        """Make a step unless its result of the same inputs is there."""
        self._log = self.folder / "logs" / f"{step.name}.log"
        key = self.key(step)
        stamp = self.stamp(step.name)
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
        said = out / KEY
        standing = said.read_text() if said.is_file() else key
        record = Record(standing, kept, time.monotonic() - begun)
        self.records[step.name] = record
        self._step = None
        return record

    def stamp(self, step: str) -> Path:
        """Return the file that says of what inputs a step's result was made."""
        return self.folder / f"{step}.json"

    def call(
        self,
        command: Sequence[str | Path],
        *,
        stdin: bytes | None = None,
        cwd: Path | None = None,
        environment: dict[str, str | None] | None = None,
        allow: tuple[int, ...] = (0,),
    ) -> str:
        """Run a program, its output into the step's log; return its stdout.

        It sees the commit's time if the step is dated, and no variable that `environment` has None.
        Raises BuildError with the last line it said, unless its exit status is in `allow`.
        """
        words = [str(word) for word in command]
        dated = self._step is None or self._step.dated
        variables = {
            **os.environ,
            "LC_ALL": "C",
            "SOURCE_DATE_EPOCH": str(self._commit_time if dated else 0),
            **(environment or {}),
        }
        try:
            done = subprocess.run(  # noqa: S603
                words,
                input=stdin,
                capture_output=True,
                cwd=cwd,
                env={name: value for name, value in variables.items() if value is not None},
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


@functools.cache
def commit(form: str) -> str:
    """Return something of the commit at the build's begin, as git's --format has it, or nothing."""
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(PROJECT), "log", "-1", f"--format={form}"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


@functools.cache
def is_changed() -> bool:
    """Return whether the checkout differs from its last commit at the build's begin."""
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(PROJECT), "status", "--porcelain", "--untracked-files=no"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return bool(done.stdout.strip())


def program(module: str) -> list[Path]:
    """Return the files of a module of this package and of all of the package it imports."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = PROJECT / f"{name.replace('.', '/')}.py"
        if name in found or not name.startswith("image.steps.") or not file.is_file():
            continue
        found[name] = file
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [found[name] for name in sorted(found)]


@functools.cache
def tools() -> dict[str, str]:
    """Return the versions of this machine's programs that leave their mark on an image."""
    done = subprocess.run(  # noqa: S603
        ["dpkg-query", "--show", "--showformat", "${Package} ${Version}\\n", *_TOOLS],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
    return {**found, "python": platform.python_version()}


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
