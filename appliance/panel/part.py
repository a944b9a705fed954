"""A part of the panel: something with threads of its own that may fail alone."""

import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from appliance.config import Config
from appliance.errors import ApplianceError
from appliance.panel.box import Box
from appliance.panel.push.live import LiveSurface
from appliance.panel.signals import Signals


@dataclass(frozen=True, slots=True)
class Report:
    """How a part is: `failure` is the sentence of its last end, `restarts` how many there were."""

    state: Literal["running", "failed", "stopped"]
    failure: str | None = None
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    """What every part is given: the engine's box, the configuration, how the other parts are.

    `surface` is the one performance surface: every Push and the web page play it and show its face.
    Through `signals` one part tells another.
    """

    box: Box
    config: Config
    surface: LiveSurface
    reports: Mapping[str, Report]
    signals: Signals = field(default_factory=Signals)


class Part(Protocol):
    """Something that hands touch or eyes see. Made new for each start."""

    def start(self) -> None:
        """Start, within a second; raises if that cannot be."""
        ...

    def stop(self) -> None:
        """Stop, within two seconds; also after a failure."""
        ...

    @property
    def failure(self) -> str | None:
        """One sentence about why it ended by itself, None while it goes on."""
        ...


class ThreadPart:
    """A part that is one thread: `run` returns when told to stop, or raises."""

    name = "part"

    def __init__(self) -> None:
        """Prepare; nothing runs yet."""
        self.stopping = threading.Event()
        self.failure: str | None = None
        self._thread = threading.Thread(target=self._guarded, name=self.name, daemon=True)

    def run(self) -> None:
        """Work until `stopping` is set."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end and wait for it, at most two seconds."""
        self.stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2)

    def _guarded(self) -> None:
        try:
            self.run()
        except Exception as error:
            self.failure = sentence(error)
        else:
            if not self.stopping.is_set():
                self.failure = f"The {self.name} part ended by itself."


def sentence(error: BaseException) -> str:
    """Return one sentence about `error`: its own if it is meant for people, else where it arose."""
    if isinstance(error, ApplianceError | OSError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" at {place.filename.rpartition('/')[2]}:{place.lineno}" if place else ""
    return f"{type(error).__name__}{where}: {error}"
