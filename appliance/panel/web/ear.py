"""The engine's output wherever the engine is now: it may restart."""

import contextlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.engine.listener import Listener
from appliance.errors import EngineUnreachableError
from appliance.panel.box import Box


class Ear:
    """Hears the engine of `box`, whichever it is."""

    def __init__(self, box: Box) -> None:
        """Begin deaf."""
        self._box = box
        self._path: object = None
        self._listener: Listener | None = None

    def listener(self) -> Listener | None:
        """Return a listener to the engine that plays now, None if none can be heard."""
        path = self._box.state.sections.get("monitor", {}).get("path")
        if path != self._path or (self._listener is not None and self._listener.gone):
            self.close()
            with contextlib.suppress(EngineUnreachableError):
                self._listener = Listener(Path(path)) if isinstance(path, str) else None
            self._path = path if self._listener is not None else None
        return self._listener

    def latest(self, frames: int) -> NDArray[np.float32] | None:
        """Return the newest sound, float32 (2, up to `frames`), None if none can be heard."""
        listener = self.listener()
        return listener.latest(frames) if listener is not None else None

    def close(self) -> None:
        """Let go."""
        if self._listener is not None:
            self._listener.close()
        self._listener = self._path = None
