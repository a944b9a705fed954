"""The initramfs: busybox, a script of one page, and the modules between power and the root.

The list of modules is not written by hand: for a board with a device tree it follows the card
reader's node to its supplies, pins, clocks and buses, and takes the driver of each. At boot the
script loads by modalias, as udev would.
"""

import shutil
from pathlib import Path
from typing import Any

from image.steps.archives import Apt
from image.steps.debian import unpack
from image.steps.devicetree import compatibles, needed, read_tree
from image.steps.kernel import dependencies
from image.steps.variant import IMAGE, BuildError
from image.steps.workshop import Workshop

_FILE_SYSTEMS = ("squashfs", "overlay", "ext4", "vfat", "nls_ascii", "nls_cp437", "loop")


class Aliases:
    """Which module a kernel has for an alias, and which aliases it answers without a module."""

    def __init__(self, modules: Path) -> None:
        """Read `modules.alias` and `modules.builtin.modinfo` of a modules folder."""
        lines = (modules / "modules.alias").read_text().splitlines()
        self._loaded = [tuple(line.split()[1:3]) for line in lines if line.startswith("alias of:")]
        built_in = (modules / "modules.builtin.modinfo").read_bytes().split(b"\0")
        self._built_in = [
            entry.split(b"=", 1)[1].decode() for entry in built_in if b".alias=of:" in entry
        ]

    def module(self, compatible: str) -> str | None:
        """Return the module that drives a compatible string; None if there is none."""
        for alias, module in self._loaded:
            if _speaks_of(alias, compatible):
                return module
        return None

    def built_in(self, compatible: str) -> bool:
        """Return whether the kernel itself drives a compatible string."""
        return any(_speaks_of(alias, compatible) for alias in self._built_in)


def _speaks_of(alias: str, compatible: str) -> bool:
    return alias.endswith((f"C{compatible}", f"C{compatible}C*"))


def boot_modules(aliases: Aliases, tree: bytes, device: str) -> tuple[list[str], list[str]]:
    """Return the modules that `device` of a device tree needs, and the nodes nobody drives.

    The second list holds compatible strings that neither a module nor the kernel answers to.
    """
    modules: list[str] = []
    nobody: list[str] = []
    for names in compatibles(needed(read_tree(tree), device)):
        module = next((m for name in names if (m := aliases.module(name))), None)
        if module:
            modules.append(module)
        elif not any(aliases.built_in(name) for name in names):
            nobody.append(names[0])
    return sorted(set(modules)), sorted(set(nobody))


class Initramfs:
    """Step: `initramfs.zst`, and `modules.txt`, the modules in it."""

    name = "initramfs"
    after: tuple[str, ...] = ("archives", "kernel")
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return the scripts."""
        return [IMAGE / "initramfs"]

    def make(self, shop: Workshop, out: Path) -> None:
        """Pack the initramfs."""
        kernel = shop["kernel"]
        release = (kernel / "release").read_text()
        installed = kernel / "root/usr/lib/modules" / release
        tree = out / "tree"
        for folder in ("bin", "dev", "proc", "sys", "ro", "rw", "root", "boot", "lib/modules"):
            (tree / folder).mkdir(parents=True)
        wanted = [*_FILE_SYSTEMS, *shop.variant.modules, *_board_modules(shop, installed)]
        target = tree / "lib/modules" / release
        names: list[str] = []
        for module in wanted:
            for file in dependencies(shop, kernel / "root", release, module):
                place = target / file.relative_to(installed)
                if not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(file, place)
                    names.append(file.name)
        for file in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
            shutil.copy(installed / file, target / file)
        shop.call(["depmod", "-b", tree, release])
        for file in target.glob("modules.*"):
            # busybox reads only these two.
            if file.name not in ("modules.dep", "modules.alias"):
                file.unlink()
        (out / "modules.txt").write_text("\n".join(sorted(names)) + "\n")
        _busybox(shop, out, tree)
        for script in ("init", "guard"):
            shutil.copy(IMAGE / "initramfs" / script, tree / script)
            (tree / script).chmod(0o755)
        for program in ("dd", "rm"):
            (tree / "bin" / program).symlink_to("busybox")
        shop.call(
            ["bash", "-o", "pipefail", "-c", _PACK, out / "initramfs.zst", f"@{shop.epoch}"],
            cwd=tree,
        )
        shutil.rmtree(tree)


_PACK = (
    'find . -exec touch -h -d "$1" {} + && find . | LC_ALL=C sort'
    ' | cpio -o -H newc --quiet --reproducible -R 0:0 | zstd -q -9 > "$0"'
)


def _board_modules(shop: Workshop, installed: Path) -> list[str]:
    if not shop.variant.boot_device:
        return []
    aliases = Aliases(installed)
    modules: set[str] = set()
    for name in shop.variant.device_trees:
        tree = (shop["kernel"] / Path(name).name).read_bytes()
        found, nobody = boot_modules(aliases, tree, shop.variant.boot_device)
        if nobody:
            raise BuildError(
                f"Nothing in the kernel drives {', '.join(nobody)}, which {name} needs before"
                f" {shop.variant.boot_device} works; the board would not find its card."
            )
        modules.update(found)
    return sorted(modules)


def _busybox(shop: Workshop, out: Path, tree: Path) -> None:
    unpacked = out / "busybox"
    unpacked.mkdir()
    files = Apt(shop).download("initramfs")
    unpack(shop, next(f for f in files if f.name.startswith("busybox-static_")), unpacked)
    shutil.copy(unpacked / "usr/bin/busybox", tree / "bin/busybox")
    shutil.rmtree(unpacked)
