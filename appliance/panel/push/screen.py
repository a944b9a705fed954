"""What the display says, as data: drawn as a picture, written as Push 1's text, or tested."""

from dataclasses import dataclass, field

from appliance.panel.push.colours import Colour, Level


@dataclass(frozen=True, slots=True)
class Label:
    """The word at a button above or below the display."""

    text: str = ""
    colour: Colour = Colour.WHITE
    level: Level = Level.OFF


@dataclass(frozen=True, slots=True)
class Column:
    """One encoder: `share` is its place in the range, 0 to 1; `rest` that of its default.

    `choices` is the number of positions of a switch, 0 for a knob. `touched` shows it large.
    """

    name: str
    value: str
    unit: str = ""
    share: float = 0.0
    rest: float = 0.0
    choices: int = 0
    colour: Colour = Colour.WHITE
    touched: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Latents:
    """What each module gives at this moment: `values` has 8 latents for each of `modules`."""

    modules: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """The sound that goes out: `peak` and `rms` are amplitudes, left and right."""

    peak: tuple[float, ...]
    rms: tuple[float, ...]
    compression_db: float = 0.0
    limiting_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Reel:
    """A buffer with its cursor: places are shares of it, `outline` amplitudes from 0 to 1."""

    name: str
    outline: tuple[float, ...] = ()
    cursor: float | None = None
    start: float = 0.0
    end: float = 1.0
    playing: bool = False
    recording: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Map:
    """A field with a point at `x`, `y` from 0 to 1 and with named `places`."""

    x: float
    y: float
    places: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """Gains from 8 sources (rows) to 8 channels, 0 where nothing flows; `row` is edited."""

    title: str
    gains: tuple[tuple[float, ...], ...]
    row: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Short lines of a name and what holds for it."""

    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Presets:
    """The performance: what sounds, what comes, what a finger asks about."""

    slot: str
    name: str
    target: str = ""
    progress: float | None = None
    held: str = ""
    mode: str = ""
    filled: frozenset[int] = frozenset()
    current: int | None = None
    goal: int | None = None


View = Latents | Scope | Reel | Map | Matrix | Facts | Presets


@dataclass(frozen=True, slots=True)
class Health:
    """The line that is always there: `load` is the share of a core that is busiest, 0 to 1."""

    preset: str = ""
    edited: bool = False
    target: str = ""
    progress: float | None = None
    load: float = 0.0
    xruns: int = 0
    late: int = 0
    warning: str = ""
    connected: bool = True


@dataclass(frozen=True, slots=True)
class Screen:
    """All that is to be seen. `notice` is a sentence over everything else for a few seconds.

    `touched` says more about the encoder under a finger; `help` are lines of (where, what).
    """

    title: str
    colour: Colour
    tabs: tuple[Label, ...]
    columns: tuple[Column | None, ...]
    lower: tuple[Label, ...]
    layers: tuple[Label, ...] = ()
    view: View | None = None
    health: Health = field(default_factory=Health)
    touched: str = ""
    notice: str = ""
    help: tuple[tuple[str, str], ...] = ()
