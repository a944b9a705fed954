"""Whether the files that the sound plays from are still where they were."""

import time
from collections.abc import Iterable
from pathlib import Path

from appliance.errors import PresetError
from appliance.presets.file_name import find_file

LOOK_SECONDS = 1.0


class Presence:
    """Looks for files in `folders` once a second; what plays from them lies in memory."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """Know no file yet."""
        self._folders = tuple(folders)
        self._seen: set[str] = set()
        self._looked = 0.0
        self._gone: list[str] = []

    def look(self, names: Iterable[str]) -> list[str]:
        """Return a sentence for each of `names` that was there once and is there no more."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return self._gone
        self._looked = now
        wanted = {name for name in names if name}
        there = {name for name in wanted if self._find(name)}
        self._seen = self._seen & wanted | there
        self._gone = [
            f"{name} was removed; what plays from it goes on until another sound is recalled or "
            "the instrument restarts: put the file back, or choose another."
            for name in sorted(self._seen - there)
        ]
        return self._gone

    def _find(self, name: str) -> bool:
        try:
            find_file(name, self._folders)
        except (PresetError, OSError):
            return False
        return True
