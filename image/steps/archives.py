"""Which packages: chosen by apt in a private folder, for any architecture, before any is unpacked.

The choice is all that later steps know of the archives: what was made of the same packages stands,
whatever mirror they came from, and what was made of others does not.
"""

import dataclasses
import json
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from image.steps.variant import BuildError
from image.steps.workshop import KEY, Workshop, digest

PYTHON = "3.13"
_SUMS = "Acquire::ForceHash=SHA256"
HEADERS = ("libasound2-dev", f"libpython{PYTHON}-dev", "libasound2t64")
"""What the sound card's module is compiled against."""


def groups(shop: Workshop) -> dict[str, list[str]]:
    """Return what apt is asked for, in groups of packages that belong together."""
    variant = shop.variant
    return {
        "system": ["?essential", *variant.packages],
        "kernel": [variant.kernel],
        "initramfs": ["busybox-static"],
        "headers": list(HEADERS),
        "python": [f"python{PYTHON}"],
    }


def native(shop: Workshop) -> Workshop:
    """Return a workshop beside `shop`, with the same archives, for this machine's architecture."""
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    return Workshop(dataclasses.replace(shop.variant, arch=arch), shop.folder / "native")


class Archives:
    """Step: `chosen.json`, the packages' files and sums; it stands for a day."""

    name = "archives"
    after: tuple[str, ...] = ()
    dated = False

    def inputs(self, shop: Workshop) -> list[Any]:
        """Return where the archives are."""
        return [[archive.line for archive in shop.variant.archives]]

    def make(self, shop: Workshop, out: Path) -> None:
        """Let apt choose; the choice, not where it came from, is what later steps depend on."""
        apt, own = Apt(shop), native(shop)
        apt.update()
        wanted = groups(shop)
        chosen = {group: apt.choose(names) for group, names in wanted.items() if group != "python"}
        own_out = own["archives"]
        own_out.mkdir(parents=True, exist_ok=True)
        own_apt = Apt(own)
        own_apt.update()
        chosen["python"] = own_apt.choose(wanted["python"])
        for folder in (out, own_out):
            (folder / "chosen.json").write_text(json.dumps(chosen, indent=1) + "\n")
        (out / KEY).write_text(digest([chosen]))


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
        if not listed.is_file() or listed.read_text() != sources:
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
        """Fetch the package lists; raises BuildError when an archive is silent."""
        unknown = sorted({a.variable for a in self.shop.variant.archives if a.mirror is None})
        if unknown:
            raise BuildError(
                f"This machine's own apt names no archive for {self.shop.variant.name}: set"
                f" {' and '.join(unknown)} to the address of a mirror.{self._hint}"
            )
        try:
            self.call("apt-get", "update", "--error-on=any")
        except BuildError as error:
            places = ", ".join(
                sorted({f"{a.variable}={a.uri}" for a in self.shop.variant.archives})
            )
            raise BuildError(
                f"An archive of {self.shop.variant.name} cannot be reached: {error} Set one of"
                f" {places} to a mirror that answers.{self._hint}"
            ) from None

    def choose(self, names: Sequence[str]) -> dict[str, str]:
        """Return the files of packages and all they depend on, in apt's order, with their sums."""
        # What is in the archives already is not listed, so the list is made for an empty folder.
        (self.folder / "none/partial").mkdir(parents=True, exist_ok=True)
        empty = f"Dir::Cache::archives={self.folder / 'none'}"
        said = self.call(
            "apt-get", "-o", empty, "-o", _SUMS, "install", "--yes", "--print-uris", *names
        )
        return dict(re.findall(r"^'[^']+' (\S+\.deb) \d+ (\S+)", said, re.M))

    def download(self, group: str) -> list[Path]:
        """Fetch a group of packages as it was chosen; return the files in apt's order."""
        chosen = json.loads((self.shop["archives"] / "chosen.json").read_text())
        self.call("apt-get", "install", "--yes", "--download-only", *groups(self.shop)[group])
        files = [self.archives / name for name in chosen[group]]
        for file in files:
            if not file.is_file():
                raise BuildError(
                    f"apt brought no {file.name}, which was chosen before: delete"
                    f" {self.shop['archives']} and build again."
                )
        return files
