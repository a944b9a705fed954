"""Real-time: one opened PCM: what the card granted, and whole blocks written to it."""

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.audio.bell import Bell
from appliance.audio.driver import XRUN, Driver, Pcm
from appliance.audio.faults import StuckError, channels_error, opening_error, rate_error
from appliance.audio.output import CHANNELS
from appliance.audio.quantiser import SAMPLE_BYTES, Quantiser

# A card that answers so often without taking a frame will not take any.
_MAX_REFUSALS = 8


class Device:
    """An open PCM, its granted shape, and the buffers to write float blocks through.

    ALSA starts a stream at its first frame, so before the first block, and before the block that
    follows an xrun, everything but one period is filled with silence in one call: the card's buffer
    is as full as ever from the first block on.
    """

    def __init__(self, driver: Driver, name: str, *, rate: int, period: int, periods: int) -> None:
        """Open `name` near the shape asked; raises AudioError (AbsentError if it may come yet)."""
        self._pcm, info = _negotiate(driver, name, rate=rate, period=period, periods=periods)
        self.rate: int = rate
        self.format_name: str = info["format_name"]
        self.period: int = max(1, info["period_size"])
        self.buffer: int = max(self.period, info["buffer_size"])
        self.periods = self.buffer // self.period
        self.xruns = 0
        self.delay = 0
        self._error = driver.ALSAAudioError
        self._name = name
        self._quantiser = Quantiser(format_name=self.format_name, max_block=self.period)
        self._frame_bytes = self._quantiser.frame_bytes
        self._bytes = np.zeros((self.period, self._frame_bytes), np.uint8)
        self._view = self._bytes.data.cast("B")
        lead = self.buffer - self.period
        self._silence = memoryview(bytes(lead * self._frame_bytes))
        self._dry = True
        self._bell = Bell(self._pcm, rate)

    def wait(self) -> None:
        """Wait until there is room for a period, at most as long as the card's buffer lasts.

        What is wrong with the card is left to `write` to find.
        """
        with contextlib.suppress(self._error):
            self._bell.wait(self.period, self.buffer / self.rate)

    def write(self, block: NDArray[np.float32]) -> None:
        """Write `block`, float32 (2, n); counts xruns, raises ALSAAudioError or StuckError."""
        frames = block.shape[1]
        for start in range(0, frames, self.period):
            count = min(self.period, frames - start)
            self._quantiser.encode(block[:, start : start + count], self._bytes[:count])
            self._send(self._view[: count * self._frame_bytes])
        queued = self.buffer - self._pcm.avail()
        self.delay = queued if 0 <= queued <= self.buffer else 0

    def close(self) -> None:
        """Let a buffer of silence push out what is queued, then release the card."""
        with contextlib.suppress(self._error):
            if not self._dry:
                self._pcm.write(self._silence)
        self.discard()

    def discard(self) -> None:
        """Release the card at once; what is queued is not played."""
        # The binding's close waits for what is queued, unless it was dropped before.
        with contextlib.suppress(self._error):
            self._pcm.drop()
        with contextlib.suppress(self._error):
            self._pcm.close()

    def _send(self, data: memoryview) -> None:
        refusals = 0
        while data:
            if self._dry:
                self._dry = False
                self._take(self._silence)
            taken = self._take(data)
            data = data[taken * self._frame_bytes :]
            refusals = 0 if taken else refusals + 1
            if refusals == _MAX_REFUSALS:
                raise StuckError(f"PCM '{self._name}' takes no more samples: check the card.")

    def _take(self, data: memoryview) -> int:
        """Return the frames taken; after an xrun none, and the next call fills up first."""
        taken = self._pcm.write(data) if data else 0
        if taken == XRUN:
            self._dry = True
            self.xruns += 1
        return max(0, taken)


def _negotiate(
    driver: Driver, name: str, *, rate: int, period: int, periods: int
) -> tuple[Pcm, dict[str, Any]]:
    """Open with the first format that works; the card may grant another one that we know too."""
    refusal: Exception | None = None
    for format_name in SAMPLE_BYTES:
        try:
            pcm = driver.PCM(
                device=name,
                rate=rate,
                channels=CHANNELS,
                format=getattr(driver, f"PCM_FORMAT_{format_name}"),
                periodsize=period,
                periods=periods,
            )
        except driver.ALSAAudioError as error:
            if not str(error).startswith("Invalid argument"):
                raise opening_error(name, error) from error
            refusal = error
            continue
        info = pcm.info()
        if info["rate"] != rate:
            fault = rate_error(name, rate, pcm.getrates())
        elif info["channels"] != CHANNELS:
            fault = channels_error(name, info["channels"])
        elif info["format_name"] in SAMPLE_BYTES:
            return pcm, info
        else:
            fault = None
        pcm.close()
        if fault is not None:
            raise fault
    refusal = refusal or driver.ALSAAudioError(f"Invalid argument [{name}]")
    raise opening_error(name, refusal) from refusal
