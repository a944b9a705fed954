"""The card: a read-only root as squashfs, FAT partitions for the firmware, a partition table."""

import platform
import shutil
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from image.steps.variant import IMAGE, MEBIBYTE, BuildError, Variant
from image.steps.workshop import Workshop

_LAYERS = ("debian/root", "kernel/root", "application", "bytecode", "configuration")
_NAMES = uuid.UUID("6c0fb6c2-7d0f-5b6b-9b58-6b4d0b8a9a11")
_FAT, _LINUX = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
SLOTS = ("a", "b")
SLOT_MARK = b"neural.slot="
"""In a boot partition's command line the slot's letter follows; an update sets it."""


class Partition(NamedTuple):
    """A partition: `start` and `size` in bytes."""

    name: str
    kind: str
    start: int
    size: int


def partitions(variant: Variant) -> list[Partition]:
    """Return the card's partitions in order: selector, boot_a, boot_b, root_a, root_b, data."""
    sizes = variant.sizes
    wanted = [("selector", _FAT, sizes["selector"])]
    wanted += [(f"boot_{slot}", _FAT, sizes["boot"]) for slot in SLOTS]
    wanted += [(f"root_{slot}", _LINUX, sizes["root"]) for slot in SLOTS]
    wanted += [("data", _LINUX, sizes["data"])]
    found: list[Partition] = []
    start = MEBIBYTE
    for name, kind, size in wanted:
        found.append(Partition(name, kind, start, size * MEBIBYTE))
        start += size * MEBIBYTE
    return found


class Root:
    """Step: `root.squashfs`, all layers in one."""

    name = "root"
    after: tuple[str, ...] = tuple(layer.partition("/")[0] for layer in _LAYERS)
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return the order of the layers."""
        return [_LAYERS]

    def make(self, shop: Workshop, out: Path) -> None:
        """Lay the layers over each other and pack them."""
        tree = out / "tree"
        tree.mkdir()
        for layer in _LAYERS:
            # Links instead of copies; a later layer's file takes the place of an earlier one's.
            shop.call(["cp", "-a", "-l", "-f", "-T", shop[layer], tree])
        for file in ("wheels.json", "packages.json"):
            (tree / file).unlink(missing_ok=True)
        shutil.rmtree(tree / "var/lib/dpkg/status.d", ignore_errors=True)
        (tree / "data").mkdir()
        _index_libraries(shop, tree)
        # All belongs to root: the packages' few other owners are not known to this machine.
        shop.call(
            [
                "mksquashfs",
                tree,
                out / "root.squashfs",
                "-comp",
                "zstd",
                "-Xcompression-level",
                str(shop.variant.compression),
                "-b",
                "256K",
                "-noappend",
                "-no-progress",
                "-quiet",
                "-all-root",
                # Layers that were kept bear the dates at which they were made.
                "-all-time",
                str(shop.epoch),
                "-mkfs-time",
                str(shop.epoch),
            ],
            environment={"SOURCE_DATE_EPOCH": None},
        )
        shutil.rmtree(tree)


def _index_libraries(shop: Workshop, tree: Path) -> None:
    """Let the target's own ldconfig list its libraries: Python's ctypes finds them by that list.

    It is one static program, so QEMU's user emulation runs it where the machine cannot.
    """
    emulator = f"qemu-{shop.variant.machine}-static"
    native = platform.machine() == shop.variant.machine
    ldconfig = tree / "usr/sbin/ldconfig"
    shop.call([*([] if native else [emulator]), ldconfig, "-X", "-r", tree])
    shutil.rmtree(tree / "var/cache/ldconfig", ignore_errors=True)


class Boot:
    """Step: `boot.vfat`, what the firmware loads for one slot, and `selector.vfat`."""

    name = "boot"
    after: tuple[str, ...] = ("kernel", "initramfs")
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return the boot files' texts."""
        return [IMAGE / "boot"]

    def make(self, shop: Workshop, out: Path) -> None:
        """Make both FAT file systems."""
        variant, kernel = shop.variant, shop["kernel"]
        files = out / "files"
        files.mkdir()
        shutil.copy(kernel / "vmlinuz", files / "kernel8.img")
        shutil.copy(shop["initramfs"] / "initramfs.zst", files / "initramfs.zst")
        for tree in kernel.glob("*.dtb"):
            shutil.copy(tree, files / tree.name)
        for file in (IMAGE / "boot/slot").iterdir():
            shutil.copy(file, files / file.name)
        line = (
            f"{SLOT_MARK.decode()}a ro quiet loglevel=4 panic=10 systemd.ssh_auto=no"
            f" systemd.show_status=no {variant.command_line}\n"
        )
        (files / "cmdline.txt").write_text(line)
        make_fat(shop, out / "boot.vfat", files, "NSBOOT", variant.sizes["boot"])
        make_fat(
            shop,
            out / "selector.vfat",
            IMAGE / "boot/selector",
            "NEURAL",
            variant.sizes["selector"],
        )
        shutil.rmtree(files)


def make_fat(shop: Workshop, image: Path, files: Path, label: str, mebibytes: int) -> None:
    """Make a FAT file system of the files of a folder; the same files give the same bytes."""
    with image.open("wb") as file:
        file.truncate(mebibytes * MEBIBYTE)
    number = uuid.uuid5(_NAMES, label).hex[:8]
    shop.call(["mkfs.vfat", "--invariant", "-i", number, "-n", label, image])
    copied = image.with_suffix(".files")
    shutil.copytree(files, copied)
    shop.call(["find", copied, "-exec", "touch", "-d", f"@{shop.epoch}", "{}", "+"])
    names = sorted(copied.iterdir())
    shop.call(["mcopy", "-m", "-s", "-i", image, *names, "::"], environment={"TZ": "UTC"})
    shutil.rmtree(copied)


class Disk:
    """Step: `neural-synth-VARIANT.img`, the whole card; slot B is empty until an update."""

    name = "disk"
    after: tuple[str, ...] = ("root", "boot")
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return nothing of its own."""
        return []

    def make(self, shop: Workshop, out: Path) -> None:
        """Write table and partitions."""
        places = partitions(shop.variant)
        image = out / f"neural-synth-{shop.variant.name}.img"
        with image.open("wb") as file:
            file.truncate(places[-1].start + places[-1].size + MEBIBYTE)
        rows = "".join(
            f'start={p.start // 512}, size={p.size // 512}, type={p.kind}, name="{p.name}",'
            f" uuid={uuid.uuid5(_NAMES, p.name)}\n"
            for p in places
        )
        header = f"label: gpt\nlabel-id: {uuid.uuid5(_NAMES, 'card')}\nunit: sectors\n"
        shop.call(["sfdisk", "--quiet", image], stdin=(header + rows).encode())
        data = out / "data.ext4"
        with data.open("wb") as file:
            file.truncate(shop.variant.sizes["data"] * MEBIBYTE)
        number = uuid.uuid5(_NAMES, "data file system")
        shop.call(
            [
                "mke2fs",
                "-q",
                "-t",
                "ext4",
                "-m",
                "0",
                "-L",
                "data",
                "-U",
                str(number),
                "-E",
                f"hash_seed={number},lazy_itable_init=0",
                data,
            ],
            environment={"E2FSPROGS_FAKE_TIME": str(shop.epoch)},
        )
        sources = {
            "selector": shop["boot"] / "selector.vfat",
            "boot_a": shop["boot"] / "boot.vfat",
            "root_a": shop["root"] / "root.squashfs",
            "data": data,
        }
        for place in places:
            if place.name in sources:
                _place(sources[place.name], image, place)
        data.unlink()


def _place(source: Path, image: Path, place: Partition) -> None:
    """Copy a file system into the card's image, leaving holes where it is empty."""
    if source.stat().st_size > place.size:
        raise BuildError(
            f"{source.name} has {source.stat().st_size // MEBIBYTE} MiB and the partition"
            f" {place.name} {place.size // MEBIBYTE}; raise its size in the variant's file."
        )
    with source.open("rb") as reading, image.open("r+b") as writing:
        writing.seek(place.start)
        while block := reading.read(MEBIBYTE):
            if block.count(0) == len(block):
                writing.seek(len(block), 1)
            else:
                writing.write(block)


class Download:
    """Step: `neural-synth-VARIANT.img.zst`, which Raspberry Pi Imager takes as it is."""

    name = "download"
    after: tuple[str, ...] = ("disk",)
    dated = False

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return nothing of its own."""
        return []

    def make(self, shop: Workshop, out: Path) -> None:
        """Compress: the root already is, so a light hand is enough for the rest."""
        image = next(shop["disk"].glob("*.img"))
        shop.call(["zstd", "-q", "-3", "-T0", image, "-o", out / f"{image.name}.zst"])
