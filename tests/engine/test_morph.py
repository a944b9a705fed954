"""Recalls in the engine: the same samples for any block size, on time, and nothing held up."""

import tracemalloc
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.queue import ParameterQueue
from appliance.presets.morph import TICKS, Morph, tick_of
from appliance.presets.order import Kind, Order
from tests.engine.test_instrument import CONFIG, SETTINGS
from tests.presets.random_settings import random_settings

BLOCK = 512  # orders are given at multiples of it
COUNT = 24


def tamed(instrument: Instrument, seed: int) -> NDArray[np.float64]:
    """Return random settings that are neither silent nor far too loud."""
    values = instrument.values
    settings = random_settings(values.table, seed)
    for index, parameter in enumerate(values.table):
        if "level_db" in parameter.address or parameter.address.endswith("makeup_db"):
            settings[index] = np.clip(settings[index], -20, 0)
    return settings


def perform(
    library: Library, size: int, orders: Mapping[int, Callable[[Instrument], Order]]
) -> NDArray[np.float32]:
    """Return COUNT blocks of sound in pieces of `size`, with `orders` given before some blocks."""
    instrument = Instrument(CONFIG, library)
    instrument.values.update(SETTINGS)
    instrument.settle()
    queue = ParameterQueue()
    out = np.zeros((2, COUNT * BLOCK), np.float32)
    for number in range(COUNT):
        if number in orders:
            queue.order(orders[number](instrument))
        queue.drain(instrument.values.array, instrument.morph)
        for start in range(number * BLOCK, (number + 1) * BLOCK, size):
            instrument.render(out[:, start : min(start + size, (number + 1) * BLOCK)])
    return out


SCENES: dict[str, dict[int, Callable[[Instrument], Order]]] = {
    "hard": {
        7: lambda i: Order(Kind.GO, 1, end=tamed(i, 1)),
        15: lambda i: Order(Kind.GO, 2, end=tamed(i, 2)),
    },
    "timed, turned by a second one on the way": {
        3: lambda i: Order(Kind.GO, 1, end=tamed(i, 3), samples=9000),
        11: lambda i: Order(Kind.GO, 2, end=tamed(i, 4), samples=3333),
    },
    "paused and reversed": {
        2: lambda i: Order(Kind.GO, 1, end=tamed(i, 5), samples=8000),
        7: lambda i: Order(Kind.PAUSE, 2),
        11: lambda i: Order(Kind.RESUME, 3),
        14: lambda i: Order(Kind.REVERSE, 4),
    },
    "by hand": {
        4: lambda i: Order(Kind.BETWEEN, 1, start=tamed(i, 6), end=tamed(i, 7), share=0.3),
        10: lambda i: Order(Kind.SHARE, 2, share=0.9),
        12: lambda i: Order(Kind.SHARE, 3, share=0.1),
    },
}


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
def test_any_block_size_gives_the_same_samples(
    library: Library, scene: dict[int, Callable[[Instrument], Order]]
) -> None:
    whole = perform(library, BLOCK, scene)
    still = perform(library, BLOCK, {})
    first = min(scene) * BLOCK
    assert np.array_equal(whole[:, :first], still[:, :first])
    assert not np.array_equal(whole, still)
    for size in (100, 256):
        assert np.array_equal(perform(library, size, scene), whole), size


def play(
    instrument: Instrument, blocks: int, bars: Callable[[int], int] | None = None
) -> list[NDArray[np.float64]]:
    """Return the values after each of `blocks` blocks of 256."""
    instrument.morph.bar_line = bars
    seen: list[NDArray[np.float64]] = []
    out = np.zeros((2, 256), np.float32)
    for _ in range(blocks):
        instrument.render(out)
        seen.append(instrument.values.array.copy())
    return seen


@pytest.fixture
def instrument(library: Library) -> Instrument:
    instrument = Instrument(CONFIG, library)
    instrument.settle()
    return instrument


@pytest.mark.parametrize("samples", [1, 256, 1000, 12_345])
def test_a_timed_morph_arrives_on_time_and_exactly(instrument: Instrument, samples: int) -> None:
    target = tamed(instrument, 1)
    start = instrument.values.array.copy()
    instrument.morph.take(Order(Kind.GO, 1, end=target, samples=samples))
    seen = play(instrument, samples // 256 + 2 + TICKS[-1] // 256)
    arrived = next(n for n, values in enumerate(seen) if np.array_equal(values, target))
    assert samples <= arrived * 256 + 256 < samples + tick_of(samples) + 256
    assert not instrument.morph.moving and instrument.morph.share == 1
    if samples > 2000:
        assert not np.array_equal(seen[samples // 512], start)
        assert not np.array_equal(seen[samples // 512], target)


def test_reversed_it_returns_to_where_it_began(instrument: Instrument) -> None:
    start = instrument.values.array.copy()
    instrument.morph.take(Order(Kind.GO, 1, end=tamed(instrument, 1), samples=20_000))
    play(instrument, 30)
    share = instrument.morph.share
    instrument.morph.take(Order(Kind.REVERSE, 2))
    seen = play(instrument, 40)
    assert 0.3 < share < 0.5
    assert np.array_equal(seen[-1], start) and not instrument.morph.moving
    assert not np.array_equal(seen[10], start)


def test_paused_it_stands_still_and_goes_on(instrument: Instrument) -> None:
    target = tamed(instrument, 1)
    instrument.morph.take(Order(Kind.GO, 1, end=target, samples=5000))
    play(instrument, 8)
    instrument.morph.take(Order(Kind.PAUSE, 2))
    seen = play(instrument, 50)
    assert np.array_equal(seen[0], seen[-1]) and instrument.morph.paused
    instrument.morph.take(Order(Kind.RESUME, 3))
    assert np.array_equal(play(instrument, 20)[-1], target)


def test_a_hand_on_a_knob_wins(instrument: Instrument) -> None:
    queue, target = ParameterQueue(), tamed(instrument, 1)
    index = instrument.values.table.index("/offset/3/value")
    instrument.morph.take(Order(Kind.GO, 1, end=target, samples=5000))
    play(instrument, 5)
    queue.put(index, 0.4321)
    queue.drain(instrument.values.array, instrument.morph)
    seen = play(instrument, 30)
    assert all(values[index] == 0.4321 for values in seen)
    assert np.array_equal(np.delete(seen[-1], index), np.delete(target, index))


def test_waits_for_the_bar_to_the_sample(library: Library) -> None:
    """The sound is that of a recall given exactly at the bar line, which lies inside a block."""
    line = 2777

    def bars(sample: int) -> int:
        return -(-sample // line) * line

    sounds: list[NDArray[np.float32]] = []
    for queued in (True, False):
        instrument = Instrument(CONFIG, library)
        instrument.values.update(SETTINGS)
        instrument.settle()
        target = tamed(instrument, 1)
        out = np.zeros((2, 8192), np.float32)
        instrument.render(out[:, :256])
        if queued:
            instrument.morph.bar_line = bars
            instrument.morph.take(Order(Kind.GO, 1, end=target, on_bar=True))
            assert instrument.morph.waiting == 1
            for start in range(256, 8192, 256):
                instrument.render(out[:, start : start + 256])
            assert instrument.morph.began == 1 and not instrument.morph.waiting
        else:
            instrument.render(out[:, 256:line])
            instrument.morph.take(Order(Kind.GO, 1, end=target))
            instrument.render(out[:, line:])
        sounds.append(out)
    assert np.array_equal(sounds[0], sounds[1])


def test_a_bar_may_be_told_from_outside(instrument: Instrument) -> None:
    target = tamed(instrument, 1)
    instrument.morph.take(Order(Kind.GO, 1, end=target, on_bar=True))
    assert not np.array_equal(play(instrument, 5)[-1], target)
    instrument.morph.take(Order(Kind.BAR))
    assert np.array_equal(instrument.values.array, target)


def test_changes_and_orders_keep_their_turn(instrument: Instrument) -> None:
    queue, target = ParameterQueue(), tamed(instrument, 1)
    index = instrument.values.table.index("/offset/3/value")
    values = instrument.values.array
    queue.put(index, 0.1)
    queue.order(Order(Kind.GO, 1, end=target))
    assert np.array_equal(queue.ahead(values), target)
    queue.drain(values, instrument.morph)
    assert np.array_equal(values, target)
    queue.order(Order(Kind.GO, 2, end=target))
    queue.put(index, 0.1)
    assert queue.ahead(values)[index] == 0.1
    queue.drain(values, instrument.morph)
    assert values[index] == 0.1


def test_a_recall_is_heard_within_a_headroom_of_the_next_frame(library: Library) -> None:
    """From the first frame that starts after the recall on; levels change at once."""
    for headroom in (0, 512, 1500):
        plain, changed = (Instrument(CONFIG, library, headroom=headroom) for _ in range(2))
        outs = [np.zeros((2, 20_000), np.float32) for _ in range(2)]
        for each, out in zip((plain, changed), outs, strict=True):
            each.values.update(SETTINGS)
            each.settle()
            each.render(out[:, :9999])
        changed.values.set("/offset/1/value", -1)
        target = changed.values.array.copy()
        changed.values.set("/offset/1/value", 0)
        changed.morph.take(Order(Kind.GO, 1, end=target))
        frame = min(g.next_start + g.delay for g in changed.groups)
        for each, out in zip((plain, changed), outs, strict=True):
            each.render(out[:, 9999:])
        first = int(np.argmax(np.abs(outs[0] - outs[1]).max(axis=0) > 0))
        assert 9999 < first <= frame + headroom + changed.master.latency + 64


def test_nothing_grows_while_morphing(instrument: Instrument) -> None:
    morph: Morph = instrument.morph
    ends = [tamed(instrument, seed) for seed in (1, 2)]

    def walk(count: int) -> None:
        for number in range(count):
            morph.take(Order(Kind.GO, number, end=ends[number % 2], samples=700))
            for sample in range(0, 1024, 256):
                morph.step(number * 1024 + sample)

    tracemalloc.start()
    walk(50)
    before = tracemalloc.take_snapshot()
    walk(200)
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    changes = after.compare_to(before, "filename")
    assert sum(c.size_diff for c in changes if "tracemalloc" not in str(c.traceback)) < 10_000
