"""The kernel: fetched, unpacked and its modules indexed by the machine that builds."""

import gzip
import re
import shutil
from pathlib import Path
from typing import Any

from image.steps.archives import Apt
from image.steps.debian import kernel_packages
from image.steps.variant import BuildError
from image.steps.workshop import Workshop

_PRUNED = (
    "drivers/gpu/drm/amd",
    "drivers/gpu/drm/nouveau",
    "drivers/gpu/drm/radeon",
    "drivers/gpu/drm/xe",
    "drivers/gpu/drm/i915",
    "drivers/infiniband",
    "drivers/iio",
    "drivers/isdn",
    "drivers/net/wireless/ath",
    "drivers/net/wireless/intel",
    "drivers/net/wireless/mediatek",
    "drivers/net/wireless/realtek",
    "drivers/net/wireless/ti",
    "drivers/net/wireless/marvell",
    "drivers/accel",
    "drivers/net/ethernet/mellanox",
    "drivers/media/tuners",
    "drivers/media/dvb-frontends",
    "fs/ocfs2",
    "fs/ceph",
    "fs/xfs",
    "fs/btrfs",
    "fs/gfs2",
    "net/sctp",
    "net/batman-adv",
    "drivers/target",
)
"""Folders that nothing the box uses depends on; `MUST_LOAD` is checked after they are gone."""
MUST_LOAD = (
    "snd-usb-audio",
    "snd-seq-midi",
    "virtio_snd",
    "usb-storage",
    "uas",
    "i2c-dev",
    "vfat",
    "ext4",
    "squashfs",
    "overlay",
    "nls_ascii",
    "nls_cp437",
)


class Kernel:
    """Step: `vmlinuz`, `release`, the device trees and a layer `root/` of modules."""

    name = "kernel"
    after: tuple[str, ...] = ("archives",)
    dated = False

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return nothing of its own: the kernel is chosen."""
        return []

    def make(self, shop: Workshop, out: Path) -> None:
        """Unpack and index the kernel."""
        apt = Apt(shop)
        unpacked, root = out / "unpacked", out / "root"
        unpacked.mkdir()
        for file in kernel_packages(apt, shop.variant):
            shop.call(["dpkg-deb", "-x", file, unpacked])
        source = next(
            path
            for path in (unpacked / "usr/lib/modules", unpacked / "lib/modules")
            if path.is_dir()
        )
        release = next(source.iterdir()).name
        modules = root / "usr/lib/modules" / release
        modules.parent.mkdir(parents=True)
        shutil.move(source / release, modules)
        (out / "release").write_text(release)
        for tree in shop.variant.device_trees:
            found = next((f for f in sorted(unpacked.rglob(Path(tree).name))), None) or next(
                (f for f in sorted(modules.rglob(Path(tree).name))), None
            )
            if found is None:
                raise BuildError(f"The kernel {release} has no device tree {tree}; name another.")
            shutil.copy(found, out / found.name)
        image = next(f for f in [*sorted(unpacked.rglob("vmlinuz*")), *modules.rglob("vmlinuz*")])
        (out / "vmlinuz").write_bytes(plain_kernel(image.read_bytes()))
        shutil.rmtree(unpacked)
        prune(modules)
        # The kernel takes modules as they are; squashfs packs them better than xz did.
        shop.call(["find", modules, "-name", "*.ko.xz", "-exec", "xz", "-d", "{}", "+"])
        shop.call(["depmod", "-b", root / "usr", release])
        for module in MUST_LOAD:
            for file in dependencies(shop, root, release, module):
                if not file.is_file():
                    raise BuildError(f"The module {module} needs {file}, which was pruned.")


def prune(modules: Path) -> None:
    """Delete what the box never loads, and the second copies of what the boot partition has."""
    for folder in _PRUNED:
        shutil.rmtree(modules / "kernel" / folder, ignore_errors=True)
    for name in ("build", "source"):
        (modules / name).unlink(missing_ok=True)
    for file in [*modules.glob("vmlinuz*"), *modules.glob("System.map*")]:
        file.unlink()
    shutil.rmtree(modules / "dtb", ignore_errors=True)


def dependencies(shop: Workshop, root: Path, release: str, module: str) -> list[Path]:
    """Return the files to load for `module`, in order; none if it is built in."""
    said = shop.call(["modprobe", "-d", root / "usr", "-S", release, "--show-depends", module])
    return [Path(path) for path in re.findall(r"^insmod (\S+)", said, re.M)]


def plain_kernel(data: bytes) -> bytes:
    """Return a kernel as firmware loads it: an arm64 `Image` out of its EFI or gzip wrapping."""
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[4:8] == b"zimg":
        start, size = (int.from_bytes(data[at : at + 4], "little") for at in (8, 12))
        kind = data[24:56].split(b"\0")[0].decode()
        if kind != "gzip":
            raise BuildError(f"The kernel is packed with {kind}; only gzip can be unpacked here.")
        return gzip.decompress(data[start : start + size])
    return data
