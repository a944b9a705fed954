"""File systems of strangers: damaged FAT, exFAT and ext4 images, mounted as a stick is, in a guest.

A guest, because a kernel that stumbles over one must not be ours. It runs the kernel of the built
image (`make image VARIANT=qemu-amd64`) with busybox only, and mounts every image with the options
that the box uses, lists it and reads all of it.
"""

import gzip
import lzma
import os
import random
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import click

from appliance.machine import describe
from appliance.panel.usb.mount import SYSTEMS, mount_options
from tests.panel.usb.sticks import usual

_SIZE = 2 << 20
_DEVICES = ("virtio_pci", "virtio_blk", "loop", "nls_cp437", "nls_ascii", "nls_utf8")
_MAKE = {
    "vfat": (("mkfs.vfat", "{image}"), ("mcopy", "-s", "-i", "{image}", "{folder}", "::")),
    "exfat": (("mkfs.exfat", "-c", "4096", "-b", "4096", "{image}"),),
    "ext4": (("mke2fs", "-q", "-t", "ext4", "-b", "1024", "-d", "{folder}", "{image}"),),
}
_GUEST = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
for module in /modules/*; do insmod $module 2>/dev/null; done
now() { cut -d. -f1 /proc/uptime; }
while read number kind offset options; do
  losetup -r -o $offset /dev/loop0 /dev/vda
  began=$(now)
  end=refused
  if timeout -s KILL 30 mount -t $kind -o $options /dev/loop0 /mnt 2>/dev/null; then
    end=mounted
    timeout -s KILL 20 ls -lR /mnt >/dev/null 2>&1 || [ $? -lt 128 ] || end=hung
    timeout -s KILL 20 find /mnt -type f -exec cat {} + >/dev/null 2>&1 \\
      || [ $? -lt 128 ] || end=hung
    umount -l /mnt
  fi
  echo "STICK $kind $end $(($(now) - began))"
  losetup -d /dev/loop0
done < /list
dmesg | grep -iE "BUG:|Oops|general protection|hung task"
echo THE END
poweroff -f
"""


@click.command()
@click.option(
    "--build",
    type=click.Path(path_type=Path, exists=True),
    default="build/image/qemu-amd64",
    show_default=True,
    help="Folder in which the image was built.",
)
@click.option("--count", default=300, show_default=True)
@click.option("--seed", default=1, show_default=True)
def strangers(build: Path, count: int, seed: int) -> None:
    """Mount COUNT damaged file systems in a guest; none may hang or break its kernel."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        disk, lines = folder / "disk.img", _damaged(folder, count, random.Random(seed))  # noqa: S311
        root = _root(folder / "root", build, lines)
        console = folder / "console"
        command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", "max"]
        command += ["-m", "512", "-smp", "1", "-nic", "none", "-nographic", "-no-reboot"]
        command += ["-monitor", "none", "-serial", f"file:{console}", "-initrd", str(root)]
        command += ["-kernel", str(next((build / "kernel").glob("vmlinuz*")))]
        command += ["-append", "console=ttyS0 panic=-1 quiet loglevel=3 rdinit=/init"]
        command += ["-drive", f"file={disk},if=virtio,format=raw"]
        subprocess.run(command, check=True, timeout=900)
        said = console.read_text(errors="replace")
    ends = re.findall(r"STICK (\w+) (\w+) (\d+)", said)
    click.echo(describe())
    for (kind, end), number in sorted(Counter((kind, end) for kind, end, _ in ends).items()):
        click.echo(f"  {kind} {end}: {number}")
    slowest = max((int(seconds) for _, _, seconds in ends), default=0)
    broken = re.findall(r".*(?:BUG:|Oops|general protection|hung task).*", said)
    whole = "came to its end" if "THE END" in said else "BROKE OFF"
    click.echo(f"{len(ends)} of {count} tried, the slowest in {slowest} s; the guest {whole}")
    for line in broken:
        click.echo(f"  {line}")


def _damaged(folder: Path, count: int, chance: random.Random) -> list[str]:
    """Write all images one after the other onto one disk; return what the guest must know."""
    content = folder / "content"
    usual(content)
    for number in range(40):
        (content / "neural-synth/samples" / f"{number}.wav").write_bytes(os.urandom(3000))
    whole = {
        kind: _made(folder / f"{kind}.img", content / "neural-synth", kind) for kind in SYSTEMS
    }
    lines: list[str] = []
    with (folder / "disk.img").open("wb") as disk:
        for number in range(count):
            kind = SYSTEMS[number % len(SYSTEMS)]
            image = bytearray(whole[kind])
            # The first of each kind is left whole: it shows that mounting works at all.
            faults = 0 if number < len(SYSTEMS) else chance.choice((1, 3, 10, 50, 200, 1000))
            for _ in range(faults):
                at = chance.randrange(chance.choice((512, 4096, 1 << 16, 300_000, _SIZE)))
                flipped = image[at] ^ 1 << chance.randrange(8)
                image[at] = chance.choice((0, 255, flipped, chance.randrange(256)))
            disk.write(image)
            lines.append(f"{number} {kind} {number * _SIZE} {mount_options(kind, 0, 0)}")
    return lines


def _made(image: Path, content: Path, kind: str) -> bytes:
    image.write_bytes(bytes(_SIZE))
    for step in _MAKE[kind]:
        command = [word.format(image=image, folder=content) for word in step]
        subprocess.run(command, check=True, capture_output=True)
    return image.read_bytes()


def _root(root: Path, build: Path, lines: list[str]) -> Path:
    """Return an initramfs with busybox, the modules of the built kernel, and the guest's work."""
    for name in ("bin", "proc", "sys", "dev", "mnt", "modules"):
        (root / name).mkdir(parents=True)
    package = next((build / "apt/archives").glob("busybox-static_*.deb"))
    subprocess.run(["dpkg", "-x", package, root.with_name("busybox")], check=True)
    found = (f for f in root.with_name("busybox").rglob("busybox") if f.is_file())
    binary = next(f for f in found if f.read_bytes()[:4] == b"\x7fELF")
    shutil.copy(binary, root / "bin/busybox")
    for number, module in enumerate(_modules(build / "kernel/root/usr")):
        data = module.read_bytes()
        name = module.name.removesuffix(".xz")
        data = lzma.decompress(data) if name != module.name else data
        (root / "modules" / f"{number:03}-{name}").write_bytes(data)
    (root / "list").write_text("\n".join(lines) + "\n")
    (root / "init").write_text(_GUEST)
    (root / "init").chmod(0o755)
    names = "\n".join(f.relative_to(root).as_posix() for f in sorted(root.rglob("*")))
    packed = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet"],
        cwd=root,
        check=True,
        capture_output=True,
        input=names.encode(),
    )
    target = root.with_name("initramfs.gz")
    target.write_bytes(gzip.compress(packed.stdout, 1))
    return target


def _modules(tree: Path) -> list[Path]:
    """Return what must be loaded, each after what it needs."""
    version = next((tree / "lib/modules").iterdir()).name
    found: dict[Path, None] = {}
    for name in (*_DEVICES, *SYSTEMS):
        command = ["modprobe", "-d", str(tree), "-S", version, "--show-depends", name]
        said = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        words = (line.split() for line in said.splitlines() if line.startswith("insmod"))
        found.update(dict.fromkeys(Path(word[1]) for word in words))
    return list(found)
