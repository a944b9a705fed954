"""What a recall changes is heard together, one headroom later; what a hand changes, at once."""

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.queue import ParameterQueue
from appliance.engine.sounding import Sounding
from appliance.parameters import Table, Values
from appliance.presets.order import Kind, Order
from tests.engine.test_instrument import CONFIG, SETTINGS
from tests.engine.test_morph import tamed

BLOCK, COUNT = 256, 60
# These run by the output's clock or pass the decoders by: they know no headroom.
BESIDE = ("autopan", "spread", "feedback", "live", "/mix/input", "/encoder/file")


def sound(
    library: Library, headroom: int, orders: dict[int, tuple[int, int]], *, size: int = BLOCK
) -> NDArray[np.float32]:
    """Return COUNT blocks with `orders`, (seed of a sound, samples), given before some of them."""
    instrument = Instrument(CONFIG, library, headroom=headroom)
    instrument.values.update(SETTINGS)
    plain = instrument.values.array.copy()
    beside = [
        n for n, p in enumerate(instrument.values.table) if any(b in p.address for b in BESIDE)
    ]
    plain[beside] = [instrument.values.table.parameters[n].default for n in beside]
    instrument.values.array[:] = plain
    instrument.settle()
    out = np.zeros((2, COUNT * BLOCK), np.float32)
    for number in range(COUNT):
        if number in orders:
            seed, samples = orders[number]
            end = tamed(instrument, seed)
            end[beside] = plain[beside]
            instrument.morph.take(Order(Kind.GO, number, end=end, samples=samples))
        for start in range(number * BLOCK, (number + 1) * BLOCK, size):
            instrument.render(out[:, start : min(start + size, (number + 1) * BLOCK)])
    return out


@pytest.mark.parametrize(
    "orders", [{9: (1, 0), 25: (2, 0)}, {5: (3, 5000), 20: (4, 2000)}, {5: (5, 0), 6: (6, 700)}]
)
def test_more_headroom_only_delays_whatever_is_recalled(
    library: Library, orders: dict[int, tuple[int, int]]
) -> None:
    near = sound(library, 512, orders)
    assert np.abs(near).max() > 0.01
    for more, size in ((256, BLOCK), (1536, BLOCK), (1536, 100)):
        far = sound(library, 512 + more, orders, size=size)
        # Not bit by bit: the equalizer's bias against denormal numbers was there for longer.
        np.testing.assert_allclose(far[:, more:], near[:, :-more], atol=1e-6)


def level_heard(library: Library, *, by_hand: bool, headroom: int = 2048) -> NDArray[np.float32]:
    """Return how the sound's level changes from a block on, by hand or by a recall, as a factor."""
    outs: list[NDArray[np.float32]] = []
    for change in (False, True):
        instrument = Instrument(CONFIG, library, headroom=headroom)
        instrument.values.update(SETTINGS)
        instrument.settle()
        queue, out = ParameterQueue(), np.zeros((2, 60 * BLOCK), np.float32)
        index = instrument.values.table.index("/master/level_db")
        for number in range(60):
            if number == 30 and change:
                end = instrument.values.array.copy()
                end[index] = -6
                if by_hand:
                    queue.put(index, -6)
                else:
                    queue.order(Order(Kind.GO, 1, end=end))
            queue.drain(instrument.values.array, instrument.morph)
            instrument.render(out[:, number * BLOCK : (number + 1) * BLOCK])
        outs.append(out)
    return np.abs(outs[1] - outs[0]).max(axis=0)[30 * BLOCK :]


def test_a_recall_leaves_one_headroom_later_and_a_hand_at_once(library: Library) -> None:
    latency = 100  # of the limiter, and of a ramp's first samples
    by_recall, by_hand = (level_heard(library, by_hand=hand) for hand in (False, True))
    assert 0 < np.argmax(by_hand > 0) < latency
    assert 2048 - latency < np.argmax(by_recall > 0) <= 2048


def test_a_hand_is_not_taken_back_by_the_recall_before_it() -> None:
    values = Values(Table(4))
    sounding = Sounding(values)
    index, other = (values.table.index(f"/decoder/{slot}/level_db") for slot in (1, 2))
    values.array[[index, other]] = -40, -30
    values.observe()
    sounding.note(1000)
    values.array[index] = -3
    sounding.hand(index)
    heard = sounding.values.array
    assert (heard[index], heard[other]) == (-3, -6)
    values.observe()
    sounding.note(1256)
    sounding.hear(999)
    assert sounding.stretch(900, 300) == 100 and heard[other] == -6
    sounding.hear(1000)
    assert (heard[index], heard[other]) == (-3, -30)
    assert sounding.stretch(1000, 300) == 300


def test_what_finds_no_room_is_heard_early_and_in_turn() -> None:
    values = Values(Table(1))
    sounding = Sounding(values)
    index = values.table.index("/master/level_db")
    for sample in range(1000):
        values.array[index] = -sample / 100
        values.observe()
        sounding.note(sample)
    assert sounding.values.array[index] == -7.43
    sounding.hear(998)
    assert sounding.values.array[index] == -9.98
    sounding.settle()
    assert sounding.values.array[index] == -9.99


def test_a_decoder_switched_on_by_a_recall_sounds_with_the_rest(library: Library) -> None:
    """It decodes before the mix lets it through, so that it is there when that does."""
    instrument = Instrument(CONFIG, library, headroom=4096)
    instrument.values.update(SETTINGS | {f"/decoder/{slot}/on": 0 for slot in range(1, 5)})
    instrument.settle()
    out = np.zeros((2, 90 * BLOCK), np.float32)
    instrument.render(out[:, : 30 * BLOCK])
    assert np.abs(out).max() < 1e-12
    end = instrument.values.array.copy()
    end[instrument.values.table.index("/decoder/1/on")] = 1
    instrument.morph.take(Order(Kind.GO, 1, end=end))
    instrument.render(out[:, 30 * BLOCK :])
    first = int(np.argmax(np.abs(out).max(axis=0) > 1e-4)) - 30 * BLOCK
    group = instrument.groups[0]
    assert 4000 < first < 4096 + group.frame_samples + group.delay + 500
