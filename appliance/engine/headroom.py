"""How much time decoding gets: measured on this board, with what is loaded, before playing."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.engine.instrument import Instrument

_FRAMES = 12
_CACHE_BYTES = 48 << 20
_SHARE = 1 / 3  # of a period that the audio thread may decode for


@dataclass(frozen=True, slots=True)
class Demand:
    """Seconds that frames take: one of each kind, the longest decoded one, and those of a block."""

    total: float
    longest: float
    block: float

    def periods(self, seconds: float, least: int, most: int) -> int:
        """Return the periods of headroom, of `seconds` each, for threads that decode.

        A frame may wait for one of every other kind, and may itself take twice its usual time.
        One period more stays free.
        """
        needed = int(np.ceil((self.total + self.longest) / seconds)) + 1
        return min(max(least, needed), most)

    def fits(self, seconds: float) -> bool:
        """Return whether the audio thread can decode by itself in periods of `seconds`.

        It then needs no headroom: what a block takes comes out of the card's buffer.
        """
        return self.block <= _SHARE * seconds


def measure(instrument: Instrument, period: int) -> Demand:
    """Time all decoders and the encoder of `instrument`, which starts anew; keep the times there.

    Between two frames other work takes the processor's caches, so each timed frame begins with
    cold ones: the weights then come from memory, as they do when playing.
    """
    total = longest = block = 0.0
    for group in instrument.groups:
        decoder = group.decoder
        z = np.zeros((decoder.rows, LATENT_CHANNELS), np.float32)
        audio = np.zeros((decoder.rows, decoder.ratio), np.float32)
        active = [True] * decoder.rows
        seconds = _cold(lambda d=decoder, z=z, on=active, out=audio: d.decode(z, on, out))
        for row in range(decoder.rows):
            decoder.reset(row)
        group.last_seconds = seconds
        longest = max(longest, seconds)
        total += seconds
        block += seconds * np.ceil(period / group.frame_samples)
    if (encoding := instrument.encoding) is not None:
        sound = np.zeros(encoding.encoder.ratio, np.float32)
        encoding.last_seconds = _cold(lambda: encoding.encoder.encode(sound))
        encoding.encoder.reset()
        total += encoding.last_seconds
        block += encoding.last_seconds * np.ceil(period / encoding.frame_samples)
    return Demand(total, longest, float(block))


def _cold(frame: Callable[[], object]) -> float:
    """Return the median time of `frame` in seconds when nothing of it is in a cache."""
    evict: NDArray[np.uint8] = np.zeros(_CACHE_BYTES, np.uint8)
    times: list[float] = []
    for _ in range(_FRAMES):
        evict += 1
        start = time.perf_counter()
        frame()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
