"""Imports damaged files, each in a process of its own, and counts what must not happen."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.errors import ModelError
from tests.conformance.damage import DAMAGES
from tests.decoders.rave_export import make_rave
from tests.decoders.vschaos2_export import make_vschaos2

LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class End:
    """How one import ended: `fault` is what must not happen, or nothing."""

    what: str
    fault: str
    seconds: float


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--count", default=200, show_default=True)
@click.option("--seed", default=0, show_default=True)
def damaged(files: tuple[Path, ...], count: int, seed: int) -> None:
    """Damage FILES, or small exports made for it, COUNT times; exit 1 if one does harm."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = files or (
            make_rave(folder / "rave.ts", ratios=(4, 2), noise=True),
            make_rave(folder / "rave-v1.ts", "v1", ratios=(4, 2), wrapper="trace"),
            make_vschaos2(folder / "vschaos2.ts", "small"),
            make_vschaos2(folder / "labels.ts", "small", conditioned=True, predicted=True),
        )
        faults = refused = played = 0
        slowest = 0.0
        for number in range(count):
            damage = DAMAGES[number % len(DAMAGES)]
            source = sources[number // len(DAMAGES) % len(sources)]
            end = tried(source, damage.__name__, (seed, number), folder)
            refused, played = refused + (end.what == "refused"), played + (end.what == "plays")
            slowest = max(slowest, end.seconds)
            if end.fault:
                faults += 1
                click.echo(f"{number} {damage.__name__} of {source.name}: {end.fault}")
    click.echo(
        f"{count} damaged files: {refused} refused in a sentence, {played} play, {faults} faults; "
        f"the slowest took {slowest:.1f} s"
    )
    sys.exit(1 if faults else 0)


def tried(source: Path, damage: str, seed: tuple[int, int], folder: Path) -> End:
    """Damage `source` by the way of that name and import it in another process."""
    shutil.rmtree(folder / "models", ignore_errors=True)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_import, args=(source, damage, seed, folder, sender))
    start = time.monotonic()
    process.start()
    sender.close()
    said, ended = "", receiver.poll(LONGEST_S)
    with contextlib.suppress(EOFError):
        said = receiver.recv() if ended else ""
    process.join(5 if ended else 0)
    seconds = time.monotonic() - start
    if process.is_alive():
        process.kill()
        process.join()
        return End("hangs", f"still busy after {seconds:.0f} s", seconds)
    if process.exitcode:
        number = -process.exitcode
        name = signal.Signals(number).name if number > 0 else str(process.exitcode)
        return End("dies", f"the process ended by {name}", seconds)
    what, _, fault = said.partition("|")
    left = list((folder / "models").glob("*")) if what == "refused" else []
    if left and not fault:
        fault = f"left {left[0].name} behind"
    return End(what, fault, seconds)


def _import(source: Path, damage: str, seed: tuple[int, int], folder: Path, tell: object) -> None:
    """Report how it went through `tell`; what a library prints is of no interest."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    random = np.random.default_rng(seed)
    (way,) = (way for way in DAMAGES if way.__name__ == damage)
    try:
        content = way(source, random)
    except Exception:  # torch itself would not write it: the file as it is then
        content = source.read_bytes()
    path = folder / "damaged.ts"
    path.write_bytes(content)
    tell.send(_outcome(path, folder / "models"))  # type: ignore[attr-defined]


def _outcome(path: Path, models: Path) -> str:
    try:
        import_model(path, models)
    except ModelError as error:
        sentence = str(error)
        fits = "\n" not in sentence and len(sentence) < 900 and sentence.endswith((".", "!"))
        return "refused|" + ("" if fits else f"not a sentence: {sentence[:200]!r}")
    except BaseException as error:
        return f"raises|{type(error).__name__}: {str(error)[:200]}"
    decoder = Library([models]).open("damaged", [0])
    audio = np.full((1, decoder.ratio), np.nan, np.float32)
    for _ in range(3):
        decoder.decode(np.zeros((1, 8), np.float32), [True], audio)
    return "plays|" + ("" if np.isfinite(audio).all() else "plays what is no number")
