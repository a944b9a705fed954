"""`python -m tests.image.card_path VARIANT...`: what drives a Pi 5's card in kernels built here.

It writes `card_path.json`: for every device tree the compatible strings on the way from the card
reader to its supplies, pins and buses, and what each kernel has for them.
"""

import json
import sys
from pathlib import Path
from typing import TypedDict

from image.steps.devicetree import compatibles, needed, read_tree
from image.steps.initramfs import Aliases
from image.steps.variant import PROJECT, read_variant

RECORD = Path(__file__).with_suffix(".json")
BUILT_IN = "built in"


class Drivers(TypedDict):
    """What a kernel has for the card, by device tree and node: a module for each string, or ""."""

    kernel: str
    trees: dict[str, list[dict[str, str]]]
    initramfs: list[str]


def built(variant: str) -> bool:
    """Return whether the kernel and the initramfs of a variant lie here."""
    return (PROJECT / "build/image" / variant / "initramfs.json").is_file()


def record(name: str) -> Drivers:
    """Return what the built kernel of a variant has for its card, and what its initramfs holds."""
    variant = read_variant(name)
    folder = PROJECT / "build/image" / name
    release = (folder / "kernel/release").read_text()
    aliases = Aliases(folder / "kernel/root/usr/lib/modules" / release)
    trees: dict[str, list[dict[str, str]]] = {}
    for file in sorted(Path(tree).name for tree in variant.device_trees):
        nodes = needed(read_tree((folder / "kernel" / file).read_bytes()), variant.boot_device)
        trees[file] = [
            {
                word: aliases.module(word) or (BUILT_IN if aliases.built_in(word) else "")
                for word in words
            }
            for words in compatibles(nodes)
        ]
    held = (folder / "initramfs/modules.txt").read_text().split()
    return {"kernel": release, "trees": trees, "initramfs": held}


def read_record() -> dict[str, Drivers]:
    """Return what was recorded, by variant."""
    return json.loads(RECORD.read_text())


if __name__ == "__main__":
    found = {**(read_record() if RECORD.exists() else {}), **{n: record(n) for n in sys.argv[1:]}}
    RECORD.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
