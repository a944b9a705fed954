"""Instructions per frame on an emulated Cortex-A76, a Raspberry Pi 5's processor: a projection.

qemu-user runs the instrument's own decoder with Arm's Python and ONNX Runtime and counts what the
processor would execute. The count repeats to a fraction of a percent; how many instructions a real
one does per clock, and how long it waits for memory, no emulator tells.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np

from appliance.decoders.contract import open_model
from appliance.decoders.families import recognise
from appliance.decoders.graph import Graph
from appliance.decoders.precision import Precision
from appliance.machine import describe
from tests.decoders.rave_export import make_rave
from tests.decoders.vschaos2_export import make_vschaos2

_PLACE = Path("build/a76")
_MIRROR = "http://deb.debian.org/debian"
_PACKAGES = "python3.11-minimal,libpython3.11-stdlib,libstdc++6,libgcc-s1"
_WHEELS = ("numpy", "onnxruntime", "msgspec")
_TOOLS = {"cc": "gcc", "mmdebstrap": "mmdebstrap", "apt-get": "apt", "dpkg-deb": "dpkg"}
_PROCESSOR = """processor\t: {number}
Features\t: fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x4
CPU part\t: 0xd0b
CPU revision\t: 1

"""
_CLOCK = 2.4e9
_FRAMES, _SETTLING = 6, 2

MODELS: dict[str, Callable[[Path], Path]] = {
    "RAVE v2": lambda path: make_rave(path, capacity=96, noise=True),
    "RAVE v1": lambda path: make_rave(path, "v1", capacity=64, noise=True),
    "vschaos2 normal": lambda path: make_vschaos2(path, "normal"),
    "vschaos2 precise": lambda path: make_vschaos2(path, "precise"),
}


@dataclass(frozen=True, slots=True)
class Emulator:
    """qemu-user, its plugin, and what the guest runs on."""

    program: Path
    plugin: Path
    root: Path
    packages: Path

    def count(self, graph: Path, rows: int) -> float:
        """Return the median of instructions from frame to frame."""
        script = Path(__file__).with_name("emulated_frames.py")
        search = os.pathsep.join((str(self.packages), str(Path.cwd())))
        done = subprocess.run(
            [
                *(self.program, "-cpu", "cortex-a76", "-L", self.root, "-plugin", self.plugin),
                *(self.root / "usr/bin/python3.11", script, graph, str(rows), str(_FRAMES)),
            ],
            env={
                "PYTHONHOME": str(self.root / "usr"),
                "PYTHONPATH": search,
                "PYTHONDONTWRITEBYTECODE": "1",
                "OMP_NUM_THREADS": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        words = [line.split() for line in done.stderr.splitlines()]
        counts = [int(line[1]) for line in words if line[:1] == ["instructions"]]
        if done.returncode or len(counts) != _FRAMES + 1:
            raise click.ClickException(f"The emulated decoder failed: {done.stderr[-300:]}")
        return float(np.median(np.diff(counts)[_SETTLING:]))


@click.command()
@click.option("--model", "names", multiple=True, type=click.Choice(list(MODELS)), help="Only this.")
def a76(names: tuple[str, ...]) -> None:
    """Count instructions per frame on an emulated Cortex-A76 (a projection, no measurement)."""
    emulator = _prepared(_PLACE.absolute())
    click.echo(describe())
    click.echo(f"qemu-user -cpu cortex-a76, onnxruntime {version('onnxruntime')}")
    click.echo("| model | precision | voices | instructions a frame | a second | "
               "core at 2.4 GHz, 2 to 1 a clock | weights a frame | a second |")  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or MODELS:
            _table(emulator, name, Path(scratch))


def _table(emulator: Emulator, name: str, folder: Path) -> None:
    model, contract = open_model(MODELS[name](folder / "model.ts"))
    architecture = recognise(model, contract.latents)
    shape = {"rate": contract.rate, "ratio": contract.ratio, "latents": contract.latents}
    frames = contract.rate / contract.ratio
    for precision in (Precision.FP32, Precision.BLOCKS8, Precision.INT8, Precision.BLOCKS4):
        graph = Graph(precision)
        architecture.write(graph)
        path = folder / f"decoder.{precision}.onnx"
        path.write_bytes(graph.serialize(shape))
        for rows in (1, 2):
            count, weights = emulator.count(path, rows), path.stat().st_size
            share = 100 * count * frames / _CLOCK
            click.echo(
                f"| {name} | {precision} | {rows} | {count / 1e6:.1f} M | "
                f"{count * frames / 1e6:.0f} M | {share / 2:.0f} to {share:.0f} % | "
                f"{weights / 1e6:.1f} MB | {weights * frames / 1e6:.0f} MB |"
            )


def _prepared(place: Path) -> Emulator:
    """Return the emulator, made in `place` from Debian's packages and PyPI's wheels for Arm."""
    missing = [package for tool, package in _TOOLS.items() if shutil.which(tool) is None]
    if missing or platform.machine() != "x86_64":
        raise click.ClickException(
            f"Counting needs Debian on x86_64 and its packages {', '.join(missing or _TOOLS)}, "
            "Debian's and PyPI's servers at the first run. "
            f"Install them with 'apt-get install {' '.join(missing or _TOOLS.values())}'."
        )
    place.mkdir(parents=True, exist_ok=True)
    root, packages, plugin = place / "root", place / "packages", place / "instructions.so"
    if not (root / "proc/cpuinfo").exists():
        _run("mmdebstrap", "--variant=extract", "--arch=arm64", f"--include={_PACKAGES}",
             "bookworm", root, _MIRROR)  # fmt: skip
        # onnxruntime reads it and would find the host's, of another kind.
        (root / "proc").mkdir(exist_ok=True)
        processors = "".join(_PROCESSOR.format(number=number) for number in range(4))
        (root / "proc/cpuinfo").write_text(processors)
    if not packages.exists():
        wheels = [f"{name}=={version(name)}" for name in _WHEELS]
        _run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:",
             "--platform=manylinux_2_28_aarch64", "--platform=manylinux_2_27_aarch64",
             "--platform=manylinux_2_17_aarch64", "--python-version=3.11",
             f"--target={packages}", *wheels)  # fmt: skip
    program = place / "qemu/usr/bin/qemu-aarch64"
    if not program.exists():  # the static build that images are made with has no plugins
        _run("apt-get", "download", "-qq", "qemu-user", where=place)
        (package,) = place.glob("qemu-user_*.deb")
        _run("dpkg-deb", "-x", package, place / "qemu")
    source = Path(__file__).with_name("instructions.c")
    _run("cc", "-O2", "-shared", "-fPIC", "-o", plugin, source)
    return Emulator(program, plugin, root, packages)


def _run(*command: str | Path, where: Path | None = None) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-300:]
        raise click.ClickException(f"'{command[0]}' failed: {said}")
