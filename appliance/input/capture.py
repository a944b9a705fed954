"""Real-time: live sound from an ALSA PCM, fetched by the thread that plays.

A period of one card comes in as another goes out: fetched right then, sound is as young as it can
be. A thread of low rank opens and closes the card.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.audio.alsa import load_driver
from appliance.audio.bell import Bell
from appliance.audio.driver import XRUN, Driver, Pcm
from appliance.audio.faults import capture_error
from appliance.errors import AudioError
from appliance.input.intake import Intake

CHANNELS = 2
_FORMATS = {"S32_LE": ("<i4", 31), "S16_LE": ("<i2", 15)}
_LISTEN = 0.1  # seconds between looks at whether the input is wanted
_PERIODS = 4  # that the card holds for a reader who comes late
_RETRY = 1.0  # seconds between tries to open a card that is not there


class Capture:
    """Records while `wanted`, for the thread that calls `read`.

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

        Nothing is opened before `start`. The thread that opens calls `prepare` first.
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
        self.intake = Intake(rate, period=period, block=period, fetch=self._fetch)
        self._recording: Recording | None = None
        self._reading = False
        self._past = 0  # overruns of earlier recordings
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
        """Fill `out`, float32 (n,), with live sound, or with silence.

        Waits for a period that is due, for a small part of its length.
        """
        self._reading = True
        try:
            if self._recording is None:
                self.intake.restart()
                out.fill(0.0)
            else:
                self.intake.read(out)
        finally:
            self._reading = False

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
        """Open the card and lend it to the reader until nobody wants it; raises AudioError."""
        driver = self._driver or load_driver()
        recording = Recording(driver, self.name, rate=self._rate, period=self._period)
        self.problem = ""
        self._recording = recording
        try:
            while self.wanted and not self._stopping.wait(_LISTEN) and recording.error is None:
                pass
        finally:
            self._recording = None
            while self._reading:  # a block is in hand
                time.sleep(0.001)
            self._past += recording.overruns
            self.open = False
            recording.close()
        if recording.error is not None:
            raise capture_error(self.name, recording.error) from recording.error

    def _fetch(self, samples: int, seconds: float) -> None:
        """Let the intake have what was recorded; wait at most `seconds` for `samples`."""
        recording = self._recording
        if recording is None or recording.error is not None:
            return
        for frames in recording.fetch(samples, seconds):
            sound = frames.mean(axis=1) if self._side is None else frames[:, self._side]
            self.peak = max(self.peak, float(np.abs(sound).max()))
            self.intake.write(sound)
            self.open = True
        self.overruns = self._past + recording.overruns


class Recording:
    """An open PCM that gives what is recorded and never waits unless it is told to."""

    def __init__(self, driver: Driver, name: str, *, rate: int, period: int) -> None:
        """Open the PCM `name`; raises AudioError."""
        self._pcm, info = _open(driver, name, rate=rate, period=period)
        self._kind, bits = _FORMATS[info["format_name"]]
        self._scale = np.float32(2.0**-bits)
        self._name = name
        self._failure = driver.ALSAAudioError
        self._bell = Bell(self._pcm, rate)
        self._started = False
        self.overruns = 0
        self.error: Exception | None = None
        """What ended the recording."""

    def fetch(self, samples: int, seconds: float) -> Iterator[NDArray[np.float32]]:
        """Yield what is recorded, float32 (n, 2); wait at most `seconds` for `samples`."""
        try:
            if samples and self._started:
                self._bell.wait(samples, seconds)
            while not self._started or self._pcm.avail() != 0:
                self._started = True
                count, data = self._pcm.read()
                if count == XRUN:
                    self.overruns += 1
                    self._started = False
                elif count < 0:
                    self.error = self._failure(f"error {count} [{self._name}]")
                if count <= 0:
                    return
                yield np.frombuffer(data, self._kind).reshape(-1, CHANNELS)[:count] * self._scale
        except self._failure as error:
            self.error = error

    def close(self) -> None:
        """Release the card."""
        with contextlib.suppress(self._failure):
            self._pcm.close()


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
                periods=_PERIODS,
                mode=driver.PCM_NONBLOCK,
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
