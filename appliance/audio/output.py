"""Real-time: the one thing the engine knows of a sound card: write a block, wait for the clock."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from appliance.errors import AudioError

CHANNELS = 2
CARDS = Path("/proc/asound/cards")


class Output(ABC):
    """A stereo output whose `write` blocks until the device has room: the engine's clock.

    `rate` is in Hz, `period` in frames; the device holds about `periods` periods. All of them are
    what the device granted, which may differ from what was asked (the rate never does).
    """

    channels = CHANNELS

    def __init__(self, *, name: str, rate: int, period: int, periods: int, real_time: bool) -> None:
        """Note what was granted; `real_time` says whether `write` waits for a clock at all."""
        self.name = name
        self.rate = rate
        self.period = period
        self.periods = periods
        self.real_time = real_time
        self.xruns = 0
        """Times the device ran dry because blocks came too late."""
        self.lost = False
        """True while the device is gone; blocks are then dropped at the pace of the clock."""
        self.returns = 0
        """Times a lost device came back and was taken up again."""
        self.delay = 0
        """Frames queued in the device after the last write, 0 where this is not known."""

    def wait(self) -> bool:
        """Wait until `write` has room for a period; return False where the device cannot tell.

        What is computed after this is heard as early as it can be.
        """
        return False

    @abstractmethod
    def write(self, block: NDArray[np.float32]) -> None:
        """Hand over `block`, float32 (2, n) with full scale 1, and wait until it is taken.

        A lost card is no error: `lost` turns true and time goes on. A file that cannot be written
        raises AudioError.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop and release the device; harmless when called again."""

    def __enter__(self) -> Self:
        """Return the output itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the output."""
        self.close()


def open_output(
    name: str,
    *,
    rate: int = 44100,
    period: int = 256,
    periods: int = 3,
    paced: bool = True,
    wait_for_card: bool = False,
) -> Output:
    """Open the output called `name`: "auto", "null", a path ending in .wav, or an ALSA PCM.

    `paced` makes "null" and .wav files run in real time. With `wait_for_card` a missing or busy PCM
    is no error: the output starts `lost` and takes the card when it appears. Raises AudioError.
    """
    if name == "auto":
        name = best_output_name() or ("default" if wait_for_card else "")
    if not name:
        raise AudioError(
            "There is no sound card (audio.output is 'auto'): plug one in, or write to a file"
            " with 'neural-synth play --output FILE.wav'."
        )
    if name == "null":
        from appliance.audio.null import NullOutput  # noqa: PLC0415

        return NullOutput(rate=rate, period=period, periods=periods, paced=paced)
    if name.lower().endswith(".wav"):
        from appliance.audio.wav import WavOutput  # noqa: PLC0415

        return WavOutput(
            Path(name).expanduser(), rate=rate, period=period, periods=periods, paced=paced
        )
    from appliance.audio.alsa import AlsaOutput  # noqa: PLC0415

    return AlsaOutput(name, rate=rate, period=period, periods=periods, wait_for_card=wait_for_card)


def best_output_name() -> str | None:
    """Return "default" when this machine has a sound card, else None."""
    try:
        return "default" if "]:" in CARDS.read_text(encoding="utf-8", errors="replace") else None
    except OSError:
        pass
    from appliance.audio.alsa import load_driver  # noqa: PLC0415

    try:
        return "default" if load_driver().cards() else None
    except AudioError:
        return None
