"""Removes old latents that got a name of their contents only and that nothing names any more."""

import contextlib
import re
import time
from collections.abc import Iterable
from pathlib import Path

FOLDERS = ("latents/jam", "latents/terrain")
"""Where what has no name yet is saved, below the player's folder."""

KEPT = 200
"""The newest files of a folder that stay in any case."""

KEPT_SECONDS = 24 * 3600
"""How long any of them stays."""

_UNNAMED = re.compile(r"[0-9a-f]{8}-\d+\.np[yz]")
_NAMED = re.compile(r"latents/(?:jam|terrain)/[0-9a-f]{8}-\d+\.np[yz]")


def prune(folder: Path, used: Iterable[str] = ()) -> list[str]:
    """Remove them below the player's `folder` and return their relative names.

    What a preset, its history or the last session names stays, and so does what is in `used`, what
    a person has named, the `KEPT` newest of each folder and what is younger than `KEPT_SECONDS`.
    Call it before anything is played: what can be undone in memory is not looked for.
    """
    named = set(used)
    for text in (*folder.glob("*.yaml"), *(folder / "presets").rglob("*.yaml")):
        with contextlib.suppress(OSError):
            named.update(_NAMED.findall(text.read_text(errors="replace")))
    removed: list[str] = []
    for place in FOLDERS:
        for age, file in _unnamed(folder / place)[KEPT:]:
            name = f"{place}/{file.name}"
            if age > KEPT_SECONDS and name not in named:
                with contextlib.suppress(OSError):
                    file.unlink()
                    removed.append(name)
    return removed


def _unnamed(folder: Path) -> list[tuple[float, Path]]:
    """Return age in seconds and path of the files without a name, the newest first."""
    found: list[tuple[float, Path]] = []
    now = time.time()
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if _UNNAMED.fullmatch(file.name):
                with contextlib.suppress(OSError):
                    found.append((now - file.stat().st_mtime, file))
    return sorted(found)
