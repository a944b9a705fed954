"""The packages, unpacked without running them.

No maintainer script runs, so a foreign architecture needs no emulation and two builds do not
differ by what scripts found; what those scripts would have set up is done in `configuration`.
"""

import concurrent.futures
import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from image.steps.archives import Apt
from image.steps.variant import BuildError, Variant
from image.steps.workshop import Workshop

_LEFT_OUT = (
    "usr/share/man/*",
    "usr/share/info/*",
    "usr/share/locale/*",
    "usr/share/lintian/*",
    "usr/share/bash-completion/*",
    "usr/share/zsh/*",
    "usr/share/bug/*",
    "usr/share/fonts/*",
    "usr/include/*",
    "usr/lib/udev/hwdb.d/*",
    "usr/lib/*.a",
    "usr/share/pixmaps/*",
    "usr/share/doc/*/[!c]*",
    "usr/share/doc/*/changelog*",
    "usr/lib/python3/dist-packages/scipy/*/tests/*",
)
"""What a box never reads; of `usr/share/doc` the licence texts stay."""
_NEVER = re.compile(r"linux-(base|image|binary|modules|headers)|initramfs|dracut|apt$|.*-dev$")


class Package(NamedTuple):
    """One .deb: Debian's name, version and the SHA-256 of the file."""

    name: str
    version: str
    sha256: str
    file: str


class Packages:
    """Step: every package of the system, unpacked, with the list of what they are."""

    name = "debian"
    after: tuple[str, ...] = ("archives",)
    dated = False

    def inputs(self, shop: Workshop) -> list[Any]:  # noqa: ARG002
        """Return nothing of its own: the packages are chosen."""
        return []

    def make(self, shop: Workshop, out: Path) -> None:
        """Unpack into `root/`; `packages.json` lists names, versions and sums."""
        apt = Apt(shop)
        files = [f for f in apt.download("system") if not _NEVER.match(f.name.split("_")[0])]
        root = out / "root"
        root.mkdir()
        # base-files brings the links from /bin to /usr/bin that all others unpack through.
        files.sort(key=lambda file: not file.name.startswith("base-files_"))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            unpack(shop, files[0], root)
            list(pool.map(lambda file: unpack(shop, file, root), files[1:]))
            packages = list(pool.map(lambda file: describe(shop, file, root), files))
        (out / "packages.json").write_text(
            json.dumps([package._asdict() for package in sorted(packages)], indent=1) + "\n"
        )


def unpack(shop: Workshop, file: Path, root: Path) -> None:
    """Unpack a package's files into `root`, but for what a box never reads."""
    left_out = [f"--exclude=./{pattern}" for pattern in _LEFT_OUT]
    command = (
        'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" --keep-directory-symlink --numeric-owner'
        ' --same-owner --wildcards "${@:2}"'
    )
    shop.call(["bash", "-o", "pipefail", "-c", command, file, root, *left_out])


def describe(shop: Workshop, file: Path, root: Path) -> Package:
    """Return what a package is and add it to the list that dpkg reads on the box."""
    control = shop.call(["dpkg-deb", "--field", file])
    fields = dict(line.split(": ", 1) for line in control.splitlines() if re.match(r"\S+: ", line))
    entries = root / "var/lib/dpkg/status.d"
    entries.mkdir(parents=True, exist_ok=True)
    (entries / fields["Package"]).write_text(control)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    return Package(fields["Package"], fields["Version"], sha256, file.name)


def kernel_packages(apt: Apt, variant: Variant) -> list[Path]:
    """Fetch the kernel that the variant names; return its packages without what they pull in."""
    files = apt.download("kernel")
    kept = [f for f in files if re.match(r"linux-(base|image|binary|modules)-\d", f.name)]
    if not kept:
        raise BuildError(
            f"The kernel {variant.kernel} of {variant.name} is no kernel package of its archives;"
            " name one that 'apt-cache search linux-image' shows there."
        )
    return kept
