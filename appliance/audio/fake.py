"""A sound card made of software that keeps the rules of alsaaudio 0.11, with a plug to pull.

`FakeDriver` stands where the alsaaudio module does. Its card takes samples as fast as they come, or
at its rate when `paced`, and keeps the bytes it was given.
"""

import time
from typing import Any

from appliance.audio.driver import XRUN

_SAMPLE_BYTES = {"S32_LE": 4, "S24_3LE": 3, "S16_LE": 2, "FLOAT_LE": 4, "S8": 1}
_FORMATS = {"S8": 0, "S16_LE": 2, "S32_LE": 10, "FLOAT_LE": 14, "S24_3LE": 32}


class FakeALSAError(Exception):
    """What the fake driver raises; its text is "reason [PCM name]" as in alsaaudio."""


class FakeDriver:
    """A machine with one sound card, and the alsaaudio names through which it is seen."""

    ALSAAudioError = FakeALSAError
    PCM_CAPTURE: int = 1
    PCM_NONBLOCK: int = 1
    PCM_FORMAT_S32_LE = _FORMATS["S32_LE"]
    PCM_FORMAT_S24_3LE = _FORMATS["S24_3LE"]
    PCM_FORMAT_S16_LE = _FORMATS["S16_LE"]
    PCM_FORMAT_FLOAT_LE = _FORMATS["FLOAT_LE"]

    def __init__(
        self,
        *,
        name: str = "hw:CARD=Fake,DEV=0",
        formats: tuple[str, ...] = ("S32_LE", "S16_LE"),
        rates: tuple[int, ...] = (44100, 48000, 96000, 192000),
        channels: int = 2,
        period: int | None = None,
        paced: bool = False,
    ) -> None:
        """Build a plugged-in card; `period` in frames is granted whatever is asked."""
        self.name = name
        self.formats = formats
        self.rates = rates
        self.channels = channels
        self.period = period
        self.paced = paced
        self.plugged = True
        self.refusal = ""
        """A reason, such as "Device or resource busy", with which every opening fails."""
        self.open_delay = 0.0
        """Seconds that an opening takes, once the card is there."""
        self.short_counts: list[int] = []
        """Frames that the next writes take at most, one entry per write."""
        self.played = bytearray()
        """Every byte taken by the card, over all openings."""
        self.writes: list[int] = []
        """What each write returned."""
        self.opened: list[FakePCM] = []
        """Every PCM ever opened, in order."""
        self.recorded = b""
        """What a recording hears, in the format granted, round and round; silence if empty."""
        self._xrun_in: list[int] = []

    def PCM(  # noqa: N802
        self,
        *,
        device: str,
        rate: int,
        channels: int,
        format: int,  # noqa: A002
        periodsize: int,
        periods: int,
        type: int = 0,  # noqa: A002
        mode: int = 0,
    ) -> "FakePCM":
        """Open the card as alsaaudio does: what it cannot grant is replaced, without a word."""
        if self.refusal:
            raise FakeALSAError(f"{self.refusal} [{device}]")
        if device != self.name or not self.plugged:
            raise FakeALSAError(f"No such file or directory [{device}]")
        if any(not pcm.closed and pcm.type == type for pcm in self.opened):
            raise FakeALSAError(f"Device or resource busy [{device}]")
        time.sleep(self.open_delay)
        asked = next(name for name, number in _FORMATS.items() if number == format)
        shape: dict[str, Any] = {
            "format_name": asked if asked in self.formats else self.formats[0],
            "channels": channels if channels <= self.channels else self.channels,
            "rate": rate if rate in self.rates else min(self.rates, key=lambda r: abs(r - rate)),
            "period_size": self.period or periodsize,
            "buffer_size": (self.period or periodsize) * periods,
            "periods": periods,
        }
        pcm = FakePCM(self, shape, type, mode)
        self.opened.append(pcm)
        return pcm

    def pcms(self) -> list[str]:
        """Return the PCM names of an ordinary configuration."""
        return ["null", "default"]

    def cards(self) -> list[str]:
        """Return the card's short name while it is plugged in."""
        return ["Fake"] if self.plugged else []

    def underrun(self, *, after_writes: int = 0, times: int = 1) -> None:
        """Let the card run dry: `times` writes return XRUN, once `after_writes` have passed."""
        self._xrun_in += [after_writes] + [0] * (times - 1)

    def unplug(self) -> None:
        """Pull the plug: open PCMs fail from now on, and there is nothing to open."""
        self.plugged = False
        for pcm in self.opened:
            pcm.dead = True

    def plug(self) -> None:
        """Put the card back; PCMs opened before stay dead."""
        self.plugged = True

    def take_xrun(self) -> bool:
        """Return True when the write that is now under way meets an underrun."""
        if not self._xrun_in:
            return False
        if self._xrun_in[0] == 0:
            del self._xrun_in[0]
            return True
        self._xrun_in[0] -= 1
        return False


class FakePCM:
    """An opened stream of the fake card."""

    def __init__(
        self,
        driver: FakeDriver,
        shape: dict[str, Any],
        type: int = 0,  # noqa: A002
        mode: int = 0,
    ) -> None:
        """Note the granted `shape`, in the keys of alsaaudio's info()."""
        self.type = type
        self.mode = mode
        self.closed = False
        self._driver = driver
        self._shape = shape
        self.dead = False
        self._queued = 0.0
        self._read = 0
        self._time = time.monotonic()
        self._frame_bytes = _SAMPLE_BYTES[shape["format_name"]] * shape["channels"]

    def write(self, data: memoryview, /) -> int:
        """Take frames, or return XRUN and take none; the data must be whole frames."""
        self._check()
        if len(data) % self._frame_bytes:
            raise FakeALSAError("Data size must be a multiple of framesize")
        if self._driver.take_xrun():
            self._queued = 0
            self._driver.writes.append(XRUN)
            return XRUN
        frames = len(data) // self._frame_bytes
        if self._driver.short_counts:
            frames = min(frames, self._driver.short_counts.pop(0))
        if self._driver.paced:
            self._drain()
            wait = self._queued + frames - self._shape["buffer_size"]
            time.sleep(max(0.0, wait / self._shape["rate"]))
            self._check()
            self._queued += frames
        self._driver.played += data[: frames * self._frame_bytes]
        self._driver.writes.append(frames)
        return frames

    def read(self) -> tuple[int, bytes]:
        """Record one period, which takes its time if the card is paced; else wait for none."""
        self._check()
        if self._driver.take_xrun():
            return XRUN, b""
        frames = self._shape["period_size"]
        if self._driver.paced:
            due = self._time + frames / self._shape["rate"]
            if self.mode == self._driver.PCM_NONBLOCK and due > time.monotonic():
                return 0, b""
            self._time = due
            time.sleep(max(0.0, self._time - time.monotonic()))
            self._check()
        size = frames * self._frame_bytes
        source = self._driver.recorded or bytes(size)
        data = bytes(source[(self._read + i) % len(source)] for i in range(size))
        self._read += size
        return frames, data

    def avail(self) -> int:
        """Return the room, or what is recorded, in frames; a dead card an error, as ALSA does."""
        if self.dead:
            return -19
        if self.type == self._driver.PCM_CAPTURE:
            return int((time.monotonic() - self._time) * self._shape["rate"])
        self._drain()
        return int(self._shape["buffer_size"] - self._queued)

    def polldescriptors(self) -> list[tuple[int, int]]:
        """Return none: this card has no bell."""
        return []

    def polldescriptors_revents(self, descriptors: list[tuple[int, int]], /) -> int:
        """Return no event."""
        del descriptors
        return 0

    def info(self) -> dict[str, Any]:
        """Return what was granted."""
        return dict(self._shape)

    def getrates(self) -> list[int]:
        """Return the card's rates in Hz."""
        return list(self._driver.rates)

    def drop(self) -> int:
        """Stop; a dead card cannot."""
        self._check()
        self._queued = 0
        return 0

    def close(self) -> None:
        """Release the card; allowed at any time."""
        self.closed = True

    def _drain(self) -> None:
        now = time.monotonic()
        self._queued = max(0.0, self._queued - (now - self._time) * self._shape["rate"])
        self._time = now

    def _check(self) -> None:
        if self.closed:
            raise FakeALSAError("PCM device is closed")
        if self.dead:
            raise FakeALSAError(f"No such device [{self._driver.name}]")
