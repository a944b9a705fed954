"""The instrument: its wheel with models and presets, what Debian lacks, and compiled bytecode."""

import dataclasses
import hashlib
import platform
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from image.steps.debian import Apt, unpack
from image.steps.variant import PROJECT, BuildError
from image.steps.workshop import Workshop

_PYTHON = "3.13"
_PLACE = f"usr/local/lib/python{_PYTHON}/dist-packages"
_SOUND_CARD = "pyalsaaudio==0.11.0"
_SOURCES = ("appliance", "models/factory", "presets", "pyproject.toml", "README.md", "LICENSE")


class Application:
    """Step: a layer with the instrument and its wheels; `wheels.json` lists them."""

    name = "application"
    after: tuple[str, ...] = ()

    def inputs(self, shop: Workshop) -> list[Any]:
        """Return the project's sources and the wheels."""
        return [
            [PROJECT / source for source in _SOURCES],
            shop.variant.wheels,
            _SOUND_CARD,
            Path(__file__),
        ]

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
                _PYTHON,
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
    wanted = ("libasound2-dev", f"libpython{_PYTHON}-dev", "libasound2t64")
    for file in Apt(shop).download(list(wanted)):
        if file.name.split("_")[0] in wanted:
            shop.call(["dpkg-deb", "-x", file, headers])
    with tarfile.open(next(wheels.glob("*.tar.gz"))) as archive:
        source = next(m for m in archive.getmembers() if m.name.endswith("alsaaudio.c"))
        archive.extract(source, headers, filter="data")
    version = _SOUND_CARD.partition("==")[2]
    triplet = shop.variant.triplet
    include = headers / "usr/include"
    library = headers / "usr/lib" / triplet
    compiler = f"{triplet}-gcc"
    module = place / f"alsaaudio.cpython-{_PYTHON.replace('.', '')}-{triplet}.so"
    shop.call(
        [
            compiler,
            "-shared",
            "-fPIC",
            "-O2",
            f'-DVERSION="{version}"',
            f"-I{include}",
            f"-I{include}/python{_PYTHON}",
            f"-I{include}/{triplet}/python{_PYTHON}",
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
    after: tuple[str, ...] = ("debian", "application")

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return nothing of its own: it follows the steps before."""
        return [Path(__file__)]

    def make(self, shop: Workshop, out: Path) -> None:
        """Put the compiled files of both layers into the layer `out`."""
        python = _native_python(shop)
        for layer, folder in (
            ("debian/root", "usr/lib/python3/dist-packages"),
            ("debian/root", f"usr/lib/python{_PYTHON}"),
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
    """Return the command of a Python `_PYTHON` that runs on this machine.

    Where the machine has none it is taken from Debian, with the C library it was built with.
    """
    if sys.version_info[:2] == tuple(int(part) for part in _PYTHON.split(".")):
        return [sys.executable]
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    loader = {"amd64": "lib64/ld-linux-x86-64.so.2", "arm64": "lib/ld-linux-aarch64.so.1"}[arch]
    root = shop.folder / "python"
    if not (root / "usr" / loader).exists():
        own = Workshop(dataclasses.replace(shop.variant, arch=arch), shop.folder / "native")
        apt = Apt(own)
        apt.update()
        root.mkdir(exist_ok=True)
        for file in apt.download([f"python{_PYTHON}"]):
            unpack(own, file, root)
    library = root / "usr/lib" / f"{platform.machine()}-linux-gnu"
    return [
        "env",
        f"PYTHONHOME={root / 'usr'}",
        root / "usr" / loader,
        "--library-path",
        library,
        root / f"usr/bin/python{_PYTHON}",
    ]
