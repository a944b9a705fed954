"""Which slot the board's firmware starts: the first partition's `autoboot.txt`.

Raspberry Pi's firmware reads this file before anything else and takes the partition that it names;
after a restart that asks for a trial it takes the one under `[tryboot]`, once. The file is shorter
than a sector and always of one length, so it is rewritten in place by a single write of the card,
which happens or does not.
"""

import contextlib
import os
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Literal, Protocol

from appliance.errors import UpdateError
from appliance.storage import sync_folder, write_through

Slot = Literal["a", "b"]
SLOTS: tuple[Slot, Slot] = ("a", "b")
FILE = "autoboot.txt"
FLAG = "tryboot"
GUARD = "guard"
_FIRST_PARTITION = 2
"""Partition 1 is the selector; 2 and 3 are what the firmware loads of slots a and b."""


def other(slot: Slot) -> Slot:
    """Return the other slot."""
    return "b" if slot == "a" else "a"


def autoboot_text(slot: Slot) -> str:
    """Return the selector file that starts `slot`, and the other one in a trial."""
    kept = _FIRST_PARTITION + SLOTS.index(slot)
    tried = _FIRST_PARTITION + SLOTS.index(other(slot))
    return f"[all]\ntryboot_a_b=1\nboot_partition={kept}\n[tryboot]\nboot_partition={tried}\n"


class Trial(Protocol):
    """How a board is asked to start the slot that is not kept, once."""

    def restart(self) -> None:
        """Start anew into the other slot; any later start is an ordinary one."""
        ...


class FirmwareTrial:
    """A Raspberry Pi: its firmware is told by the argument of the restart itself."""

    def restart(self) -> None:
        """Restart with the firmware's argument."""
        _system("systemctl", "reboot", "--reboot-argument=0 tryboot")


class FileTrial:
    """A board without such firmware: a file that its loader takes away before it starts."""

    def __init__(self, selector: "Selector") -> None:
        """Put the file on the first partition."""
        self._selector = selector

    def restart(self) -> None:
        """Leave the file and restart."""
        with self._selector.writable() as folder:
            write_through(folder / FLAG, b"once\n")
        _system("systemctl", "reboot")


class GuardedTrial:
    """A board whose firmware cannot try: the new slot is kept, and taken back by its own initramfs.

    The guard is written first. The first start of the new slot marks it as used; a second one that
    finds it goes back, so a kernel that never gets as far as its initramfs is not helped by it.
    """

    def __init__(self, selector: "Selector", slot: Slot) -> None:
        """Guard `slot`, the one that was just written."""
        self._selector = selector
        self._slot: Slot = slot

    def restart(self) -> None:
        """Leave the guard, keep the slot and restart."""
        self.prepare()
        _system("systemctl", "reboot")

    def prepare(self) -> None:
        """Leave the guard and keep the slot; a power cut leaves the old slot or a guarded one."""
        with self._selector.writable() as folder:
            write_through(folder / GUARD, f"{self._slot} fresh\n".encode())
            sync_folder(folder)
        self._selector.keep(self._slot)


class Selector:
    """The first partition, mounted at `folder`."""

    def __init__(self, folder: Path, *, mounted: bool = True) -> None:
        """Use `folder`; where it is `mounted` it is made writable only while it is written."""
        self._file = folder / FILE
        self._folder = folder
        self._mounted = mounted

    def kept(self) -> Slot:
        """Return the slot that every ordinary start takes; raises UpdateError if it is unclear."""
        try:
            text = self._file.read_text(errors="replace")
        except OSError as error:
            raise UpdateError(
                f"{self._file} cannot be read: {error.strerror}. Is the first partition mounted?"
            ) from error
        for slot in SLOTS:
            if text == autoboot_text(slot):
                return slot
        raise UpdateError(
            f"{self._file} is not as the box writes it; it should read: {autoboot_text('a')!r}"
        )

    def keep(self, slot: Slot) -> None:
        """Let every start from now on take `slot`; a power cut leaves the old choice or the new."""
        if self.kept() == slot:
            return
        with self.writable():
            handle = os.open(self._file, os.O_WRONLY)
            try:
                os.pwrite(handle, autoboot_text(slot).encode(), 0)
                os.fsync(handle)
            finally:
                os.close(handle)

    def guarded(self) -> Slot | None:
        """Return the slot that has yet to prove itself though it is kept, None if there is none."""
        try:
            word = (self._folder / GUARD).read_text(errors="replace")[:1]
        except OSError:
            return None
        return next((slot for slot in SLOTS if slot == word), None)

    def unguard(self) -> None:
        """Take the guard away: the slot has proved itself."""
        with self.writable() as folder:
            (folder / GUARD).unlink(missing_ok=True)
            sync_folder(folder)

    @contextlib.contextmanager
    def writable(self) -> Generator[Path]:
        """Make the partition writable for a moment; gives its folder."""
        self._remount("rw")
        try:
            yield self._folder
        finally:
            self._remount("ro")

    def _remount(self, mode: str) -> None:
        if self._mounted:
            _system("mount", "-o", f"remount,{mode}", str(self._folder))


def _system(program: str, *words: str) -> None:
    """Run one of the system's own programs; raises UpdateError with what it said."""
    done = subprocess.run(  # noqa: S603
        [f"/usr/bin/{program}", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UpdateError(f"'{program} {' '.join(words)}' failed: {done.stderr.strip()}")
