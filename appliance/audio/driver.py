"""The part of the alsaaudio module that is used here, so that a fake can stand in its place."""

from collections.abc import Callable
from typing import Any, Protocol

XRUN = -32
"""What `Pcm.write` returns (-EPIPE) when the card ran dry; nothing of the data was taken."""


class Pcm(Protocol):
    """An open stream; every method may raise the driver's ALSAAudioError."""

    def write(self, data: memoryview, /) -> int:
        """Block until there is room; return the frames taken (maybe fewer), or XRUN."""
        ...

    def read(self) -> tuple[int, bytes]:
        """Return at most a period of what is recorded, as frames and bytes, or XRUN and none.

        Blocks until there is one, unless opened with mode PCM_NONBLOCK; the first call starts.
        """
        ...

    def avail(self) -> int:
        """Return the frames that `write` would take at once, or a negative error number."""
        ...

    def polldescriptors(self) -> list[tuple[int, int]]:
        """Return the file descriptors, and their events, that tell of room for a period."""
        ...

    def polldescriptors_revents(self, descriptors: list[tuple[int, int]], /) -> int:
        """Return what the events that were polled mean, and take note of them."""
        ...

    def info(self) -> dict[str, Any]:
        """Return what the card granted: format_name, channels, rate, period_size, buffer_size."""
        ...

    def getrates(self) -> int | tuple[int, int] | list[int]:
        """Return the rates offered in Hz: one, (lowest, highest), or a list."""
        ...

    def drop(self) -> int:
        """Stop at once; what is queued is not played."""
        ...

    def close(self) -> None:
        """Play what is queued, then release the card."""
        ...


class Driver(Protocol):
    """The alsaaudio module, or `appliance.audio.fake.FakeDriver`."""

    PCM_CAPTURE: int
    PCM_NONBLOCK: int
    PCM_FORMAT_S32_LE: int
    PCM_FORMAT_S24_3LE: int
    PCM_FORMAT_S16_LE: int
    PCM_FORMAT_FLOAT_LE: int

    @property
    def PCM(self) -> Callable[..., Pcm]:  # noqa: N802
        """Open a PCM: device=, rate=, channels=, format=, periodsize=, periods=, type=, mode=."""
        ...

    @property
    def ALSAAudioError(self) -> type[Exception]:  # noqa: N802
        """The class of every error the driver raises; its text is "reason [PCM name]"."""
        ...

    def pcms(self) -> list[str]:
        """Return the names of the PCMs that ALSA's configuration knows."""
        ...

    def cards(self) -> list[str]:
        """Return the short names of the sound cards."""
        ...
