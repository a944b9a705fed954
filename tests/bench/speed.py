"""Milliseconds per frame against TorchScript, one thread each, interleaved round by round.

On AMD processors PyTorch's MKL takes a slow path unless told otherwise; the row "torch, MKL fast
path" tells it, so that the comparison is with the peer at its best.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

from appliance.decoders.card import CARD_FILE, read_card
from appliance.decoders.importer import import_model
from appliance.machine import describe
from tests.bench.contestant import COLD, ENCODE
from tests.bench.cost import resident_mib

_FAST_PATH = "int mkl_serv_intel_cpu_true(void) { return 1; }\n"


class Contestant:
    """A process that times calls when asked."""

    def __init__(self, name: str, *arguments: str, preload: Path | None = None) -> None:
        """Start it; `preload` is put in front of its libraries."""
        self.name = name
        self.times: dict[str, list[float]] = {}
        self.resident = 0.0
        """MiB that it has in memory once it has decoded a voice."""
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        if preload is not None:
            env["LD_PRELOAD"] = str(preload)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.contestant", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )
        self._answer()

    def round(self, what: str, count: int) -> None:
        """Let it run `count` frames of "1" or "2" voices or "encode" and keep the times."""
        assert self._process.stdin is not None
        print(what, count, file=self._process.stdin, flush=True)
        times = [float(word) for word in self._answer().split()]
        self.times.setdefault(what, []).extend(times)
        if not self.resident:
            self.resident = resident_mib(self._process.pid)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise click.ClickException(f"'{self.name}' ended without an answer.")
        return line


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--rounds", default=8, show_default=True)
@click.option("--calls", default=12, show_default=True, help="Frames per round, cold a quarter.")
@click.option(
    "--models", type=click.Path(path_type=Path), help="Folder of models that are imported already."
)
def speed(files: tuple[Path, ...], rounds: int, calls: int, models: Path | None) -> None:
    """Compare imported FILES (.ts) with TorchScript; without any, a full-size RAVE v2 is made."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        click.echo(describe())
        for file in files or (_full_size(folder),):
            _compare(file, folder, models or folder / "models", rounds, calls)


def _full_size(folder: Path) -> Path:
    """Write a RAVE v2 of the stock size (15 million parameters) with random weights."""
    from tests.decoders.rave_export import make_rave  # noqa: PLC0415

    path = folder / "rave-v2-full.ts"
    make_rave(path, generation="v2", causal=True, capacity=96)
    return path


def _compare(file: Path, folder: Path, models: Path, rounds: int, calls: int) -> None:
    there = (models / file.stem / CARD_FILE).exists()
    card = read_card(models / file.stem) if there else import_model(file, models, name=file.stem)
    home = str(models / card.name)
    contestants = [Contestant("torch as installed", "torch", str(file))]
    preload = _preload(folder)
    if preload is not None:
        contestants.append(Contestant("torch, MKL fast path", "torch", str(file), preload=preload))
        frozen = Contestant("torch, fast and frozen", "frozen", str(file), preload=preload)
        contestants.append(frozen)
    contestants += [Contestant(f"ours, {p}", "ours", home, p) for p in ("auto", "fp32")]
    kinds = ["1", "2", f"{COLD}1", f"{COLD}2"] + [ENCODE] * (card.encoder is not None)
    for _ in range(rounds):
        for what in kinds:
            for contestant in contestants:
                contestant.round(what, max(calls // 4, 1) if what.startswith(COLD) else calls)
    click.echo(f"\n{file.name}: {card.family}, {1e3 * card.ratio / card.rate:.1f} ms a frame")
    peers = contestants[: 3 if preload else 1]
    click.echo(f"{'':24}{'':>12}{'median':>9}{'p99':>9}   per voice, against torch's one voice")
    for contestant in contestants:
        for what, times in contestant.times.items():
            cold = COLD * what.startswith(COLD)
            rows = 1 if what == ENCODE else int(what.removeprefix(COLD))
            median, slowest = 1e3 * np.median(times), 1e3 * np.percentile(times, 99)
            alone = ENCODE if what == ENCODE else f"{cold}1"
            single = [np.median(peer.times[alone]) for peer in peers]
            ratios = "  ".join(f"{1e3 * base * rows / median:5.2f}x" for base in single)
            label = what if what == ENCODE else f"{cold}{rows} row" + "s" * (rows > 1)
            click.echo(f"{contestant.name:24}{label:>12}{median:7.2f}ms{slowest:7.2f}ms   {ratios}")
        click.echo(f"{'':24}resident {contestant.resident:.0f} MiB")
        contestant.close()


def _preload(folder: Path) -> Path | None:
    """Return a library that makes MKL take its fast kernels, or None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    source, library = folder / "fast.c", folder / "fast.so"
    if not library.exists():
        source.write_text(_FAST_PATH)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library
