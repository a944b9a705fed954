"""Every processor gives the same samples, bit by bit, however the signal is cut."""

import tracemalloc
from collections.abc import Mapping

import numpy as np
import pytest

from appliance.mixing import Compressor, Equalizer, Limiter, Master, Mixer
from appliance.parameters import Values

from .signals import MAX_BLOCK, RATE, SIZES, Audio, Changes, Process, noise, run, settings

SAMPLES = 6000

EQUALIZER = {
    "/master/equalizer/on": 1,
    "/master/equalizer/low/gain_db": 6,
    "/master/equalizer/2/gain_db": -9,
    "/master/equalizer/3/gain_db": 4,
    "/master/equalizer/high/gain_db": 3,
}
LIVELY = {
    "/decoder/2/autopan": 0.8,
    "/decoder/3/autopan": 0.3,
    "/mix/autopan_rate": 20,
    "/mix/spread_ms": 7,
    "/mix/spread_rate": 2,
}
COMPRESSOR = {
    "/master/compressor/threshold_db": -30,
    "/master/compressor/ratio": 6,
    "/master/compressor/makeup_db": 5,
    "/master/compressor/saturation": 0.6,
}
LIMITER = {"/master/limiter/ceiling_db": -9, "/master/limiter/release_ms": 30}

Case = tuple[str, Mapping[str, object], Changes]
CASES: list[Case] = [
    ("mixer", {}, {}),
    ("mixer", LIVELY, {}),
    (
        "mixer",
        {},
        {
            777: {"/decoder/1/on": 0, "/decoder/2/pan": 1, "/decoder/3/level_db": -60},
            1000: {"/decoder/2/pan": -0.3, "/mix/spread_ms": 20, "/decoder/4/autopan": 1},
            3500: {"/decoder/1/on": 1, "/mix/autopan_rate": 0.5, "/decoder/4/autopan": 0},
        },
    ),
    ("compressor", {}, {}),
    ("compressor", COMPRESSOR, {}),
    (
        "compressor",
        COMPRESSOR,
        {
            900: {"/master/compressor/on": 0},
            3001: {"/master/compressor/knee_db": 0},
            4000: {"/master/compressor/on": 1, "/master/compressor/attack_ms": 1},
            4500: {"/master/compressor/saturation": 0, "/master/compressor/release_ms": 20},
        },
    ),
    ("equalizer", EQUALIZER, {}),
    (
        "equalizer",
        {},
        {
            500: EQUALIZER,
            600: {"/master/equalizer/1/gain_db": 12},
            700: {"/master/equalizer/1/gain_db": 6, "/master/equalizer/2/gain_db": 0},
            4000: {"/master/equalizer/on": 0},
        },
    ),
    ("limiter", {}, {}),
    ("limiter", LIMITER, {}),
    (
        "limiter",
        LIMITER,
        {
            1000: {"/master/limiter/ceiling_db": -20},
            1300: {"/master/limiter/on": 0},
            3000: {"/master/limiter/on": 1, "/master/limiter/release_ms": 5},
        },
    ),
    ("master", {}, {}),
    ("master", EQUALIZER | COMPRESSOR | LIMITER, {2000: {"/master/level_db": -20}}),
]


def processor(name: str, values: Values, max_block: int = MAX_BLOCK) -> Process:
    if name == "mixer":
        mixer = Mixer(values, 4, RATE, max_block)

        def mix(rows: Audio) -> None:
            out = np.full((2, rows.shape[1]), np.nan, np.float32)
            mixer.process(rows, out)
            rows[:2] = out

        return mix
    kinds = {"compressor": Compressor, "equalizer": Equalizer, "limiter": Limiter, "master": Master}
    return kinds[name](values, RATE, max_block).process


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{c[0]}" for n, c in enumerate(CASES)])
def test_blocks_leave_no_trace(case: Case, size: int) -> None:
    name, initial, changes = case
    signal = noise(4 if name == "mixer" else 2, SAMPLES, 0.6)
    signal[:, 2500:3000] = 0
    values = settings(initial)
    whole = run(processor(name, values), signal, SAMPLES, values=values, changes=changes)
    values = settings(initial)
    chunked = run(
        processor(name, values, size or 2048), signal, size, values=values, changes=changes
    )
    assert np.isfinite(whole).all()
    assert np.array_equal(whole, chunked)
    assert not np.array_equal(whole[:2], signal[:2])


@pytest.mark.parametrize("name", ["mixer", "master"])
def test_reset_starts_over(name: str) -> None:
    values = settings(EQUALIZER | COMPRESSOR | LIVELY)
    signal = noise(4, 3000) if name == "mixer" else noise(2, 3000)
    if name == "mixer":
        thing = Mixer(values, 4, RATE, 3000)
        first, again = (np.zeros((2, 3000), np.float32) for _ in range(2))
        thing.process(signal, first)
        thing.reset()
        thing.process(signal, again)
    else:
        master = Master(values, RATE, 3000)
        first = run(master.process, signal, 3000)
        master.reset()
        again = run(master.process, signal, 3000)
    assert np.array_equal(first, again)


def test_memory_does_not_grow() -> None:
    values = settings(EQUALIZER | COMPRESSOR | LIVELY)
    mixer, master = Mixer(values, 4, RATE, 256), Master(values, RATE, 256)
    voices, out = noise(4, 256), np.zeros((2, 256), np.float32)

    def play(blocks: int) -> None:
        for block in range(blocks):
            if block % 10 == 0:
                values.set("/master/equalizer/1/gain_db", 3 + block % 7)
                values.set("/decoder/1/pan", (block % 20) / 20)
            mixer.process(voices, out)
            master.process(out)
            if block % 50 == 0:
                master.meters.read()

    play(100)
    tracemalloc.start()
    try:
        play(700)  # the interpreter's own stocks of small objects are full then
        before = tracemalloc.get_traced_memory()[0]
        play(600)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 2000
    assert peak - before < 200_000
