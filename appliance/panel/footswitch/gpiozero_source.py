"""Footswitches on GPIO pins through gpiozero, which knows a Raspberry Pi's header."""

import queue
from collections.abc import Callable

from gpiozero import BadPinFactory, DigitalInputDevice, GPIOZeroError

from appliance.board import Pins
from appliance.errors import DeviceError
from appliance.panel.footswitch.source import Levels, now, number_of
from appliance.panel.signals import Contact


class GpiozeroSource:
    """The two pins of `pins`, by BCM number, pulled up; `active_low` as for contacts that close.

    gpiozero's own bounce time stays off: it tells every press late.
    """

    def __init__(self, pins: Pins, *, active_low: bool) -> None:
        """Claim the pins; raises DeviceError."""
        self.name = f"GPIO{pins.left} GPIO{pins.right}"
        self._contacts: queue.SimpleQueue[Contact] = queue.SimpleQueue()
        self._active_low = active_low
        self._pins: list[DigitalInputDevice] = []
        try:
            for switch, pin in enumerate((pins.left, pins.right)):
                device = DigitalInputDevice(number_of(pin), pull_up=True, bounce_time=None)
                self._pins.append(device)
                device.when_activated = self._teller(switch, active_low)
                device.when_deactivated = self._teller(switch, not active_low)
        except (GPIOZeroError, BadPinFactory, OSError) as error:
            self.close()
            raise DeviceError(
                f"Pins {pins.left} and {pins.right} cannot be used through gpiozero ({error}). "
                "Try panel.footswitch.source: gpiod."
            ) from error

    def wait(self, seconds: float) -> list[Contact]:
        """Return the next edge, if one comes in time."""
        try:
            return [self._contacts.get(timeout=max(0.0, seconds))]
        except queue.Empty:
            return []

    def levels(self) -> Levels:
        """Return what is down now."""
        left, right = (bool(pin.is_active) is self._active_low for pin in self._pins)
        return left, right

    def close(self) -> None:
        """Give the pins back."""
        for pin in self._pins:
            pin.close()

    def _teller(self, switch: int, down: bool) -> Callable[[], None]:
        # Called in gpiozero's own thread.
        return lambda: self._contacts.put(Contact(switch, down, now()))
