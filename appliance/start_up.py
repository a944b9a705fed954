"""How far the engine's start is, told before anybody can ask it: one small file, gone with power.

The engine writes it step by step; the status display reads it until the engine answers.
"""

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, Self, get_args

import msgspec
from msgspec import Meta

from appliance.notify import ServiceManager
from appliance.places import runtime_folder

Step = Literal["begin", "card", "models", "sound", "ready", "failed", "ended"]

Held = Literal["none", "left", "right", "both"]
"""Which footswitches were held down at power-on."""

_FILE = "start.json"
_HELD = "held"
_LONGEST = 4096


class StartUp(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the start: `done` of `total` models are loaded; `text` is for a person."""

    step: Step
    text: Annotated[str, Meta(max_length=1000)] = ""
    done: Annotated[int, Meta(ge=0)] = 0
    total: Annotated[int, Meta(ge=0)] = 0


class StartReport:
    """Tells the service manager and the status display what the start is doing."""

    def __init__(self, manager: ServiceManager, folder: Path | None = None) -> None:
        """Write into `folder`, the runtime folder by default, if it exists."""
        self._manager = manager
        self._file = (folder or runtime_folder()) / _FILE

    def __enter__(self) -> Self:
        """Tell that the start has begun."""
        self.say("begin", "starting")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell why the engine could not go on, or that it ended in order."""
        if error is not None and not isinstance(error, KeyboardInterrupt):
            self.say("failed", str(error) or type(error).__name__)
        else:
            self.say("ended", "stopped")

    def say(self, step: Step, text: str = "", *, done: int = 0, total: int = 0) -> None:
        """Replace what was said before; a box without a runtime folder goes without."""
        self._manager.status(f"{text} ({done} of {total})" if total else text or step)
        state = StartUp(step=step, text=text[:1000], done=done, total=total)
        unfinished = self._file.with_name(f".{_FILE}.{os.getpid()}")
        with contextlib.suppress(OSError):
            unfinished.write_bytes(msgspec.json.encode(state))
            unfinished.replace(self._file)


def read_start(folder: Path | None = None) -> StartUp | None:
    """Return the last step of the engine's start, None if it has not begun."""
    try:
        with ((folder or runtime_folder()) / _FILE).open("rb") as file:
            return msgspec.json.decode(file.read(_LONGEST), type=StartUp)
    except (OSError, msgspec.DecodeError):
        return None


def note_held(held: Held, folder: Path | None = None) -> None:
    """Keep which footswitches were held down at power-on, until the power goes."""
    target = folder or runtime_folder()
    target.mkdir(parents=True, exist_ok=True)
    (target / _HELD).write_text(held)


def held_at_power_on(folder: Path | None = None) -> Held:
    """Return which footswitches were held down at power-on: left asks for a safe start."""
    with contextlib.suppress(OSError):
        text = ((folder or runtime_folder()) / _HELD).read_text(errors="replace")[:16]
        return next((held for held in get_args(Held) if held == text.strip()), "none")
    return "none"
