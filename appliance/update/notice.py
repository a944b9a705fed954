"""What an update tells the status display: one small file, gone with the power."""

import contextlib
import os
import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.places import runtime_folder

State = Literal["writing", "written", "trial", "refused", "kept", "taken back"]
FILE = "update.json"
_LONGEST = 4096
_STEP = 0.01


class UpdateNotice(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an update; `share` goes from 0 to 1, `at` is in seconds since power-on."""

    state: State
    text: Annotated[str, Meta(max_length=1000)] = ""
    share: Annotated[float, Meta(ge=0, le=1)] = 0.0
    at: float = 0.0


class Notice:
    """Writes the notice; a box without a runtime folder goes without."""

    def __init__(self, folder: Path | None = None) -> None:
        """Write into `folder`, the runtime folder by default."""
        self._file = (folder or runtime_folder()) / FILE
        self._last = -1.0

    def say(self, state: State, text: str, share: float = 0.0) -> None:
        """Replace what was said before."""
        notice = UpdateNotice(state=state, text=text[:1000], share=share, at=time.monotonic())
        unfinished = self._file.with_name(f".{FILE}.{os.getpid()}")
        with contextlib.suppress(OSError):
            unfinished.write_bytes(msgspec.json.encode(notice))
            unfinished.chmod(0o644)
            unfinished.replace(self._file)

    def progress(self, text: str, share: float) -> None:
        """Tell how far the writing is, in steps that a display can show."""
        if share - self._last >= _STEP or share >= 1.0:
            self._last = share
            self.say("writing", text, min(1.0, share))


def read_notice(folder: Path | None = None) -> UpdateNotice | None:
    """Return the last notice of an update, None if there was none since power-on."""
    try:
        with ((folder or runtime_folder()) / FILE).open("rb") as file:
            return msgspec.json.decode(file.read(_LONGEST), type=UpdateNotice)
    except (OSError, msgspec.DecodeError):
        return None
