"""An update on the real box: its partitions, its keys, what it says of itself."""

import os
import platform
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from appliance.errors import UpdateError
from appliance.panel.usb.visit import VisitReport
from appliance.places import runtime_folder
from appliance.update.selector import (
    SLOTS,
    FileTrial,
    FirmwareTrial,
    GuardedTrial,
    Selector,
    Slot,
    Trial,
    other,
)
from appliance.update.updater import Progress, Running, Updater

RELEASE = Path("/etc/neural-synth/release.json")
KEYS = Path("/etc/neural-synth/keys")
BOOT = Path("/boot")
STATE = Path("/data/system")
SLOT = Path("/run/neural-synth-slot")
_LABELS = Path("/dev/disk/by-partlabel")
_TREE = Path("/proc/device-tree/compatible")
_PI = b"raspberrypi,"
_PI_KERNEL = "rpi"


class Release(msgspec.Struct, frozen=True):
    """What this root was built as; `built` is in seconds since 1970."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    built: Annotated[int, Meta(ge=0)]
    board: str
    variant: str


def release(file: Path = RELEASE) -> Release:
    """Return what runs; raises UpdateError where no image does."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Release)
    except (OSError, msgspec.DecodeError) as error:
        raise UpdateError(
            f"{file} cannot be read ({error}): updates are for boxes that run from the image."
        ) from error


def running(file: Path = SLOT) -> Slot:
    """Return the slot this system was started from, as the initramfs noted it."""
    try:
        text = file.read_text().strip()
    except OSError as error:
        raise UpdateError(f"{file} cannot be read: {error.strerror}. It tells the slot.") from error
    return next(slot for slot in SLOTS if slot == text)


def station(progress: Progress = lambda _text, _share: None) -> tuple[Updater, Selector, Trial]:
    """Return the updater of this box, its selector, and its way to try the other slot."""
    found = release()
    selector = Selector(BOOT)
    updater = Updater(
        Running(found.board, running(), found.built),
        selector,
        lambda name: _LABELS / name,
        state=STATE,
        progress=progress,
    )
    return updater, selector, trial(selector, other(running()))


def trial(
    selector: Selector, slot: Slot, tree: Path = _TREE, kernel: str = platform.release()
) -> Trial:
    """Return how this board tries `slot`, the one that does not run.

    A Raspberry Pi's firmware does it, if the kernel is the Pi's own, which can ask it to; with
    another kernel the slot is guarded. Other boards' loaders are told by a file.
    """
    try:
        is_pi = _PI in tree.read_bytes()
    except OSError:
        is_pi = False
    if is_pi:
        return FirmwareTrial() if _PI_KERNEL in kernel else GuardedTrial(selector, slot)
    return FileTrial(selector)


class DisplayReport:
    """Tells the status display of an update; a refusal is told before it goes on as an error."""

    _TITLE = "Update"
    _STEP = 0.01

    def __init__(self) -> None:
        """Take the display's line about sticks, once an import from the same stick is over."""
        self._report = VisitReport()
        self._last = -1.0
        folder = runtime_folder()
        if os.geteuid() == 0:
            # The player reports there too, later.
            owner = folder.stat()
            for file in folder.glob("stick.*"):
                os.chown(file, owner.st_uid, owner.st_gid)

    def __enter__(self) -> Self:
        """Tell that the update is looked at."""
        self._report.say("looking", "checking the update", title=self._TITLE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell why it failed, if it did."""
        if error is not None:
            self._report.say("failed", lines=(str(error),), refused=1, title=self._TITLE)
        self._report.close()

    def progress(self, text: str, share: float) -> None:
        """Tell how far it is, in steps that a display can show."""
        if share - self._last >= self._STEP or share >= 1.0:
            self._last = share
            self._report.say("writing", text, share=min(1.0, share), title=self._TITLE)

    def done(self, text: str) -> None:
        """Tell what came of it."""
        self._report.say("done", lines=("The update", text), title=self._TITLE)
