"""A card in a folder: two slots of two partitions each, and the selector's partition."""

import hashlib
import io
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from appliance.update.bundle import Bundle, Description, Part, public_key, sign
from appliance.update.selector import FILE, Selector, Slot, autoboot_text
from appliance.update.updater import Running, Updater

KEY = bytes(range(32))
ROOM = 3 << 20
BOOT = b"kernel" + bytes(1000) + b"x neural.slot=a ro\n" + bytes(5000)


class PowerCutError(BaseException):
    """The power is gone: no code of the box runs any more."""


class Card:
    """Partitions as files; a slot is whole when both of its parts are one known version's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[bytes, str] = {}
        (folder / "state").mkdir()
        (folder / FILE).write_text(autoboot_text("a"))
        for slot in ("a", "b"):
            for part in ("boot", "root"):
                (folder / f"{part}_{slot}").write_bytes(bytes(ROOM))
        self.fill("a", "old", root=b"old root" * 1000)

    def fill(self, slot: Slot, version: str, root: bytes) -> None:
        boot = BOOT.replace(b"slot=a", f"slot={slot}".encode())
        for name, data in (("boot", boot), ("root", root)):
            with (self.folder / f"{name}_{slot}").open("r+b") as file:
                file.write(data)
        self.know(version, root)

    def know(self, version: str, root: bytes) -> None:
        self.known[hashlib.sha256(root).digest() + len(root).to_bytes(8, "big")] = version

    def started(self) -> str | None:
        """Return the version that an ordinary start would play; None is a box that is dead."""
        slot = Selector(self.folder, mounted=False).kept()
        boot = (self.folder / f"boot_{slot}").read_bytes()
        if not boot.startswith(BOOT.replace(b"slot=a", f"slot={slot}".encode())):
            return None
        root = (self.folder / f"root_{slot}").read_bytes()
        for known, version in self.known.items():
            size = int.from_bytes(known[32:], "big")
            if hashlib.sha256(root[:size]).digest() == known[:32]:
                return version
        return None

    def updater(self, slot: Slot = "a", built: int = 100) -> Updater:
        return Updater(
            Running("pi5", slot, built),
            Selector(self.folder, mounted=False),
            lambda name: self.folder / name,
            state=self.folder / "state",
        )


def bundle(
    root: bytes = b"new root" * 300_000,
    *,
    built: int = 200,
    key: bytes = KEY,
    boards: tuple[str, ...] = ("pi5",),
    harm: int | None = None,
) -> Bundle:
    data = bytearray(bundle_bytes(root, built=built, key=key, boards=boards))
    if harm is not None:
        data[harm] ^= 1
    return Bundle(io.BytesIO(bytes(data)), "new.nsupdate", [public_key(KEY)])


def bundle_bytes(
    root: bytes, *, built: int = 200, key: bytes = KEY, boards: tuple[str, ...] = ("pi5",)
) -> bytes:
    parts = [
        Part(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in (("boot", BOOT), ("root", root))
    ]
    description = Description(version="2.0", built=built, boards=list(boards), parts=parts)
    return sign(description, key) + BOOT + root


@contextmanager
def power_cut(after: int) -> Generator[list[str]]:
    """Take the power away at the card's use number `after`, half of a write already done."""
    uses: list[str] = []

    def using(name: str) -> None:
        uses.append(name)
        if len(uses) > after:
            raise PowerCutError(name)

    real_write, real_pwrite, real_fsync, real_replace = os.write, os.pwrite, os.fsync, Path.replace

    def write(handle: int, data: memoryview) -> int:
        if len(uses) == after:
            real_write(handle, data[: len(data) // 2])
        using("write")
        return real_write(handle, data)

    def pwrite(handle: int, data: bytes, at: int) -> int:
        using("pwrite")  # one sector: the card writes it or does not
        return real_pwrite(handle, data, at)

    def fsync(handle: int) -> None:
        using("fsync")
        real_fsync(handle)

    def replace(path: Path, target: Path) -> Path:
        using("replace")
        return real_replace(path, target)

    with (
        mock.patch("os.write", write),
        mock.patch("os.pwrite", pwrite),
        mock.patch("os.fsync", fsync),
        mock.patch.object(Path, "replace", replace),
    ):
        yield uses
