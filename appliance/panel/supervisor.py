"""Starts the panel's parts, restarts one that fails, and says how each is."""

import importlib
import time
from collections.abc import Callable, Mapping
from typing import cast

from appliance.panel.part import Desk, Part, Report, sentence
from appliance.panel.settings import PanelConfig

PARTS: dict[str, str] = {
    "imports": "appliance.panel.imports:ImportsPart",
    "stick": "appliance.panel.usb.part:StickPart",
    "oled": "appliance.panel.oled.part:OledPart",
    "midi_clock": "appliance.panel.midi_clock:MidiClockPart",
    "web": "appliance.panel.web.part:WebPart",
    "push": "appliance.panel.push.device.part:PushPart",
    "footswitch": "appliance.panel.footswitch.part:FootswitchPart",
}
"""What opens each part, as module:callable; only a part that is switched on is imported."""

_FIRST_REST = 1.0  # seconds before the first restart; each further one waits twice as long
_LONGEST_REST = 30.0
_STEADY = 60.0  # seconds after which a part counts as well again

Open = Callable[[Desk], Part]


def openers(config: PanelConfig) -> dict[str, Open]:
    """Return how to open each part that the configuration switches on."""
    return {name: _opener(place) for name, place in PARTS.items() if getattr(config, name).on}


def _opener(place: str) -> Open:
    module, _, attribute = place.partition(":")

    def open_part(desk: Desk) -> Part:
        return cast("Open", getattr(importlib.import_module(module), attribute))(desk)

    return open_part


class _Berth:
    """One part and its history."""

    def __init__(self, open_part: Open) -> None:
        self.open = open_part
        self.part: Part | None = None
        self.since = 0.0
        self.due = 0.0
        self.rest = _FIRST_REST


class Supervisor:
    """Looks after the parts that `opening` opens; `tell` hears a sentence about each failure."""

    def __init__(
        self,
        opening: Mapping[str, Open],
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with everything stopped."""
        self.reports: dict[str, Report] = {name: Report("stopped") for name in opening}
        self._berths = {name: _Berth(open_part) for name, open_part in opening.items()}
        self._tell = tell
        self._clock = clock

    def look(self, desk: Desk) -> None:
        """Start what is due, note what has failed. To be called a few times a second."""
        now = self._clock()
        for name, berth in self._berths.items():
            if berth.part is None:
                if now >= berth.due:
                    self._start(name, berth, desk, now)
                continue
            failure = berth.part.failure
            if failure is not None:
                self._fail(name, berth, failure, now)
            elif now - berth.since > _STEADY:
                berth.rest = _FIRST_REST

    def stop(self) -> None:
        """Stop every part, the last one first."""
        for name, berth in reversed(self._berths.items()):
            self._close(name, berth)
            self.reports[name] = Report("stopped", restarts=self.reports[name].restarts)

    def _start(self, name: str, berth: _Berth, desk: Desk, now: float) -> None:
        try:
            berth.part = berth.open(desk)
            berth.part.start()
        except Exception as error:
            self._fail(name, berth, sentence(error), now)
        else:
            berth.since = now
            before = self.reports[name]
            self.reports[name] = Report("running", before.failure, before.restarts)

    def _fail(self, name: str, berth: _Berth, failure: str, now: float) -> None:
        self._close(name, berth)
        berth.due = now + berth.rest
        self._tell(f"{name}: {failure} It starts again in {berth.rest:g} s.")
        berth.rest = min(2 * berth.rest, _LONGEST_REST)
        self.reports[name] = Report("failed", failure, self.reports[name].restarts + 1)

    def _close(self, name: str, berth: _Berth) -> None:
        part, berth.part = berth.part, None
        if part is None:
            return
        try:
            part.stop()
        except Exception as error:
            self._tell(f"{name} could not be stopped: {sentence(error)}")
