"""Copies what a stick brings into a hidden folder of the box, and checks the copies.

Only the copies are believed: a stick may change, lie or vanish while it is read.
"""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from appliance.config import parse_config
from appliance.errors import ApplianceError, ConfigError, DeviceError, IntakeError
from appliance.panel.usb.survey import Item
from appliance.storage import make_folder
from appliance.yaml_file import legible

SPARE = 128 << 20
"""Bytes that stay free on the disk."""
_BLOCK = 1 << 20

Hear = Callable[[int], None]
"""Hears how many bytes were just copied."""


def copy_item(item: Item, home: Path, folder: Path, hear: Hear) -> Path:
    """Copy `item` from the stick's `home` below `folder` and return the checked copy.

    Raises IntakeError if it is not what it must be, DeviceError if the stick is gone or the disk
    has no room.
    """
    target = folder / item.name
    make_folder(target.parent)
    free = shutil.disk_usage(folder).free
    if free < item.size + SPARE:
        raise DeviceError(
            f"The box has {max(0, free - SPARE) >> 20} MB left, too little for "
            f"{legible(item.name)}. Remove what is not needed."
        )
    copied = _copy(home / item.name, target, item, hear)
    if copied != item.size:
        target.unlink()
        raise IntakeError(f"{legible(item.name)} changed while it was read. Copy it again.")
    try:
        check_copy(item, target)
    except ApplianceError:
        target.unlink()
        raise
    return target


def check_copy(item: Item, path: Path) -> str:
    """Return in a few words what `path` is; raises IntakeError if it is not what it must be."""
    base = item.name.rpartition("/")[2]
    if item.kind is not None:
        return item.kind.check(path, base)
    try:
        parse_config(path.read_text("utf-8-sig"), source=base)
    except (ConfigError, UnicodeDecodeError) as error:
        raise IntakeError(f"{base} cannot be used: {error}") from None
    return "the configuration"


def _copy(source: Path, target: Path, item: Item, hear: Hear) -> int:
    """Copy at most one byte more than the item's size; return how many there were."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(source, flags)
    except OSError as error:
        raise DeviceError(
            f"{legible(item.name)} cannot be read ({error.strerror}). Plug the stick in again."
        ) from error
    count = 0
    with os.fdopen(handle, "rb") as opened, target.open("wb") as copy:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise IntakeError(f"{legible(item.name)} is no plain file.")
        while count <= item.size:
            try:
                block = opened.read(min(_BLOCK, item.size + 1 - count))
            except OSError as error:
                raise DeviceError(
                    f"{legible(item.name)} cannot be read to its end ({error.strerror}). Plug the "
                    "stick in again, or copy the file anew."
                ) from error
            if not block:
                break
            try:
                copy.write(block)
            except OSError as error:
                raise full(error) from error
            count += len(block)
            hear(len(block))
        try:
            copy.flush()
            os.fsync(copy.fileno())
        except OSError as error:
            raise full(error) from error
    return count


def full(error: OSError) -> DeviceError:
    """Return the error of a disk that takes no more."""
    return DeviceError(
        f"The box cannot store what the stick brings ({error.strerror or error}). Free some space."
    )
