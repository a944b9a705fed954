"""The instrument: its wheel with models and presets, what Debian lacks, and compiled bytecode."""

import hashlib
import platform
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from image.steps.archives import HEADERS, PYTHON, Apt, native
from image.steps.debian import unpack
from image.steps.variant import PROJECT, BuildError
from image.steps.workshop import Workshop

_PLACE = f"usr/local/lib/python{PYTHON}/dist-packages"
_SOUND_CARD = "pyalsaaudio==0.11.0"
SOURCES = (
    "appliance",
    "hardware",
    "models/factory",
    "presets",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
"""All that goes into the instrument's wheel."""


class Application:
    """Step: a layer with the instrument and its wheels; `wheels.json` lists them."""

    name = "application"
    after: tuple[str, ...] = ("archives",)
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return the project's sources."""
        return [[PROJECT / source for source in SOURCES], _SOUND_CARD]

    def make(self, shop: Workshop, out: Path) -> None:
        """Install without running anything of the target's."""
        wheels, place = out.with_name("wheels"), out / _PLACE
        shutil.rmtree(wheels, ignore_errors=True)
        wheels.mkdir()
        place.mkdir(parents=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        shop.call([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, PROJECT])
        platforms = [f"--platform=manylinux_2_{n}_{shop.variant.machine}" for n in (28, 27, 17)]
        shop.call(
            [
                *pip,
                "download",
                "--no-deps",
                "--only-binary=:all:",
                *platforms,
                "--python-version",
                PYTHON,
                "--dest",
                wheels,
                *shop.variant.wheels,
            ]
        )
        for wheel in sorted(wheels.glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(place)
        shop.call(
            [
                *pip,
                "download",
                "--no-deps",
                "--no-build-isolation",
                "--no-binary=:all:",
                "--dest",
                wheels,
                _SOUND_CARD,
            ]
        )
        _compile_sound_card(shop, wheels, place)
        script = out / "usr/bin/neural-synth"
        script.parent.mkdir(parents=True)
        script.write_text(
            "#!/usr/bin/python3\nimport sys\n\nfrom appliance.cli import main\n\nsys.exit(main())\n"
        )
        script.chmod(0o755)
        sums = {
            f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(wheels.iterdir())
        }
        (shop.folder / "wheels.txt").write_text(
            "".join(f"{total}  {name}\n" for name, total in sums.items())
        )


def _compile_sound_card(shop: Workshop, wheels: Path, place: Path) -> None:
    """Build pyalsaaudio's one C file for the target: there is no wheel of it anywhere."""
    headers = shop.folder / "headers"
    shutil.rmtree(headers, ignore_errors=True)
    headers.mkdir()
    for file in Apt(shop).download("headers"):
        if file.name.split("_")[0] in HEADERS:
            shop.call(["dpkg-deb", "-x", file, headers])
    with tarfile.open(next(wheels.glob("*.tar.gz"))) as archive:
        source = next(m for m in archive.getmembers() if m.name.endswith("alsaaudio.c"))
        archive.extract(source, headers, filter="data")
    version = _SOUND_CARD.partition("==")[2]
    triplet = shop.variant.triplet
    include = headers / "usr/include"
    library = headers / "usr/lib" / triplet
    compiler = f"{triplet}-gcc"
    module = place / f"alsaaudio.cpython-{PYTHON.replace('.', '')}-{triplet}.so"
    shop.call(
        [
            compiler,
            "-shared",
            "-fPIC",
            "-O2",
            f'-DVERSION="{version}"',
            f"-I{include}",
            f"-I{include}/python{PYTHON}",
            f"-I{include}/{triplet}/python{PYTHON}",
            f"-I{include}/{triplet}",
            headers / source.name,
            "-o",
            module,
            f"-L{library}",
            "-lasound",
            "-Wl,--build-id=none",
            f"-ffile-prefix-map={headers}=.",
        ]
    )
    if not module.is_file():
        raise BuildError(f"{compiler} made no {module.name}.")


class Bytecode:
    """Step: every module of the root compiled, by a Python of the same version that runs here.

    The root is read-only, so what is not compiled now would be compiled at every start.
    """

    name = "bytecode"
    after: tuple[str, ...] = ("archives", "debian", "application")
    dated = False

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return nothing of its own: it follows the steps before."""
        return []

    def make(self, shop: Workshop, out: Path) -> None:
        """Put the compiled files of both layers into the layer `out`."""
        python = _native_python(shop)
        for layer, folder in (
            ("debian/root", "usr/lib/python3/dist-packages"),
            ("debian/root", f"usr/lib/python{PYTHON}"),
            ("application", _PLACE),
        ):
            source = shop[layer] / folder
            target = out / folder
            shutil.copytree(source, target, ignore=_only_sources, symlinks=True)
            # Some packages carry templates that are no Python; they are left as they are.
            shop.call(
                [
                    *python,
                    "-m",
                    "compileall",
                    "-q",
                    "--invalidation-mode",
                    "unchecked-hash",
                    "-s",
                    out,
                    "-p",
                    "/",
                    target,
                ],
                allow=(0, 1),
            )
            for file in target.rglob("*"):
                if file.is_symlink() or (file.is_file() and file.suffix != ".pyc"):
                    file.unlink()


def _only_sources(folder: str, names: list[str]) -> list[str]:
    return [
        name for name in names if not name.endswith(".py") and not (Path(folder) / name).is_dir()
    ]


def _native_python(shop: Workshop) -> list[str | Path]:
    """Return the command of a Python `PYTHON` that runs on this machine.

    Where the machine has none it is taken from Debian, with the C library it was built with.
    """
    if sys.version_info[:2] == tuple(int(part) for part in PYTHON.split(".")):
        return ["env", "PYTHONHASHSEED=0", sys.executable]
    own = native(shop)
    loader = {"amd64": "lib64/ld-linux-x86-64.so.2", "arm64": "lib/ld-linux-aarch64.so.1"}
    root = shop.folder / "python"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for file in Apt(own).download("python"):
        unpack(own, file, root)
    library = root / "usr/lib" / f"{platform.machine()}-linux-gnu"
    return [
        "env",
        "PYTHONHASHSEED=0",
        f"PYTHONHOME={root / 'usr'}",
        root / "usr" / loader[own.variant.arch],
        "--library-path",
        library,
        root / f"usr/bin/python{PYTHON}",
    ]
