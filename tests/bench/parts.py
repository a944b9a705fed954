"""How the time of a block divides between latents, decoding, mixing and master."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np

from appliance.config import Config
from appliance.decoders.library import Library
from appliance.engine.headroom import measure
from appliance.engine.instrument import Instrument

Given = ParamSpec("Given")
Result = TypeVar("Result")

_BLOCKS = 512
_CACHE_BYTES = 48 << 20


class Stopwatch:
    """Adds up the time that calls take."""

    def __init__(self) -> None:
        """Start at 0."""
        self.seconds = 0.0

    def on(self, call: Callable[Given, Result]) -> Callable[Given, Result]:
        """Return `call`, timed from now on."""

        def timed(*arguments: Given.args, **named: Given.kwargs) -> Result:
            start = time.perf_counter()
            try:
                return call(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - start

        return timed


def parts(config: Config, *, cold: bool) -> dict[str, float]:
    """Return the share of a core of each part, stepping the engine's objects block by block.

    With `cold` the processor's caches are emptied before each block, as they nearly are when
    playing: the thread then sleeps for most of a period.
    """
    instrument = Instrument(config, Library(Path(folder) for folder in config.models))
    period = config.audio.period
    demand = measure(instrument, period)
    seconds = period / config.audio.rate
    instrument.headroom = demand.periods(seconds, config.engine.headroom, 64) * period
    instrument.batch = 2 * period
    instrument.settle()
    latents, decoding, mix, master = (Stopwatch() for _ in range(4))
    instrument.master.process = master.on(instrument.master.process)
    begin = latents.on(instrument.begin)
    decode, finish = decoding.on(instrument.decode_inline), mix.on(instrument.finish)
    out = np.zeros((2, period), np.float32)
    evict = np.zeros(_CACHE_BYTES if cold else 1, np.uint8)
    watches = (latents, decoding, mix, master)
    for number in range(2 * _BLOCKS):
        if number == _BLOCKS:  # the first half warms up
            for watch in watches:
                watch.seconds = 0.0
        evict += 1
        begin(period)
        finish(out)
        decode()
    share = {
        "latents": latents.seconds,
        "decoding": decoding.seconds,
        "reading, mixing": mix.seconds - master.seconds,
        "master": master.seconds,
    }
    return {name: spent / (_BLOCKS * seconds) for name, spent in share.items()}
