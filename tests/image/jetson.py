"""`python -m tests.image.jetson`: the Jetson's installer in a root of Arm programs, twice.

The root is Debian bookworm for arm64, whose Python is as new as is needed; QEMU's user emulation
runs it. Where Ubuntu's archive for Arm can be reached, SUITE=jammy MIRROR=... gives JetPack 6's.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from image.steps.mirrors import own_mirror
from image.steps.variant import PROJECT

FOLDER = PROJECT / "build/jetson"
INSTALLER = PROJECT / "image/jetson/install.sh"
_BASE = "systemd-sysv,udev,dbus,python3,ca-certificates"
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_AARCH64 = (
    r":qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:"
    r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:"
    "/usr/bin/qemu-aarch64-static:OCF"
)


def tree_sums(root: Path) -> dict[str, str]:
    """Return kind, owner, mode and content of everything under `root` but logs."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder, name)
            place = str(path.relative_to(root))
            if place.startswith("var/log/"):
                continue
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                content = str(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                content = ""
            found[place] = f"{status.st_mode:o} {status.st_uid}:{status.st_gid} {content}"
    return found


def make_root(root: Path) -> None:
    """Unpack a fresh root of Arm programs; it is fetched once."""
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], check=True)
    if not (_BINFMT / "qemu-aarch64").exists():
        (_BINFMT / "register").write_text(_AARCH64)
    base = FOLDER / "base.tar"
    if not base.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        mirror = os.environ.get("MIRROR") or own_mirror("/debian/?$")
        if mirror is None:
            raise SystemExit("This machine's own apt names no Debian archive: set MIRROR.")
        command = ["mmdebstrap", "--variant=minbase", "--arch=arm64", f"--include={_BASE}"]
        suite = os.environ.get("SUITE", "bookworm")
        subprocess.run([*command, suite, base, mirror], check=True)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    subprocess.run(["tar", "-x", "--numeric-owner", "-f", base, "-C", root], check=True)
    # Archives may answer here only with the certificates of this machine.
    certificates = Path("etc/ssl/certs/ca-certificates.crt")
    shutil.copy("/" / certificates, root / certificates)


def install(root: Path, *words: str) -> None:
    """Run the installer for `root`."""
    subprocess.run([INSTALLER, "--root", root, *words], check=True)


def inside(root: Path, *words: str) -> str:
    """Run a program of `root` in it; return what it printed."""
    environment = {"PATH": "/usr/sbin:/usr/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["chroot", root, *words], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def main() -> int:
    root = FOLDER / "root"
    make_root(root)
    install(root)
    first = tree_sums(root)
    install(root)
    second = tree_sums(root)
    moved = sorted(n for n in first.keys() | second.keys() if first.get(n) != second.get(n))
    assert not moved, f"the second run changed {len(moved)} files: {moved[:20]}"
    sys.stdout.write(f"The second run changed none of {len(first)} files.\n")
    sys.stdout.write(inside(root, "neural-synth", "--version"))
    inside(root, "neural-synth", "render", "--seconds", "1", "/tmp/one.wav")
    samples, rate = soundfile.read(root / "tmp/one.wav")
    loudness = float(np.sqrt(np.mean(np.square(samples))))
    assert len(samples) == rate, (len(samples), rate)
    assert loudness > 1e-3, loudness
    sys.stdout.write(f"One second of the factory preset: {20 * np.log10(loudness):.1f} dB.\n")
    boards = inside(root, "find", "/opt/neural-synth/venv/lib", "-name", "jetson-orin-nano.yaml")
    assert boards, "no board file"
    return 0


if __name__ == "__main__":
    sys.exit(main())
