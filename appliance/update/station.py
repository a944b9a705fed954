"""An update on the real box: its partitions, its keys, what it says of itself."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from appliance.errors import UpdateError
from appliance.update.selector import SLOTS, FileTrial, FirmwareTrial, Selector, Slot, Trial
from appliance.update.updater import Progress, Running, Updater

RELEASE = Path("/etc/neural-synth/release.json")
KEYS = Path("/etc/neural-synth/keys")
BOOT = Path("/boot")
STATE = Path("/data/system")
SLOT = Path("/run/neural-synth-slot")
_LABELS = Path("/dev/disk/by-partlabel")
_TREE = Path("/proc/device-tree/compatible")
_PI = b"raspberrypi,"


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
    return updater, selector, trial(selector)


def trial(selector: Selector, tree: Path = _TREE) -> Trial:
    """Return how this board tries the other slot: by firmware on a Raspberry Pi, else by a file."""
    try:
        by_firmware = _PI in tree.read_bytes()
    except OSError:
        by_firmware = False
    return FirmwareTrial() if by_firmware else FileTrial(selector)
