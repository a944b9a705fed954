"""The packages: chosen by apt in a private folder, fetched, and unpacked without running them.

No maintainer script runs, so a foreign architecture needs no emulation and two builds do not
differ by what scripts found; what those scripts would have set up is done in `configuration`.
"""

import concurrent.futures
import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from image.steps.variant import BuildError, Variant
from image.steps.workshop import Workshop

_DAY = 86_400
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


class Apt:
    """apt for another architecture, with lists, archives and sources of its own."""

    def __init__(self, shop: Workshop) -> None:
        """Keep everything under the workshop's `apt` folder."""
        self.shop = shop
        self.folder = shop.folder / "apt"
        self.archives = self.folder / "archives"
        for part in ("etc/preferences.d", "lists/partial", "archives/partial", "cache"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        sources = "\n".join(archive.line for archive in shop.variant.archives) + "\n"
        listed = self.folder / "etc" / "sources.list"
        self.fresh = (
            listed.is_file()
            and listed.read_text() == sources
            and time.time() - listed.stat().st_mtime < _DAY
        )
        if not self.fresh:
            listed.write_text(sources)

    def call(self, program: str, *words: str) -> str:
        """Run apt-get or apt-cache in the private folder; return its stdout."""
        folder, arch = self.folder, self.shop.variant.arch
        options = {
            "Dir::Etc": folder / "etc",
            "Dir::Etc::sourcelist": folder / "etc/sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Dir::Cache::archives": self.archives,
            "APT::Architecture": arch,
            "APT::Architectures": arch,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        flags = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        return self.shop.call([program, *flags, *words])

    @property
    def _hint(self) -> str:
        debian = " Or build pi5-debian, which needs Debian's archive only."
        return debian if self.shop.variant.name == "pi5" else ""

    def update(self) -> None:
        """Fetch the package lists, once a day; raises BuildError when an archive is silent."""
        if self.fresh:
            return
        unknown = sorted({a.variable for a in self.shop.variant.archives if a.mirror is None})
        if unknown:
            (self.folder / "etc" / "sources.list").unlink()
            raise BuildError(
                f"This machine's own apt names no archive for {self.shop.variant.name}: set"
                f" {' and '.join(unknown)} to the address of a mirror.{self._hint}"
            )
        try:
            self.call("apt-get", "update", "--error-on=any")
        except BuildError as error:
            (self.folder / "etc" / "sources.list").unlink()
            places = ", ".join(
                sorted({f"{a.variable}={a.uri}" for a in self.shop.variant.archives})
            )
            raise BuildError(
                f"An archive of {self.shop.variant.name} cannot be reached: {error} Set one of"
                f" {places} to a mirror that answers.{self._hint}"
            ) from None

    def download(self, names: list[str]) -> list[Path]:
        """Fetch packages with all they depend on; return the files in apt's order."""
        # What is in the archives already is not listed, so the list is made for an empty folder.
        elsewhere = f"Dir::Cache::archives={self.folder / 'none'}"
        (self.folder / "none/partial").mkdir(parents=True, exist_ok=True)
        said = self.call("apt-get", "-o", elsewhere, "install", "--yes", "--print-uris", *names)
        files = re.findall(r"^'[^']+' (\S+\.deb) \d+", said, re.M)
        self.call("apt-get", "install", "--yes", "--download-only", *names)
        return [self.archives / file for file in files]


class Packages:
    """Step: every package of the system, unpacked, with the list of what they are."""

    name = "debian"
    after: tuple[str, ...] = ()

    def inputs(self, shop: Workshop) -> list[Any]:
        """Return the wanted packages and archives."""
        variant = shop.variant
        return [variant.packages, [a.line for a in variant.archives], _LEFT_OUT, Path(__file__)]

    def make(self, shop: Workshop, out: Path) -> None:
        """Unpack into `root/`; `packages.json` lists names, versions and sums."""
        apt = Apt(shop)
        apt.update()
        wanted = ["?essential", *shop.variant.packages]
        files = [file for file in apt.download(wanted) if not _NEVER.match(file.name.split("_")[0])]
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
    files = apt.download([variant.kernel])
    kept = [f for f in files if re.match(r"linux-(base|image|binary|modules)-\d", f.name)]
    if not kept:
        raise BuildError(
            f"The kernel {variant.kernel} of {variant.name} is no kernel package of its archives;"
            " name one that 'apt-cache search linux-image' shows there."
        )
    return kept
