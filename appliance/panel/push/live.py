"""The surface in use: events from any device or page, actions to the engine, a face for all eyes.

One thread holds the surface. An event becomes OSC before anything is drawn for it.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Sequence

from appliance.errors import ApplianceError
from appliance.panel.box import Box, News
from appliance.panel.network import addresses
from appliance.panel.push.actions import Action, Command, Set
from appliance.panel.push.events import Event
from appliance.panel.push.face import Face
from appliance.panel.push.surface import Surface

_ROOM = 1024  # events that may wait; more are dropped and counted
_SOONEST = 0.01  # seconds between two faces while hands move
_NEWS = 1 / 30  # seconds between two faces while only the engine moves, at least
_SHARE = 0.25  # of a core, at most, for such faces
_REFRESH = 0.25  # seconds after which the face is made anew in any case
_FACTS = 5.0


class LiveSurface:
    """A surface on `box`; `put` may be called from any thread, `face` read by any."""

    def __init__(self, box: Box) -> None:
        """Prepare; nothing moves before `start`."""
        self._box = box
        self._surface = Surface(box)
        self.face: Face = self._surface.face(time.monotonic())
        """What is to be seen now; replaced as a whole."""
        self.version = 0
        """Rises with every new face."""
        self.dropped = 0
        """Events that found no room."""
        self._events: queue.Queue[Event | None] = queue.Queue(_ROOM)
        self._changed = threading.Condition()
        self._news = False
        self._let_go = False
        self._complaints: dict[str, tuple[str, ...]] = {}
        self._facts: dict[str, tuple[tuple[str, str], ...]] = {}
        self._facts_due = 0.0
        self._names_version: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="surface", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._box.listen(self._hear)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._box.ignore(self._hear)
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout=2)

    def put(self, event: Event) -> None:
        """Hand over what hands did."""
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self.dropped += 1

    def let_go(self) -> None:
        """Take all hands off: their device is gone."""
        self._let_go = True
        self._wake()

    def wait(self, version: int, timeout: float) -> int:
        """Wait for a face newer than `version`, at most `timeout` seconds; return the version."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != version, timeout)
            return self.version

    def complain(self, source: str, *sentences: str) -> None:
        """Show what is wrong with the device `source`; without sentences nothing is."""
        self._complaints[source] = sentences
        self._news = True

    def tell(self, source: str, *facts: tuple[str, str]) -> None:
        """Show facts (name, what holds) about the device `source` on the Setup page."""
        self._facts[source] = facts
        self._news = True

    def setting(self, address: str) -> float:
        """Return a setting of the Push, as on the Setup page."""
        return self._surface.grip.settings[address]

    def prefer(self, address: str, value: float) -> None:
        """Set a setting of the Push from outside, before `start`."""
        self._surface.grip.set(address, value)

    def _wake(self) -> None:
        with contextlib.suppress(queue.Full):
            self._events.put_nowait(None)

    def _hear(self, news: News) -> None:
        if news.kind == "error":
            self._surface.grip.say(str(news.arguments[0]) if news.arguments else "Refused.")
        self._news = True

    def _run(self) -> None:
        faced = refreshed = 0.0
        rest = _NEWS
        touched = True
        while not self._stopping.is_set():
            now = time.monotonic()
            due = faced + (_SOONEST if touched else rest)
            if touched or self._news:
                wait = max(0.0, due - now)
            else:
                wait = min(_NEWS, max(0.0, refreshed + _REFRESH - now))
            touched |= self._take(wait)
            now = time.monotonic()
            if self._let_go:
                self._let_go = False
                self._apply(self._surface.let_go(now))
                touched = True
            due = faced + (_SOONEST if touched else rest)
            stale = now - refreshed >= _REFRESH
            if (touched or self._news or stale) and now >= due:
                faced = refreshed = now
                touched = self._news = False
                worked = time.thread_time()
                self._show(now)
                rest = max(_NEWS, (time.thread_time() - worked) / _SHARE)

    def _take(self, wait: float) -> bool:
        """Carry out the events that come within `wait` seconds; return whether there were any."""
        try:
            event = self._events.get(timeout=wait) if wait > 0 else self._events.get_nowait()
        except queue.Empty:
            return False
        if event is None:
            return False
        self._apply(self._surface.handle(event, time.monotonic()))
        return True

    def _apply(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Set(address, value):
                    self._box.set(address, value)
                case Command(address, arguments):
                    self._box.command(address, *arguments)

    def _show(self, now: float) -> None:
        grip = self._surface.grip
        if now >= self._facts_due:
            self._facts_due = now + _FACTS
            self._facts["network"] = (("Network", ", ".join(addresses()) or "none"),)
        grip.facts = tuple(fact for facts in self._facts.values() for fact in facts)
        grip.warnings = tuple(s for sentences in self._complaints.values() for s in sentences)
        version = self._box.state.presets.version
        if self._box.connected and version != self._names_version:
            self._names_version = version
            threading.Thread(target=self._learn_names, name="names", daemon=True).start()
        face = self._surface.face(now)
        if face == self.face:
            return
        with self._changed:
            self.face = face
            self.version += 1
            self._changed.notify_all()

    def _learn_names(self) -> None:
        try:
            answers = self._box.ask("/preset/list", end="/preset/list/end")
        except ApplianceError:
            self._names_version = None
            return
        self._surface.grip.names = {
            int(arguments[0]): str(arguments[1])
            for address, arguments in answers
            if address == "/preset/slot"
        }
        self._news = True
