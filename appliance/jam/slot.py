"""One jam slot as the studio sees it: its clip, where it is saved, and what it held before."""

from collections import deque

from appliance.latent.clip import Clip

_KEPT_BYTES = 64 << 20
_KEPT = 100


class Slot:
    """A clip, None if empty, with undo and redo. `file` is its relative name, "" if it has none."""

    def __init__(self) -> None:
        """Begin empty."""
        self.clip: Clip | None = None
        self.file = ""
        self.version = 0
        """Rises with every new clip."""
        self._before: deque[tuple[Clip | None, str]] = deque(maxlen=_KEPT)
        self._after: list[tuple[Clip | None, str]] = []

    @property
    def depth(self) -> tuple[int, int]:
        """How many steps can be undone and redone."""
        return len(self._before), len(self._after)

    def hold(self, clip: Clip | None, file: str = "") -> None:
        """Take another clip; undoable."""
        self._before.append((self.clip, self.file))
        self._after.clear()
        while len(self._before) > 1 and _size(self._before) > _KEPT_BYTES:
            self._before.popleft()
        self._set(clip, file)

    def load(self, clip: Clip, file: str) -> None:
        """Take the clip of another sound, with nothing to undo."""
        self._before.clear()
        self._after.clear()
        self._set(clip, file)

    def undo(self) -> bool:
        """Return to the clip before; return whether there was one."""
        if not self._before:
            return False
        self._after.append((self.clip, self.file))
        self._set(*self._before.pop())
        return True

    def redo(self) -> bool:
        """Undo the last undo; return whether there was one."""
        if not self._after:
            return False
        self._before.append((self.clip, self.file))
        self._set(*self._after.pop())
        return True

    def _set(self, clip: Clip | None, file: str) -> None:
        self.clip, self.file = clip, file
        self.version += 1


def _size(kept: deque[tuple[Clip | None, str]]) -> int:
    return sum(clip.points.nbytes for clip, _ in kept if clip is not None)
