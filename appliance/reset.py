"""Back to the factory: all that the player has brought and made is put aside, not deleted."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from appliance.storage import make_folder, sync_folder

HOLD_SECONDS = 10.0
_LOOK = 0.1

Tell = Callable[[int], None]
"""Hears how many seconds are left, once for each."""


def held_long_enough(
    held: Callable[[], bool],
    tell: Tell,
    *,
    seconds: float = HOLD_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Return whether `held` stays true for so long; letting go at any moment takes it back."""
    end = clock() + seconds
    told = -1
    while (left := end - clock()) > 0:
        if not held():
            return False
        if round(left + 0.5) != told:
            told = round(left + 0.5)
            tell(told)
        sleep(_LOOK)
    return True


def put_aside(player: Path, aside: Path) -> int:
    """Move everything in `player` to `aside`; return how much was moved.

    What an earlier reset had put aside is deleted first, so that a mistake can be undone once. A
    power cut in between leaves each file in one of the two places; the next call moves the rest.
    """
    things = sorted(player.iterdir())
    if not things:
        return 0
    unfinished = aside.with_name(f"{aside.name}.unfinished")
    make_folder(unfinished)
    for thing in things:
        _remove(unfinished / thing.name)
        thing.rename(unfinished / thing.name)
    sync_folder(player)
    _remove(aside)
    unfinished.rename(aside)
    sync_folder(aside.parent)
    return len(things)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for inner in path.iterdir():
            _remove(inner)
        path.rmdir()
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
