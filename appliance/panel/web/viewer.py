"""One open page: what it knows already, and so what is new to it."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec
from aiohttp import web

from appliance.panel.box import News
from appliance.panel.part import Desk
from appliance.panel.web.chronicle import Chronicle
from appliance.panel.web.display import Display, Picture
from appliance.panel.web.face import Face
from appliance.panel.web.gestures import Hands

_STATUS = 0.1  # seconds between two statuses
_PATIENCE = 1.0  # seconds to wait for a picture to be seen before another is sent anyway


class Viewer:
    """Follows the instrument for the page behind `socket`."""

    def __init__(
        self, socket: web.WebSocketResponse, desk: Desk, face: Face, chronicle: Chronicle
    ) -> None:
        """Begin with a page that knows nothing."""
        self.socket = socket
        self.hands = Hands()
        self.topics: frozenset[str] = frozenset()
        self._desk, self._box, self._face = desk, desk.box, face
        self._chronicle = chronicle
        self._line = 0
        self._changed: set[str] = set()
        self._table: object = None
        self._refusals: list[str] = []
        self._status = 0.0
        self._told: dict[str, Any] = {}
        self._pictures: dict[Display, Picture] = {}
        self._waiting: dict[Display, tuple[int, float]] = {}

    def hear(self, news: News) -> None:
        """Remember what the page has to be told."""
        if news.kind == "values":
            self._changed.update(news.addresses)
        elif news.kind == "error" and news.arguments:
            self._refusals.append(str(news.arguments[0]))

    def see(self, frame: int) -> None:
        """Note that a picture was drawn."""
        self._waiting = {d: (n, t) for d, (n, t) in self._waiting.items() if n != frame}

    def news(self) -> Iterator[str | bytes]:
        """Yield all that is new, as messages: text is JSON, bytes are pictures and waveforms."""
        yield from self._values()
        now = time.monotonic()
        if now - self._status >= _STATUS:
            self._status = now
            yield _json("status", self._state())
            lines = self._chronicle.after(self._line)
            if lines and "log" in self.topics:
                self._line = lines[-1].number
                yield _json("log", {"lines": lines})
        for text in self._refusals:
            yield _json("error", {"text": text})
        self._refusals.clear()
        if "face" in self.topics:
            self._face.look()
            for name, what in self._face.parts().items():
                if self._told.get(name) != what:
                    self._told[name] = what
                    yield _json(name, {name: what})
            yield from self._drawn(now)
        if "scope" in self.topics:
            yield _json("latents", {"latents": self._box.state.latents})
            yield from self._face.waveform()

    def _values(self) -> Iterator[str]:
        values = self._box.values
        if values is not self._table:
            self._table = values
            self._changed.clear()
            everything = {p.address: values[p.address] for p in values.table}
            yield _json("table", {"slots": values.table.slots, "values": everything})
        elif self._changed:
            changed = {a: values[a] for a in self._changed if a in values}
            self._changed.clear()
            yield _json("values", {"values": changed})

    def _state(self) -> dict[str, Any]:
        return {
            "connected": self._box.connected,
            "engine": self._box.state.sections,
            "parts": {name: report.state for name, report in self._desk.reports.items()},
        }

    def _drawn(self, now: float) -> Iterator[bytes]:
        for display in self._face.displays:
            if display in self._waiting and now - self._waiting[display][1] < _PATIENCE:
                continue
            news = display.since(self._pictures.get(display))
            if news is not None:
                message, picture = news
                self._pictures[display] = picture
                self._waiting[display] = (picture.number, now)
                yield message


def _json(kind: str, content: dict[str, Any]) -> str:
    return msgspec.json.encode({"is": kind, **content}).decode()
