"""Decides what to show: what cannot wait, then the start, then a page, then the instrument."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from appliance import __version__
from appliance.panel.oled.alert import Alerts, shown
from appliance.panel.oled.facts import Machine
from appliance.panel.oled.screen import Alert, Notice, Page, Play, Rest, Screen, Slot, Start, Work
from appliance.panel.signals import Signals
from appliance.panel.state import State
from appliance.panel.usb.visit import Visit
from appliance.start_up import StartUp

PAGE_SECONDS = 12.0
GLANCE_SECONDS = 3.0
"""After a touch the instrument is shown so long, whatever a stick is doing."""
RESULT_SECONDS = 30.0
GOODBYE = Notice("Goodbye", ("Wait for the word", "before you unplug"))
_STEPS = 16
SILENT_DB = -60.0


class Instrument(Protocol):
    """What the display needs of the panel's box."""

    state: State
    connected: bool

    def get(self, address: str) -> float:
        """Return a parameter's value."""
        ...


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known at one moment; `counts` are how many samples and models the player has."""

    instrument: Instrument
    machine: Machine
    signals: Signals
    start: StartUp | None
    visit: Visit | None
    leaving: bool = False
    counts: tuple[tuple[str, int], ...] = ()


class Director:
    """Chooses screens; times are in seconds and must not go back."""

    def __init__(self, name: str) -> None:
        """Direct the display of the box called `name`."""
        self._name = name
        self._alerts = Alerts()
        self._pages = 0
        self._page: int | None = None
        self._page_until = 0.0
        self._visit: Visit | None = None
        self._visit_since = 0.0

    def choose(self, inputs: Inputs, now: float, *, resting: int | None = None) -> Screen:
        """Return what to show; `resting` is the place of the resting picture, if it is time."""
        instrument, signals = inputs.instrument, inputs.signals
        self._turn(signals, now)
        alerts = self._alerts.gather(
            instrument.state, instrument.connected, inputs.machine, signals, now
        )
        alert = shown(alerts, now)
        if inputs.leaving:
            return GOODBYE
        if not instrument.connected and (start := _start(self._name, inputs.start)) is not None:
            return start
        glance = now - signals.touched < GLANCE_SECONDS
        if (visit := self._visiting(inputs.visit, now)) is not None and not glance:
            return visit
        if self._page is not None:
            return _PAGES[self._page](self._name, inputs, self._page + 1, len(_PAGES))
        presets = instrument.state.presets
        if resting is not None:
            return Rest(presets.current, presets.name, resting, alert)
        return _play(instrument, alert)

    def _turn(self, signals: Signals, now: float) -> None:
        if signals.pages != self._pages:
            page = 0 if self._page is None else self._page + signals.pages - self._pages
            self._pages = signals.pages
            self._page = page if page < len(_PAGES) else None
            self._page_until = now + PAGE_SECONDS
        elif now >= self._page_until:
            self._page = None

    def _visiting(self, visit: Visit | None, now: float) -> Screen | None:
        """Return what a stick's visit shows: to its end, and the result for a while."""
        if visit != self._visit:
            self._visit, self._visit_since = visit, now
        if visit is None or (visit.over and now - self._visit_since > RESULT_SECONDS):
            return None
        match visit.stage:
            case "done":
                title = visit.title if visit.refused else f"{visit.title}: done"
                lines = (*visit.lines[:2], "You may pull it out")
                return Notice(title, lines, good=not visit.refused)
            case "failed":
                return Notice(visit.title, (*visit.lines[:2], "You may pull it out"), good=False)
            case _ if not visit.alive:
                early = ("Pulled out too early.", "Nothing is lost.")
                return Notice(visit.title, early, good=False)
            case "looking":
                return Work(visit.title, visit.text or "looking at what it brings", None)
            case _:
                return Work(visit.title, visit.text, visit.share)


def _start(name: str, start: StartUp | None) -> Start | None:
    """Return the splash while the engine cannot answer yet; None if it once could."""
    match start:
        case None:
            return Start(name, __version__, "waiting for the engine")
        case StartUp(step="failed"):
            return Start(name, __version__, start.text, failed=True)
        case StartUp(step="ready" | "ended"):
            return None
        case StartUp(step="card"):
            return Start(name, __version__, f"card {start.text}")
        case _:
            return Start(name, __version__, start.text, start.done, start.total)


def _play(instrument: Instrument, alert: Alert | None) -> Play:
    state = instrument.state
    presets = state.presets
    load = state.engine.load + sum(decoder.load for decoder in state.decoders)
    return Play(
        slot=presets.current,
        name=presets.name,
        edited=presets.edited,
        decoders=_slots(instrument),
        morph=None if presets.progress is None else round(presets.progress * 32) / 32,
        target=presets.target_name,
        queued=presets.queued_name,
        muted=instrument.get("/master/level_db") <= SILENT_DB,
        cpu=round(100 * load),
        xruns=state.output.xruns,
        late=state.engine.late_frames,
        warning=alert,
    )


def _slots(instrument: Instrument) -> tuple[Slot, ...]:
    broken = {slot for d in instrument.state.decoders if d.broken for slot in d.slots}
    slots = sorted(slot for decoder in instrument.state.decoders for slot in decoder.slots)
    found: list[Slot] = []
    for slot in slots:
        level = (instrument.get(f"/decoder/{slot}/level_db") + 60) / 72
        on = instrument.get(f"/decoder/{slot}/on") >= 0.5
        found.append(Slot(on, round(level * _STEPS) / _STEPS, slot in broken))
    return tuple(found)


def _network(name: str, inputs: Inputs, number: int, count: int) -> Page:
    rows = [("name", name), *inputs.machine.addresses]
    if not inputs.machine.addresses:
        rows.append(("address", "none"))
    return Page("Network", tuple(rows[:6]), number, count)


def _box(name: str, inputs: Inputs, number: int, count: int) -> Page:
    state = inputs.instrument.state
    hours, minutes = divmod(int(state.uptime_s) // 60, 60)
    rows = (
        ("name", name),
        ("version", __version__),
        ("bank", f"{len(state.presets.filled)} of 64"),
        ("up", f"{hours} h {minutes} m"),
    )
    return Page("Box", rows, number, count)


def _models(_: str, inputs: Inputs, number: int, count: int) -> Page:
    state = inputs.instrument.state
    rows = [(" ".join(str(slot) for slot in d.slots), d.model) for d in state.decoders]
    ahead = ("ahead", f"{state.engine.headroom_ms:.0f} ms")
    return Page("Models", (*rows[:4], ahead), number, count)


def _health(_: str, inputs: Inputs, number: int, count: int) -> Page:
    machine, signals = inputs.machine, inputs.signals
    heat = "not measured" if machine.temperature is None else f"{machine.temperature:.0f} C"
    pedal = "stuck" if signals.stuck else "none" if signals.input_error else "ready"
    rows = (
        ("temperature", heat),
        ("clock", "lowered" if machine.throttled else "full"),
        ("power", "too weak" if machine.under_voltage else "good"),
        ("footswitch", pedal),
    )
    return Page("Health", rows, number, count)


def _disk(_: str, inputs: Inputs, number: int, count: int) -> Page:
    machine = inputs.machine
    rows = [("free", f"{machine.free / 1e9:.1f} GB"), ("of", f"{machine.total / 1e9:.1f} GB")]
    rows += [(what, str(many)) for what, many in inputs.counts]
    return Page("Disk", tuple(rows), number, count)


_PAGES: tuple[Callable[[str, Inputs, int, int], Page], ...] = (
    _network,
    _box,
    _models,
    _health,
    _disk,
)
