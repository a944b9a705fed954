"""A 24-bit stereo WAV file standing in for a card; its header is right after every block."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.audio.output import CHANNELS, Output
from appliance.audio.pace import Pace
from appliance.audio.quantiser import Quantiser
from appliance.errors import AudioError

_FRAME_BYTES = 3 * CHANNELS
# RIFF counts its bytes in 32 bits.
_MAX_FRAMES = (2**32 - 1024) // _FRAME_BYTES


class WavOutput(Output):
    """Record what a card would have played, in real time when `paced`.

    The standard library's writer corrects the header with every block, so a file whose process
    was killed is whole up to its last block. A full file (4 GiB, 4.5 hours) goes on in NAME-2.wav.
    """

    def __init__(
        self,
        path: Path,
        *,
        rate: int = 44100,
        period: int = 256,
        periods: int = 3,
        paced: bool = False,
        max_frames: int = _MAX_FRAMES,
    ) -> None:
        """Create `path` (an older file is replaced); raises AudioError when it cannot be."""
        super().__init__(name=str(path), rate=rate, period=period, periods=periods, real_time=paced)
        self._pace = Pace(rate=rate, slack=period * periods)
        self._quantiser = Quantiser(format_name="S24_3LE", max_block=period)
        self._bytes = np.zeros((period, _FRAME_BYTES), np.uint8)
        self._max_frames = max_frames
        self._base = path
        self._files = 0
        self._frames = 0
        self._writer: wave.Wave_write | None = None
        self._next_file()

    def write(self, block: NDArray[np.float32]) -> None:
        """Append `block`, float32 (2, n), clipped at full scale; raises AudioError if it cannot."""
        for start in range(0, block.shape[1], self.period):
            self._append(block[:, start : start + self.period])
        if self.real_time and self._pace.wait(block.shape[1]):
            self.xruns += 1

    def close(self) -> None:
        """Finish the file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
                self._stream.close()
            except OSError as error:
                raise AudioError(f"{self.name} could not be finished: {error.strerror}.") from error

    def _append(self, block: NDArray[np.float32]) -> None:
        frames = block.shape[1]
        if self._frames + frames > self._max_frames:
            self.close()
            self._next_file()
        if self._writer is None:
            raise AudioError(f"{self.name} is closed: open a new output to go on.")
        self._quantiser.encode(block, self._bytes[:frames])
        try:
            self._writer.writeframes(self._bytes[:frames].data)
        except OSError as error:
            seconds = self._frames / self.rate
            raise AudioError(
                f"{self.name} ends after {seconds:.1f} s: {error.strerror};"
                " free some space or name a file on another disk."
            ) from error
        self._frames += frames

    def _next_file(self) -> None:
        self._files += 1
        path = self._base
        if self._files > 1:
            path = path.with_name(f"{path.stem}-{self._files}{path.suffix}")
        self.name = str(path)
        try:
            self._stream = path.open("wb")
        except OSError as error:
            raise AudioError(
                f"{path} cannot be written: {error.strerror}; name a .wav file in a folder that"
                " exists and that you may write to."
            ) from error
        self._writer = wave.open(self._stream, "wb")  # noqa: SIM115
        self._writer.setnchannels(CHANNELS)
        self._writer.setsampwidth(3)
        self._writer.setframerate(self.rate)
        self._frames = 0
