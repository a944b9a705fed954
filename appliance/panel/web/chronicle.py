"""What happened, for the page that tells: a bounded list of sentences."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from appliance.panel.box import Box, News
from appliance.panel.part import Report

Source = Literal["engine", "panel", "page"]
_MOST = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence: `number` rises, `at` is in seconds since 1970."""

    number: int
    at: float
    source: Source
    text: str


class Chronicle:
    """The last lines; any thread may write."""

    def __init__(self) -> None:
        """Begin with the beginning."""
        self.number = 0
        self._lines: deque[Line] = deque(maxlen=_MOST)
        self._flags: tuple[str, ...] = ()
        self._failures: dict[str, str | None] = {}
        self.write("panel", "The web page is served.")

    def write(self, source: Source, text: str) -> None:
        """Add a sentence."""
        self.number += 1
        self._lines.append(Line(self.number, time.time(), source, text))

    def after(self, number: int) -> list[Line]:
        """Return the lines behind the one of `number`."""
        return [line for line in list(self._lines) if line.number > number]

    def hear(self, box: Box, news: News) -> None:
        """Note what the engine says that a player may want to read later."""
        if news.kind == "error":
            self.write("engine", str(news.arguments[0]) if news.arguments else "Refused.")
        elif news.kind == "connection":
            said = f"'{box.state.name}' answers" if box.connected else "is silent"
            self.write("panel", f"The engine {said}.")
        elif news.kind == "status" and box.state.flags != self._flags:
            for flag in box.state.flags:
                if flag not in self._flags:
                    self.write("engine", flag)
            self._flags = box.state.flags

    def look(self, reports: Mapping[str, Report]) -> None:
        """Note which parts of the panel have failed."""
        for name, report in reports.items():
            if report.failure != self._failures.get(name) and report.failure is not None:
                self.write("panel", f"{name}: {report.failure}")
            self._failures[name] = report.failure
