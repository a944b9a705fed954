"""How long sound takes from input to output, measured through a cable from one to the other.

Bursts of noise go out in place of the instrument's sound, come in again and are encoded; what the
decoders make of them is listened to inside. The burst leaves the card at its sample of the stream
and reaches the input at that moment; the decoders' answer would leave at its own sample: what lies
between is the whole way, both cards' buffers included.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.audio.output import Output

BURST_SECONDS = 0.12
PAUSE_SECONDS = 1.4
BEFORE_SECONDS = 0.6
"""Of rest before a burst, that the answer must differ from."""

_WITHIN = 0.5  # seconds in which an answer is looked for
_WINDOW = 256
_HOP = 32
_BANDS = 8
_CLEAR = 1.4  # how much farther from rest than rest ever is
_STEADY = 3  # windows in a row


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of the bursts: one latency in seconds for each that was answered."""

    bursts: int
    seconds: tuple[float, ...]
    returned: float
    """The largest sample that came in again."""

    @property
    def median(self) -> float:
        """The middle one, NaN if nothing was heard."""
        return float(np.median(self.seconds)) if self.seconds else float("nan")


class Loop(Output):
    """An output that plays bursts through another one and keeps what it should have played."""

    def __init__(self, output: Output, *, bursts: int, seed: int = 0) -> None:
        """Send `bursts` bursts through `output`, each at another place between two frames."""
        super().__init__(
            name=output.name,
            rate=output.rate,
            period=output.period,
            periods=output.periods,
            real_time=output.real_time,
        )
        self._output = output
        random = np.random.default_rng(seed)
        pauses = (PAUSE_SECONDS + 0.1 * random.random(bursts)) * output.rate
        self.starts: list[int] = np.cumsum(pauses).astype(int).tolist()
        length = round(BURST_SECONDS * output.rate)
        total = self.starts[-1] + output.rate
        self._signal = np.zeros((2, total), np.float32)
        for start in self.starts:
            self._signal[:, start : start + length] = random.uniform(-0.5, 0.5, length)
        self._kept: NDArray[np.float32] = np.zeros(total, np.float32)
        self._silence = np.zeros((2, output.period), np.float32)
        self.sample = 0

    @property
    def done(self) -> bool:
        """True once the last burst has had its time."""
        return self.sample >= len(self._kept)

    def wait(self) -> bool:
        """Wait for room in the output behind."""
        return self._output.wait()

    def write(self, block: NDArray[np.float32]) -> None:
        """Keep `block` and play a part of the bursts instead."""
        count = min(block.shape[1], len(self._kept) - self.sample)
        if count == block.shape[1]:
            place = slice(self.sample, self.sample + count)
            np.add(block[0], block[1], out=self._kept[place])
            self._output.write(self._signal[:, place])
        else:
            count = block.shape[1]
            self._output.write(self._silence[:, :count])
        self.sample += count
        self.xruns = self._output.xruns
        self.lost = self._output.lost

    def close(self) -> None:
        """Close the output behind."""
        self._output.close()

    def answers(self, returned: float) -> Answers:
        """Find the decoders' answers in what was kept."""
        found = (answer(self._kept, start, self.rate) for start in self.starts)
        seconds = tuple(s for s in found if s is not None)
        return Answers(len(self.starts), seconds, returned)


def answer(sound: NDArray[np.float32], start: int, rate: int) -> float | None:
    """Return the seconds from `start` to where `sound` clearly leaves its rest, None if never.

    Sound is compared by its spectrum in windows of 256 samples; the result is exact to half of one.
    """
    first = start - round(BEFORE_SECONDS * rate)
    part = sound[max(0, first) : start + round(_WITHIN * rate)]
    windows = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW))) ** 2
    edges = np.unique(np.geomspace(1, power.shape[1], _BANDS + 1).astype(int))
    bands = np.add.reduceat(power, edges[:-1], axis=1)
    level = np.sqrt(bands)
    begins = np.arange(len(level)) * _HOP + max(0, first)
    rest = begins + _WINDOW < start
    distance = np.abs(level / (level[rest].mean(0) + 1e-6) - 1).mean(1)
    clear = distance > _CLEAR * distance[rest].max() + 0.01
    steady = np.convolve(clear, np.ones(_STEADY), "valid") == _STEADY
    places = np.flatnonzero(steady & ~rest[: len(steady)])
    if not len(places):
        return None
    return float(begins[places[0]] + _WINDOW / 2 - start) / rate
