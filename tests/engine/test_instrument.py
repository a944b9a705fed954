"""The whole path inline: the same sound for any block size, and every parameter heard."""

import tracemalloc

import msgspec
import numpy as np
import pytest

from appliance.config import AudioConfig, Config, DecoderConfig, EngineConfig
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument

CONFIG = Config(
    decoders=[
        DecoderConfig(model="slow", seed=1, pan=-0.6),
        DecoderConfig(model="slow", seed=2, pan=0.6),
        DecoderConfig(model="fast", seed=3, pan=-0.2),
        DecoderConfig(model="other", seed=4, pan=0.2),
    ]
)
SETTINGS: dict[str, object] = {
    "/offset/1/value": 0.5,
    "/oscillators/2/waveform": "sine",
    "/oscillators/2/frequency": 3.1,
    "/oscillators/5/waveform": "rect",
    "/oscillators/5/frequency": 33.0,
    "/noise/3/kind": "rand",
    "/noise/4/kind": "white",
    "/decoder/2/autopan": 0.5,
    "/mix/spread_ms": 5,
    "/master/compressor/saturation": 0.4,
    "/master/equalizer/on": "on",
    "/master/equalizer/low/gain_db": 4,
}


def sound(
    library: Library, samples: int = 30_000, block: int = 256, seed: int = 0, **settings: object
) -> np.ndarray:
    instrument = Instrument(CONFIG, library, seed=seed)
    instrument.values.update(SETTINGS | {k.replace("__", "/"): v for k, v in settings.items()})
    instrument.settle()
    out = np.zeros((2, samples), np.float32)
    for start in range(0, samples, block):
        instrument.render(out[:, start : start + block])
    return out


def test_any_period_gives_the_same_samples(library: Library) -> None:
    whole = sound(library, block=30_000)
    assert np.isfinite(whole).all() and np.abs(whole).max() > 0.01
    for block in (64, 256, 1000):
        assert np.array_equal(sound(library, block=block), whole)


def test_the_seed_decides(library: Library) -> None:
    assert np.array_equal(sound(library, 8_000), sound(library, 8_000))
    assert not np.array_equal(sound(library, 8_000), sound(library, 8_000, seed=1))


def test_twins_differ(library: Library) -> None:
    instrument = Instrument(CONFIG, library)
    instrument.settle()
    left = instrument.groups[0]
    assert left.slots == (0, 1)
    out = np.zeros((2, 8192), np.float32)
    instrument.render(out)
    rows = np.zeros((2, 1024), np.float32)
    left.stream.read(4096, rows)
    assert np.abs(rows[0] - rows[1]).max() > 1e-3


@pytest.mark.parametrize(
    "setting",
    [
        "/decoder/1/level_db=-60",
        "/decoder/2/pan=-1",
        "/decoder/3/on=0",
        "/decoder/4/reshape/1=0",
        "/decoder/1/send/oscillators=0",
        "/offset/expression=0",
        "/oscillators/expression=0",
        "/noise/expression=0",
        "/mix/spread_ms=15",
        "/master/level_db=-6",
        "/master/limiter/ceiling_db=-24",
        "/master/compressor/threshold_db=-50",
    ],
)
def test_a_parameter_is_heard(library: Library, setting: str) -> None:
    address, value = setting.split("=")
    plain = sound(library, 16_000)
    instrument = Instrument(CONFIG, library)
    instrument.values.update({**SETTINGS, address: value})
    instrument.settle()
    changed = np.zeros((2, 16_000), np.float32)
    instrument.render(changed)
    assert np.abs(changed - plain).max() > 1e-4


def test_a_frame_reads_the_last_value_before_it(library: Library) -> None:
    """A step of an offset is decoded from the first frame that starts after it."""
    config = Config(decoders=[DecoderConfig(model="slow", seed=1)])
    changed = []
    for when in (3 * 1024 - 128, 3 * 1024, 3 * 1024 + 128):
        quiet, stepped = (Instrument(config, library) for _ in range(2))
        out = np.zeros((2, when), np.float32)
        for instrument in (quiet, stepped):
            instrument.settle()
            instrument.render(out)
        stepped.values.set("/offset/1/value", 1)
        a, b = (np.zeros((2, 8192), np.float32) for _ in range(2))
        quiet.render(a)
        stepped.render(b)
        delay = quiet.master.latency
        changed.append(when + int(np.argmax(np.abs(a - b).max(axis=0) > 0)) - delay)
    # The window of the look-ahead limiter's gain may not move anything: levels are far below it.
    assert changed[0] // 1024 == 3 and changed[1] // 1024 == 3 and changed[2] // 1024 == 4


def test_a_silent_slot_is_not_decoded(library: Library) -> None:
    config = Config(decoders=[DecoderConfig(model="fast", on=False)])
    instrument = Instrument(config, library)
    instrument.settle()
    called: list[object] = []
    decode = instrument.groups[0].decoder.decode
    instrument.groups[0].decoder.decode = lambda *a: (called.append(a), decode(*a))  # type: ignore[method-assign]
    out = np.zeros((2, 8192), np.float32)
    instrument.render(out)
    assert not called and not out.any()
    instrument.values.set("/decoder/1/on", "on")
    instrument.render(out)
    assert called and out.any()


def test_groups_are_staggered_on_the_grid(library: Library) -> None:
    offsets = [g.offset for g in Instrument(CONFIG, library).groups]
    assert offsets == sorted(offsets) and all(o % 128 == 0 for o in offsets)
    assert len(set(offsets)) == 2  # the shortest frame, 256 samples, has two places on the grid
    flat = msgspec.structs.replace(CONFIG, engine=EngineConfig(stagger=False))
    assert {g.offset for g in Instrument(flat, library).groups} == {0}


def test_a_large_period_in_the_configuration(library: Library) -> None:
    config = msgspec.structs.replace(CONFIG, audio=AudioConfig(period=8192))
    instrument = Instrument(config, library)
    instrument.settle()
    out = np.zeros((2, 3 * 8192), np.float32)
    for part in range(3):
        instrument.render(out[:, part * 8192 : (part + 1) * 8192])
    small = Instrument(CONFIG, library)
    small.settle()
    expected = np.zeros_like(out)
    small.render(expected)
    assert np.array_equal(out, expected)


def test_memory_does_not_grow(library: Library) -> None:
    instrument = Instrument(CONFIG, library)
    instrument.values.update(SETTINGS)
    instrument.settle()
    out = np.zeros((2, 256), np.float32)
    for _ in range(400):
        instrument.render(out)
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    for _ in range(400):
        instrument.render(out)
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    changes = after.compare_to(before, "filename")
    assert sum(c.size_diff for c in changes if "tracemalloc" not in str(c.traceback)) < 20_000
