"""What is in an image: every package and wheel with version and sum, the licences, the files."""

import hashlib
import json
from pathlib import Path
from typing import Any

from image.steps.configuration import release
from image.steps.keys import trusted_key
from image.steps.workshop import Workshop, commit, tools

VARIES = {
    "packages": "Debian's versions of the day; --same-packages keeps those of the last build",
    "build packages": "as the packages",
    "tools": "this machine's programs that leave their mark",
    "wheels": "the instrument's own names the version of the hatchling that packed it",
    "update key": "made on this machine unless NEURAL_SYNTH_UPDATE_KEY names one",
}
"""The manifest's sections by which builds of one commit may differ; the artefacts follow them."""


class Manifest:
    """Step: `manifest.json` and `licences.txt`."""

    name = "manifest"
    after: tuple[str, ...] = (
        "archives", "kernel", "initramfs", "debian", "application", "root", "boot", "disk",
    )  # fmt: skip
    dated = True

    def inputs(self, shop: Workshop) -> list[Any]:
        """Return what describes the build."""
        return [release(shop), trusted_key()]

    def make(self, shop: Workshop, out: Path) -> None:
        """Write both files."""
        disk = next(shop["disk"].glob("*.img"))
        wheels = [
            line.split("  ") for line in (shop.folder / "wheels.txt").read_text().splitlines()
        ]
        artefacts = {
            str(file.relative_to(shop.folder)): sum_of(file)
            for file in (
                shop["root"] / "root.squashfs",
                shop["boot"] / "boot.vfat",
                shop["boot"] / "selector.vfat",
                shop["initramfs"] / "initramfs.zst",
                shop["kernel"] / "vmlinuz",
                disk,
            )
        }
        chosen = json.loads((shop["archives"] / "chosen.json").read_text())
        del chosen["system"]
        description = {
            **release(shop),
            "commit": commit("%H"),
            "kernel": (shop["kernel"] / "release").read_text(),
            "varies": VARIES,
            "artefacts": artefacts,
            "update key": trusted_key(),
            "tools": tools(),
            "packages": json.loads((shop["debian"] / "packages.json").read_text()),
            "build packages": chosen,
            "wheels": [{"sha256": line[:64], "file": line[66:]} for line in wheels],
        }
        (out / "manifest.json").write_text(json.dumps(description, indent=1) + "\n")
        (out / "licences.txt").write_text(licences(shop["debian"] / "root/usr/share/doc"))


def licences(folder: Path) -> str:
    """Return every package's copyright file, one after the other, each under its package's name."""
    parts: list[str] = []
    for file in sorted(folder.glob("*/copyright")):
        if file.is_file():
            text = file.read_text(errors="replace")
            parts.append(f"==== {file.parent.name}\n{text.rstrip()}\n")
    return "\n".join(parts)


def sum_of(file: Path) -> str:
    """Return a file's SHA-256 in hexadecimal digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
