"""What is in an image: every package and wheel with version and sum, the licences, the files."""

import hashlib
import json
from pathlib import Path
from typing import Any

from image.steps.configuration import release
from image.steps.workshop import Workshop, commit

_VARIES = {"packages": "the archives' newest versions at the time of the build"}
"""What may differ between two builds of one commit; everything else must not."""


class Manifest:
    """Step: `manifest.json` and `licences.txt`."""

    name = "manifest"
    after: tuple[str, ...] = ("debian", "application", "disk")

    def inputs(self, shop: Workshop) -> list[Any]:
        """Return what describes the build."""
        return [Path(__file__), release(shop)]

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
        description = {
            **release(shop),
            "commit": commit("%H"),
            "kernel": (shop["kernel"] / "release").read_text(),
            "varies": _VARIES,
            "artefacts": artefacts,
            "packages": json.loads((shop["debian"] / "packages.json").read_text()),
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
