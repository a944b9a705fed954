"""The computer the instrument runs on: its pins, buses and cores, as data in `hardware/`."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, field

from appliance.errors import ConfigError
from appliance.places import factory_folder
from appliance.suggestion import did_you_mean
from appliance.yaml_file import read_yaml

FALLBACK = "pc"
_TREE = Path("/proc/device-tree/compatible")
_VENDOR = Path("/sys/class/dmi/id/sys_vendor")
_CLOCKS = Path("/sys/devices/system/cpu")

Word = Annotated[str, Meta(min_length=1, max_length=64)]
Core = Annotated[int, Meta(ge=0, le=1023)]


class Pins(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two footswitches' lines, each by number or name, on the GPIO chip with this label."""

    chip: Word
    left: Word
    right: Word


class Board(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs from board to board."""

    name: Word
    match: Annotated[
        list[Word],
        Meta(max_length=16, description="Device-tree names, or the maker as the firmware says it"),
    ]
    gpio: Pins | None = None
    i2c: Annotated[
        Word | None, Meta(description="Bus of the status display: a number, or part of its name")
    ] = None
    engine_cores: Annotated[
        list[Core], Meta(description="The first for audio, the others for decoders; [] is any")
    ] = field(default_factory=list[int])
    other_cores: Annotated[list[Core], Meta(description="For panel and imports; [] is any")] = (
        field(default_factory=list[int])
    )
    governor: Annotated[Word | None, Meta(description="How processor clocks are driven")] = None


def boards(folder: Path | None = None) -> dict[str, Path]:
    """Return the known boards' files by name."""
    found = folder or factory_folder("hardware")
    return {file.stem: file for file in sorted(found.glob("*.yaml"))}


def load_board(name: str, folder: Path | None = None) -> Board:
    """Return the board called `name`; raises ConfigError with the nearest known name."""
    known = boards(folder)
    if name not in known:
        raise ConfigError(
            f"There is no board '{name}' (known: {', '.join(known)}).{did_you_mean(name, known)}"
        )
    return read_yaml(known[name], Board, error=ConfigError)


def this_board(folder: Path | None = None) -> Board:
    """Return the board we run on: $NEURAL_SYNTH_BOARD, or the one the firmware names, or a PC."""
    named = os.environ.get("NEURAL_SYNTH_BOARD")
    if named:
        return load_board(named, folder)
    identity = firmware_names()
    for name in boards(folder):
        board = load_board(name, folder)
        if set(board.match) & identity:
            return board
    return load_board(FALLBACK, folder)


def firmware_names(tree: Path = _TREE, vendor: Path = _VENDOR) -> set[str]:
    """Return what the firmware calls this computer."""
    names: set[str] = set()
    with contextlib.suppress(OSError):
        names.update(tree.read_bytes().decode(errors="replace").split("\0"))
    with contextlib.suppress(OSError):
        names.add(vendor.read_text(errors="replace").strip())
    return names - {""}


def set_governor(governor: str, clocks: Path = _CLOCKS) -> list[str]:
    """Let every processor clock be driven by `governor`; return what was refused."""
    refused: list[str] = []
    for file in sorted(clocks.glob("cpu[0-9]*/cpufreq/scaling_governor")):
        try:
            file.write_text(governor)
        except OSError as error:
            refused.append(f"{file}: {error.strerror}")
    return refused


def keep_to(cores: Iterable[int]) -> bool:
    """Keep the calling thread, and all it will start, on those `cores` that exist."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    wanted = set(cores) & os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        if wanted:
            os.sched_setaffinity(0, wanted)
            return True
    return False
