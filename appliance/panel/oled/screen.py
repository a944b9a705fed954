"""Everything the status display can show, as plain values; what is equal looks equal."""

from dataclasses import dataclass
from enum import IntEnum


class Rank(IntEnum):
    """How much a warning matters; the least number is shown first."""

    AUDIO = 0
    VOLTAGE = 1
    HEAT = 2
    LATE = 3
    INFO = 4


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to know, in a few words."""

    rank: Rank
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A decoder: `level` is 0 (silent) to 1 (loudest), in sixteenths."""

    on: bool
    level: float
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """The engine starts: what it does now, and how many models of how many are loaded."""

    name: str
    version: str
    text: str
    done: int = 0
    total: int = 0
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """The instrument plays: preset, decoders, morph (0 to 1), load in percent, and one warning."""

    slot: int | None
    name: str
    edited: bool = False
    decoders: tuple[Slot, ...] = ()
    morph: float | None = None
    target: str | None = None
    queued: str | None = None
    muted: bool = False
    cpu: int = 0
    xruns: int = 0
    late: int = 0
    warning: Alert | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Things to look up: a title, up to six rows of a name and a value, and which page it is."""

    title: str
    rows: tuple[tuple[str, str], ...]
    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Work:
    """Something takes its time: `share` is done, 0 to 1, None if nobody knows."""

    title: str
    text: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A few words that matter now; `good` is whether all is well."""

    title: str
    lines: tuple[str, ...]
    good: bool = True


@dataclass(frozen=True, slots=True)
class Rest:
    """Nobody has touched anything for long: little light, and never in one place for long."""

    slot: int | None
    name: str
    place: int
    warning: Alert | None = None


Screen = Start | Play | Page | Work | Notice | Rest
