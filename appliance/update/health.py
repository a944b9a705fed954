"""Whether a new slot has earned to be kept: it plays, for a while, as itself."""

import time
from collections.abc import Callable
from typing import Any

Status = Callable[[], dict[str, Any] | None]
"""Returns the engine's status, or None while it does not answer."""

LISTEN_SECONDS = 10.0
PATIENCE_SECONDS = 120.0
SAFE_START = "Safe start"


def complaint(before: dict[str, Any], after: dict[str, Any], seconds: float) -> str | None:
    """Return what speaks against an engine between two reports so far apart, None if nothing."""
    if any(flag.startswith(SAFE_START) for flag in after["flags"]):
        return "it plays the safe instrument only"
    if after["uptime_s"] < before["uptime_s"] + 0.5 * seconds:
        return "the engine has crashed"
    if after["output"]["lost"]:
        return "it has no sound card"
    if after["engine"]["blocks"] <= before["engine"]["blocks"]:
        return "the sound stands still"
    broken = [group["model"] for group in after["decoders"] if group["broken"]]
    return f"the decoder of {broken[0]} is broken" if broken else None


def prove(
    status: Status,
    *,
    listen: float = LISTEN_SECONDS,
    patience: float = PATIENCE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str | None:
    """Return None once the engine has played well for `listen` seconds within `patience`.

    Otherwise return what spoke against it last.
    """
    end = clock() + patience
    why: str | None = "the engine does not answer"
    while clock() < end:
        before = status()
        sleep(listen if before else 1.0)
        after = status() if before else None
        why = complaint(before, after, listen) if before and after else "the engine does not answer"
        if why is None:
            return None
    return why
