"""What the latent modules cost, each and together, in the periods that play."""

import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from appliance.config import AudioConfig, Config
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.input.clip import Clip
from appliance.jam.filling import random_latents
from appliance.latent.clip import clip_of
from appliance.latent.grid import block_instants
from appliance.machine import describe
from appliance.parameters.table import JAMS, NOISES, WAVEFORMS
from appliance.terrain.chart import MOST, Chart, Place

_ROUNDS = 40
_BLOCKS = 60


@click.command()
@click.option("--period", default=256, show_default=True)
@click.option("--rate", default=44100, show_default=True)
def modules(period: int, rate: int) -> None:
    """Time every module at work on all eight channels: the factory instrument's four slots.

    Processor time of a block, the median over rounds of the mean of a round; a share is of one
    core.
    """
    instrument = busy(Config(audio=AudioConfig(rate=rate, period=period)))
    sums, clock, encoding = instrument.latents, instrument.clock, instrument.encoding
    assert encoding is not None
    z, out = instrument._z, np.zeros((8, 64))
    jobs: dict[str, Callable[[int, int], object]] = {
        "clock": clock.advance,
        **{
            module.name: lambda first, n, m=module: m.evaluate(first, out[:, :n])
            for module in sums.modules
        },
    }
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    x = instrument.values.array[instrument.values.table.index("/terrain/x") :]
    sample = 0
    for _ in range(_ROUNDS):
        round_of = dict.fromkeys(spent, 0.0)
        for _ in range(_BLOCKS):
            first, n = block_instants(sample, period)
            x[0] = sample / rate % 1.0  # a hand that never rests
            for name, job in jobs.items():
                begun = time.thread_time()
                job(first, n)
                round_of[name] += time.thread_time() - begun
            sample += period
        for name, seconds in spent.items():
            seconds.append(round_of[name] / _BLOCKS)
    clock.reset(0)
    sums.reset(0)
    sample, total = 0, []
    for _ in range(_ROUNDS):
        begun = time.thread_time()
        for _ in range(_BLOCKS):
            first, n = block_instants(sample, period)
            x[0] = sample / rate % 1.0
            clock.advance(first, n)
            sums.evaluate(first, z[:, :, :n])
            sample += period
        total.append((time.thread_time() - begun) / _BLOCKS)
    parts = sum(float(np.median(seconds)) for seconds in spent.values())
    spent["sum and matrices"] = [float(np.median(total)) - parts]
    spent["latents in all"] = total
    together = total
    spent["sources of the encoder"] = []
    for _ in range(_ROUNDS):
        begun = time.thread_time()
        for _ in range(_BLOCKS):
            encoding.write(instrument.sources.process(period))
        spent["sources of the encoder"].append((time.thread_time() - begun) / _BLOCKS)
        while encoding.pending:
            encoding.work(lambda: 0)
    spent["all modules together"] = [
        a + b for a, b in zip(together, spent["sources of the encoder"], strict=True)
    ]
    for name, seconds in spent.items():
        middle = float(np.median(seconds))
        click.echo(f"{name:24} {1e6 * middle:7.1f} us {100 * middle * rate / period:6.2f} %")
    click.echo(describe())


def busy(config: Config) -> Instrument:
    """Return an instrument whose modules all have to work."""
    instrument = Instrument(config, Library())
    values = instrument.values
    for channel in range(1, 9):
        values.set(f"/offset/{channel}/value", channel / 9)
        values.set(f"/oscillators/{channel}/waveform", WAVEFORMS[1 + channel % 4])
        values.set(f"/oscillators/{channel}/frequency", 3.3 * channel)
        values.set(f"/oscillators/{channel}/sync", channel % 3)
        values.set(f"/noise/{channel}/kind", NOISES[1 + channel % 2])
    for slot in range(JAMS):
        instrument.jam.put(slot, clip_of(random_latents("walk", 500, 1.0, slot)))
        values.set(f"/jam/{slot + 1}/play", 1)
        values.set(f"/jam/{slot + 1}/speed", 0.3 * slot - 1)
    random = np.random.default_rng(1)
    places = (
        Place(
            str(n),
            random.random(),
            random.random(),
            1.0,
            random.standard_normal(8),
            np.zeros((8, 1)),
        )
        for n in range(MOST)
    )
    instrument.terrain.ground = Chart(tuple(places)).ground
    sound = (np.random.default_rng(0).standard_normal(100_000) * 3000).astype(np.int16)
    instrument.sources.file.clip = Clip(Path("noise"), sound)
    values.set("/encoder/file/play", 1)
    instrument.encoded.publish(0, np.ones(8, np.float32))
    instrument.settle()
    instrument.encoded.publish(0, np.ones(8, np.float32))
    return instrument
