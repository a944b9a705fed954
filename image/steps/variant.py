"""What a variant's file says: for which board, from which archive, with what on the card."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image.steps.mirrors import own_mirror

IMAGE = Path(__file__).resolve().parent.parent
PROJECT = IMAGE.parent
MEBIBYTE = 1 << 20


class BuildError(Exception):
    """The image cannot be built; one sentence that names the step, the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One line of apt's sources.

    It is taken from the address in the environment's `variable`, or else from the one of this
    machine's own apt that matches `own`.
    """

    variable: str
    own: str
    suite: str
    components: str
    keyring: str

    @property
    def mirror(self) -> str | None:
        """Return where the archive is taken from in this run, None if nobody says."""
        return os.environ.get(self.variable) or own_mirror(self.own)

    @property
    def uri(self) -> str:
        """Return that address; where there is none, what has to be set."""
        return self.mirror or f"${self.variable}"

    @property
    def line(self) -> str:
        """Return the archive as a line of sources.list."""
        return f"deb [signed-by={self.keyring}] {self.uri} {self.suite} {self.components}"


@dataclass(frozen=True, slots=True)
class Variant:
    """A card's image: `sizes` in MiB by partition; `arch` in Debian's words."""

    name: str
    arch: str
    board: str
    kernel: str
    command_line: str
    device_trees: tuple[str, ...]
    boot_device: str
    modules: tuple[str, ...]
    importer: bool
    compression: int
    archives: tuple[Archive, ...]
    packages: tuple[str, ...]
    wheels: tuple[str, ...]
    sizes: dict[str, int]

    @property
    def machine(self) -> str:
        """Return the architecture as the kernel and Python's wheels call it."""
        return {"amd64": "x86_64", "arm64": "aarch64"}[self.arch]

    @property
    def triplet(self) -> str:
        """Return Debian's name of the folder of this architecture's libraries."""
        return f"{self.machine}-linux-gnu"


def variant_names() -> list[str]:
    """Return the names of all variants."""
    return sorted(file.stem for file in (IMAGE / "variants").glob("*.toml"))


def read_variant(name: str) -> Variant:
    """Return a variant, with what it inherits; raises BuildError for a name that has no file."""
    data = _read(name)
    common = tomllib.loads((IMAGE / "packages.toml").read_text())
    packages = [*common["packages"], *data.get("packages", [])]
    if data["importer"]:
        packages += common["importer"]
    archives = [_archive(common["archives"][key]) for key in data["archives"]]
    return Variant(
        name=name,
        arch=data["arch"],
        board=data["board"],
        kernel=data["kernel"],
        command_line=data["command_line"],
        device_trees=tuple(data.get("device_trees", [])),
        boot_device=data.get("boot_device", ""),
        modules=tuple(data["modules"]),
        importer=data["importer"],
        compression=data["compression"],
        archives=tuple(archives),
        packages=tuple(packages),
        wheels=tuple(common["wheels"]),
        sizes=data["sizes"],
    )


def _read(name: str) -> dict[str, Any]:
    file = IMAGE / "variants" / f"{name}.toml"
    if not file.is_file():
        raise BuildError(
            f"There is no variant {name!r}; choose one of {', '.join(variant_names())}."
        )
    data = tomllib.loads(file.read_text())
    return _read(data.pop("like")) | data if "like" in data else data


def _archive(data: dict[str, str]) -> Archive:
    return Archive(**data)
