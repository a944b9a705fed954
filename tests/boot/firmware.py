"""What the board's firmware does before the kernel: choose a slot, and load what lies there.

It follows `autoboot.txt` on the card's first partition and the slot's `config.txt`, as Raspberry
Pi's documentation describes; its one-shot "try the other" flag, which lives in a register there, is
the file `tryboot` on the first partition here.
"""

import subprocess
from pathlib import Path
from typing import NamedTuple

from image.steps.disk import Partition, partitions
from image.steps.variant import Variant

FLAG = "tryboot"


class Loaded(NamedTuple):
    """What the firmware hands over: files on this machine, and the slot they came from."""

    kernel: Path
    initramfs: Path
    command_line: str
    slot: str


def choose_partition(autoboot: str, *, trial: bool) -> int:
    """Return the number of the partition to boot from: `[tryboot]` counts only for a trial."""
    section, chosen = "all", {"all": 1}
    for line in autoboot.splitlines():
        word = line.strip()
        if word.startswith("["):
            section = word.strip("[]")
        elif word.startswith("boot_partition="):
            chosen[section] = int(word.partition("=")[2])
    return chosen.get("tryboot", chosen["all"]) if trial else chosen["all"]


class Firmware:
    """Reads and writes a card's FAT partitions from outside."""

    def __init__(self, card: Path, variant: Variant) -> None:
        """Look at `card`, a raw image of `variant`."""
        self.card = card
        self.places: dict[str, Partition] = {p.name: p for p in partitions(variant)}

    def load(self, folder: Path) -> Loaded:
        """Do one boot's choice; the files come to lie in `folder`."""
        autoboot = self.read("selector", "autoboot.txt").decode()
        trial = FLAG in self.names("selector")
        if trial:
            self._tools("mdel", "selector", f"::{FLAG}")
        number = choose_partition(autoboot, trial=trial)
        place = list(self.places)[number - 1]
        config = dict(
            line.strip().replace(" ", "=", 1).split("=", 1)
            for line in self.read(place, "config.txt").decode().splitlines()
            if line.strip() and not line.startswith(("#", "dtparam"))
        )
        kernel, initramfs = folder / "kernel", folder / "initramfs"
        kernel.write_bytes(self.read(place, config["kernel"]))
        initramfs.write_bytes(self.read(place, config["initramfs"].split()[0]))
        line = self.read(place, "cmdline.txt").decode().strip()
        return Loaded(kernel, initramfs, line, place.removeprefix("boot_"))

    def read(self, partition: str, name: str) -> bytes:
        """Return a file on one of the card's FAT partitions."""
        return self._tools("mtype", partition, f"::{name}")

    def write(self, partition: str, name: str, data: bytes) -> None:
        """Put a file on one of the card's FAT partitions, as its owner's computer would."""
        self._tools("mcopy", partition, "-n", "-o", "-", f"::{name}", data=data)

    def names(self, partition: str) -> list[str]:
        """Return the names on one of the card's FAT partitions, in lower case."""
        said = self._tools("mdir", partition, "-b", "::").decode()
        return [line.removeprefix("::/").lower() for line in said.splitlines() if line]

    def _tools(self, tool: str, partition: str, *words: str, data: bytes | None = None) -> bytes:
        image = f"{self.card}@@{self.places[partition].start}"
        done = subprocess.run(
            [tool, "-i", image, *words], input=data, capture_output=True, check=True
        )
        return done.stdout
