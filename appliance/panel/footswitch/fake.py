"""A double footswitch that keeps the rules of a real one: edges with times, levels, a plug."""

import queue
import threading

from appliance.errors import DeviceError
from appliance.panel.footswitch.source import Levels, now
from appliance.panel.signals import Contact


class FakeSource:
    """Stepped on by `step`; unplugged it fails like a device that is gone."""

    name = "fake"

    def __init__(self) -> None:
        """Begin with both switches up."""
        self._contacts: queue.SimpleQueue[Contact] = queue.SimpleQueue()
        self._down = [False, False]
        self.plugged = True
        self.closed = False
        self.heard = threading.Event()
        """Set once somebody waits for contacts."""

    def step(self, switch: int, down: bool, *, told: bool = True) -> None:
        """Change a contact; an edge that is not `told` got lost, the level has not."""
        if self._down[switch] is down:
            raise ValueError(f"Switch {switch} is already {'down' if down else 'up'}.")
        self._down[switch] = down
        if told:
            self._contacts.put(Contact(switch, down, now()))

    def wait(self, seconds: float) -> list[Contact]:
        """Return the next contact, if one comes in time."""
        self._check()
        self.heard.set()
        try:
            return [self._contacts.get(timeout=max(0.0, seconds))]
        except queue.Empty:
            return []

    def levels(self) -> Levels:
        """Return what is down now."""
        self._check()
        left, right = self._down
        return left, right

    def close(self) -> None:
        """Note that nobody listens any more."""
        self.closed = True

    def _check(self) -> None:
        if self.closed:
            raise ValueError("This source was closed.")
        if not self.plugged:
            raise DeviceError("The fake footswitch is gone.")
