"""Footswitches as keys: a USB page-turner pedal, or the kernel's gpio-keys."""

import select

import evdev
from evdev import ecodes

from appliance.errors import DeviceError
from appliance.panel.footswitch.source import Levels, now
from appliance.panel.signals import Contact


class EvdevSource:
    """Two keys of the first input device that has both and whose name holds `device`."""

    def __init__(self, device: str | None, keys: tuple[str, str], *, inverted: bool) -> None:
        """Take the device for us alone, so that no console types; raises DeviceError."""
        self._codes = tuple(_code(key) for key in keys)
        self._inverted = inverted
        self._device = _find(device, self._codes, keys)
        self.name = self._device.name
        try:
            self._device.grab()
        except OSError as error:
            self._device.close()
            raise DeviceError(f"Input device '{self.name}' is used by another: {error}.") from error

    def wait(self, seconds: float) -> list[Contact]:
        """Return the keys that went down or up, in order; repeats are not told."""
        if not select.select([self._device.fd], [], [], max(0.0, seconds))[0]:
            return []
        return [
            Contact(self._codes.index(event.code), bool(event.value) is not self._inverted, now())
            for event in self._device.read()
            if event.type == ecodes.EV_KEY and event.code in self._codes and event.value != 2
        ]

    def levels(self) -> Levels:
        """Return what is down now."""
        down = self._device.active_keys()
        left, right = ((code in down) is not self._inverted for code in self._codes)
        return left, right

    def close(self) -> None:
        """Give the device back."""
        self._device.close()


def _code(key: str) -> int:
    code = ecodes.ecodes.get(key)
    if not isinstance(code, int):
        raise DeviceError(
            f"'{key}' names no key: panel.footswitch.left and right are such as KEY_PAGEUP."
        )
    return code


def _find(wanted: str | None, codes: tuple[int, ...], keys: tuple[str, str]) -> evdev.InputDevice:
    for path in evdev.list_devices():
        try:
            device = evdev.InputDevice(path)
        except OSError:
            continue
        held = device.capabilities().get(ecodes.EV_KEY, [])
        if (wanted is None or wanted in device.name) and set(codes) <= set(held):
            return device
        device.close()
    raise DeviceError(
        f"No input device{f' {wanted!r}' if wanted else ''} has {' and '.join(keys)}. Plug the "
        "pedal in, or set panel.footswitch.device, left and right."
    )
