"""What the box was doing: the sound as it stands and how the player likes to recall.

It is saved every few seconds, so that a power cut costs no sound, and says whether the last end was
an orderly one.
"""

import contextlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.errors import PresetError
from appliance.presets.preset import FORMAT, Preset, checked_preset, write_preset
from appliance.storage import write_file
from appliance.yaml_file import read_yaml
from appliance.yaml_text import flow

CRASHES = 3
"""Starts in a row that did not last; after so many the sound is not taken up again."""

STEADY_SECONDS = 30.0
"""Time after which a start counts as one that lasted."""

Seconds = Annotated[float, Meta(ge=0, le=3600)]
Share = Annotated[float, Meta(ge=0, le=1)]
Quantize = Literal["off", "bar"]


class Manner(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How presets are recalled when the player does not say."""

    seconds: Seconds = 0.0
    switch_at: Share = 0.5
    wrap: bool = True
    quantize: Quantize = "off"


class Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of the box between two starts.

    `boot` names the power-on it was saved in; `crashes` counts the starts in a row that did not
    last; `slot` is the one the sound was recalled from, 0 for none.
    """

    format: Annotated[int, Meta(ge=1)] = FORMAT
    clean: bool = False
    boot: Annotated[str, Meta(max_length=64)] = "none"
    crashes: Annotated[int, Meta(ge=0)] = 0
    slot: Annotated[int, Meta(ge=0, le=64)] = 0
    manner: Manner = Manner()
    sound: Preset | None = None


def read_session(path: Path) -> tuple[Session | None, list[str]]:
    """Return the session at `path` and sentences about what is wrong with it.

    None if there is none. A file that cannot be used is moved aside and gives way to the copy that
    was made when it was last read. Never raises.
    """
    problems: list[str] = []
    if not path.exists():
        return None, problems
    try:
        session = _read(path)
    except PresetError as error:
        aside = path.with_name(f"{path.stem}-bad{path.suffix}")
        problems.append(f"{error} It was moved to {aside}.")
        with contextlib.suppress(OSError):
            path.replace(aside)
        try:
            session = _read(_copy(path))
            problems.append("The sound is taken from the copy of an earlier start.")
        except PresetError:
            return None, problems
    else:
        with contextlib.suppress(OSError):
            write_file(_copy(path), path.read_bytes())
    return session, problems


def session_text(session: Session) -> bytes:
    """Return the file of `session`."""
    lines = [
        f"{name}: {flow(getattr(session, name))}"
        for name in ("format", "clean", "boot", "crashes", "slot", "manner")
    ]
    if session.sound is not None:
        lines.append("sound:")
        lines.extend(f"  {line}" for line in write_preset(session.sound).splitlines())
    return ("\n".join(lines) + "\n").encode()


def this_boot() -> str:
    """Return the name of this power-on, "none" where the system does not give it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:64] or "none"
    except OSError:
        return "none"


def _copy(path: Path) -> Path:
    return path.with_name(f"{path.stem}-start{path.suffix}")


def _read(path: Path) -> Session:
    lines: dict[str, int] = {}
    session = read_yaml(path, Session, error=PresetError, lines=lines)
    if session.format != FORMAT:
        raise PresetError(f"{path} has format {session.format}, this version reads {FORMAT}.")
    if session.sound is not None:
        checked = checked_preset(session.sound, str(path), lines, key="sound.")
        session = msgspec.structs.replace(session, sound=checked)
    return session
