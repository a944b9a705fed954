"""The picture of the surface in use, drawn once for all who look: the Push and the web page."""

import threading
import time
from collections.abc import Callable

from PIL import Image

from appliance.engine.listener import Listener
from appliance.errors import EngineUnreachableError
from appliance.panel.box import Box
from appliance.panel.push.drawing.picture import draw
from appliance.panel.push.drawing.views import Wave
from appliance.panel.push.screen import Scope, Screen

_MOVES = 1 / 30  # seconds after which a picture with a scope is drawn again
_HEARD = 2048  # frames
_RETRY = 2.0  # seconds between two looks for the engine's sound


class Easel:
    """Draws what `screen` returns; the scope shows the sound of the engine behind `box`."""

    def __init__(self, screen: Callable[[], Screen], box: Box) -> None:
        """Begin with nothing drawn."""
        self._screen = screen
        self._box = box
        self._lock = threading.Lock()
        self._drawn: Screen | None = None
        self._picture: Image.Image | None = None
        self._number = 0
        self._moment = 0.0
        self._sound: Listener | None = None
        self._retry = 0.0

    def picture(self) -> tuple[int, Image.Image]:
        """Return the picture of now, 960 x 160 RGB, not to be changed, and its number.

        An equal number means an equal picture.
        """
        with self._lock:
            screen, now = self._screen(), time.monotonic()
            moves = isinstance(screen.view, Scope) and now - self._moment >= _MOVES
            if self._picture is None or moves or screen != self._drawn:
                wave = self._wave(now) if isinstance(screen.view, Scope) else None
                self._picture = draw(screen, wave)
                self._drawn, self._moment = screen, now
                self._number += 1
            return self._number, self._picture

    def _wave(self, now: float) -> Wave | None:
        if self._sound is not None and self._sound.gone:
            self._sound.close()
            self._sound = None
        if self._sound is None and now >= self._retry:
            self._retry = now + _RETRY
            path = self._box.state.sections.get("monitor", {}).get("path")
            if path:
                try:
                    self._sound = Listener(path)
                except EngineUnreachableError:
                    return None
        return None if self._sound is None else self._sound.latest(_HEARD)
