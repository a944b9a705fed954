"""Real-time: live sound from an ALSA PCM, recorded by a thread of its own."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.audio.alsa import load_driver
from appliance.audio.driver import XRUN, Driver, Pcm
from appliance.audio.faults import capture_error
from appliance.errors import AudioError
from appliance.input.intake import Intake

CHANNELS = 2
_FORMATS = {"S32_LE": ("<i4", 31), "S16_LE": ("<i2", 15)}
_LISTEN = 0.1  # seconds between looks at whether the input is wanted
_RETRY = 1.0  # seconds between tries to open a card that is not there


class Capture:
    """Records while `wanted`, and gives its sound to the thread that calls `read`.

    `problem` is a sentence while the card cannot be used, "" otherwise; it is waited for, and the
    input is silent until it is there.
    """

    def __init__(
        self,
        name: str,
        *,
        rate: int,
        period: int,
        channel: str = "both",
        prepare: Callable[[], object] = lambda: None,
        driver: Driver | None = None,
    ) -> None:
        """Record from the PCM `name`; `channel` is "both", "left" or "right".

        Nothing is opened before `start`. The recording thread calls `prepare` first.
        """
        self.name = name
        self.wanted = False
        """Set by whoever knows whether somebody listens."""
        self.problem = ""
        self.open = False
        self.peak = 0.0
        """The largest magnitude since somebody set it back to 0."""
        self.overruns = 0
        """Times the card had to drop sound because it was not fetched in time."""
        self.intake = Intake(rate, period=period, block=period)
        self._rate, self._period = rate, period
        self._side = {"left": 0, "right": 1}.get(channel)
        self._prepare = prepare
        self._driver = driver
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a card that is stuck is left behind."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2)

    def read(self, out: NDArray[np.float32]) -> None:
        """Fill `out`, float32 (n,), with live sound, or with silence; never waits."""
        if self.open:
            self.intake.read(out)
        else:
            self.intake.restart()
            out.fill(0.0)

    def _run(self) -> None:
        self._prepare()
        while not self._stopping.wait(_LISTEN):
            if not self.wanted:
                self.problem = ""
                continue
            try:
                self._record()
            except AudioError as error:
                self.problem = str(error)
                self._stopping.wait(_RETRY)

    def _record(self) -> None:
        """Open the card and fetch sound until nobody wants it; raises AudioError."""
        driver = self._driver or load_driver()
        pcm, info = _open(driver, self.name, rate=self._rate, period=self._period)
        kind, bits = _FORMATS[info["format_name"]]
        scale = np.float32(2.0**-bits)
        self.problem = ""
        try:
            while self.wanted and not self._stopping.is_set():
                count, data = pcm.read()
                if count == XRUN:
                    self.overruns += 1
                elif count < 0:
                    raise driver.ALSAAudioError(f"error {count} [{self.name}]")
                elif count:
                    self._take(np.frombuffer(data, kind).reshape(-1, CHANNELS)[:count] * scale)
                    self.open = True
        except driver.ALSAAudioError as error:
            raise capture_error(self.name, error) from error
        finally:
            self.open = False
            with contextlib.suppress(driver.ALSAAudioError):
                pcm.close()

    def _take(self, frames: NDArray[np.float32]) -> None:
        sound = frames.mean(axis=1) if self._side is None else frames[:, self._side]
        self.peak = max(self.peak, float(np.abs(sound).max()))
        self.intake.write(sound)


def _open(driver: Driver, name: str, *, rate: int, period: int) -> tuple[Pcm, dict[str, Any]]:
    """Open `name` for recording; raises AudioError naming what it cannot do."""
    for format_name in _FORMATS:
        try:
            pcm = driver.PCM(
                type=driver.PCM_CAPTURE,
                device=name,
                rate=rate,
                channels=CHANNELS,
                format=getattr(driver, f"PCM_FORMAT_{format_name}"),
                periodsize=period,
                periods=4,
            )
        except driver.ALSAAudioError as error:
            if str(error).startswith("Invalid argument") and format_name != "S16_LE":
                continue
            raise capture_error(name, error) from error
        info = pcm.info()
        if info["format_name"] in _FORMATS and info["channels"] == CHANNELS:
            if info["rate"] == rate:
                return pcm, info
            pcm.close()
            raise AudioError(
                f"PCM '{name}' records at {info['rate']} Hz, not {rate}: set encoder.capture to "
                f"'plughw:...' or 'default', which convert the rate."
            )
        pcm.close()
    raise AudioError(
        f"PCM '{name}' does not record in stereo with 16 or 32 bits: set encoder.capture to "
        "'plughw:...' or 'default', which convert."
    )
