"""Real-time: the ALSA output; a card that goes away is waited for while time goes on.

The only file that imports alsaaudio, and only when an ALSA output is opened.
"""

import contextlib
import ctypes
import ctypes.util
import functools
import importlib
import os
import threading
from typing import cast

import numpy as np
from numpy.typing import NDArray

from appliance.audio.driver import Driver
from appliance.audio.faults import AbsentError, StuckError, known_pcms
from appliance.audio.output import Output
from appliance.audio.pace import Pace
from appliance.audio.pcm import Device
from appliance.errors import AudioError


class AlsaOutput(Output):
    """Play through an ALSA PCM: "default", "hw:CARD=...,DEV=0", "plughw:...", or any other name.

    When the card goes away, `lost` turns true, blocks are dropped at the pace of the monotonic
    clock, and a thread of low rank tries to open the PCM about every `retry_s` seconds. The two
    threads pass devices through single attributes, so neither ever waits for the other.
    """

    def __init__(
        self,
        name: str,
        *,
        rate: int = 44100,
        period: int = 256,
        periods: int = 3,
        wait_for_card: bool = False,
        retry_s: float = 1.0,
        driver: Driver | None = None,
    ) -> None:
        """Open `name`; raises AudioError unless `wait_for_card` and it may still appear."""
        self._driver = driver or load_driver()
        self._device: Device | None = None
        try:
            device = Device(self._driver, name, rate=rate, period=period, periods=periods)
        except AbsentError as error:
            if not wait_for_card:
                # Listing takes its time, so it is left to the one who asks, not to every retry.
                reason = str(error).removesuffix(".")
                raise AbsentError(f"{reason}; {known_pcms(self._driver)}.") from error
        else:
            self._device = device
            period, periods = device.period, device.periods
        super().__init__(name=name, rate=rate, period=period, periods=periods, real_time=True)
        self.lost = self._device is None
        self._past_xruns = 0
        self._pace = Pace(rate=rate, slack=period * periods)
        self._faults = (self._driver.ALSAAudioError, StuckError)
        self._retired: Device | None = None
        self._found: Device | None = None
        self._closing = threading.Event()
        self._watcher = threading.Thread(
            target=self._watch, args=(retry_s,), name="sound card watch", daemon=True
        )
        self._watcher.start()

    @property
    def format_name(self) -> str:
        """The sample format the card takes, as ALSA writes it; empty while it is lost."""
        return self._device.format_name if self._device else ""

    def wait(self) -> bool:
        """Wait until the card has room for a period; one that is lost is not waited for."""
        if self._device is None:
            return False
        self._device.wait()
        return True

    def write(self, block: NDArray[np.float32]) -> None:
        """Play `block`, float32 (2, n) with full scale 1; returns when the card has taken it."""
        if self._device is None and self._found is not None:
            self._device, self._found = self._found, None
            self.returns += 1
            self.lost = False
        device = self._device
        if device is None:
            self._pace.wait(block.shape[1])
            return
        try:
            device.write(block)
        except self._faults:
            self._lose(device)
            self._pace.wait(block.shape[1])
            return
        self.xruns = self._past_xruns + device.xruns
        self.delay = device.delay

    def close(self) -> None:
        """Play out what is queued, release the card and end the watching thread."""
        self._closing.set()
        # Opening a card can block; the thread then closes what it finds by itself.
        self._watcher.join(timeout=2.0)
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _lose(self, device: Device) -> None:
        self.xruns = self._past_xruns = self._past_xruns + device.xruns
        self.delay = 0
        self.lost = True
        self._pace.restart()
        # In this order: the watching thread must see the old device as soon as there is none.
        self._retired = device
        self._device = None

    def _watch(self, retry_s: float) -> None:
        # A thread starts with the rank of the one that made it, which may be the audio thread's.
        if hasattr(os, "sched_setscheduler"):
            with contextlib.suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        while not self._closing.wait(retry_s):
            if self._device is not None or self._found is not None:
                continue
            retired, self._retired = self._retired, None
            if retired is not None:
                retired.discard()
            try:
                self._found = Device(
                    self._driver,
                    self.name,
                    rate=self.rate,
                    period=self.period,
                    periods=self.periods,
                )
            except (AudioError, self._driver.ALSAAudioError):
                continue
        for left in (self._retired, self._found):
            if left is not None:
                left.discard()


@functools.cache
def load_driver() -> Driver:
    """Return the alsaaudio module; raises AudioError with the remedy where there is none."""
    try:
        driver = importlib.import_module("alsaaudio")
    except ImportError as error:
        raise AudioError(
            "ALSA is not available here (pyalsaaudio is missing): install it on Linux with"
            " 'pip install pyalsaaudio', or write to a file with"
            " 'neural-synth play --output FILE.wav'."
        ) from error
    _silence_libasound()
    return cast(Driver, driver)


def _silence_libasound() -> None:
    """Keep libasound from printing to stderr each time the PCM is not there yet."""
    path = ctypes.util.find_library("asound")
    if path is None:
        return
    arguments = (ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
    handler = ctypes.CFUNCTYPE(None, *arguments)(_ignore)
    # libasound keeps the pointer until the process ends.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(handler))
    ctypes.CDLL(path).snd_lib_error_set_handler(handler)


def _ignore(*_: object) -> None:
    pass
