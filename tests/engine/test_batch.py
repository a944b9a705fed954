"""At rest the mix runs ahead and latents wait for their frame: the sound stays the same."""

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from tests.engine.test_instrument import CONFIG, SETTINGS

PERIOD = 128
BLOCKS = 160

Changes = dict[int, dict[str, object]]


def played(library: Library, batch: int, changes: Changes) -> tuple[NDArray[np.float32], int]:
    """Return the sound of `BLOCKS` periods, and how many of them were mixed with another."""
    instrument = Instrument(CONFIG, library, headroom=2 * PERIOD)
    instrument.values.update(SETTINGS)
    instrument.settle()
    instrument.batch = batch
    out = np.zeros((2, BLOCKS * PERIOD), np.float32)
    mixes = 0
    process = instrument.master.process

    def counted(stereo: NDArray[np.float32]) -> None:
        nonlocal mixes
        mixes += 1
        process(stereo)

    instrument.master.process = counted
    for number in range(BLOCKS):
        if number in changes:
            instrument.catch_up()
            instrument.values.update(changes[number])
            for address in changes[number]:  # by hand
                instrument.morph.release(instrument.values.table.index(address))
        instrument.begin(PERIOD)
        instrument.finish(out[:, number * PERIOD : (number + 1) * PERIOD])
        instrument.decode_inline()
    return out, BLOCKS - mixes


@pytest.mark.parametrize(
    "change",
    [
        {},
        {31: {"/offset/1/value": -0.7}, 64: {"/oscillators/2/frequency": 20}},
        {n: {"/offset/2/value": n / 50} for n in range(20, 40)},
        {47: {"/noise/3/frequency": 9}, 48: {"/clock/tempo": 90}, 90: {"/noise/4/kind": "silence"}},
    ],
)
def test_what_changes_latents_is_heard_as_ever(library: Library, change: Changes) -> None:
    plain, none = played(library, 0, change)
    ahead, saved = played(library, 2 * PERIOD, change)
    assert none == 0 and saved > BLOCKS // 4
    np.testing.assert_array_equal(ahead, plain)


def test_what_changes_the_mix_is_heard_at_most_a_batch_later(library: Library) -> None:
    change: Changes = {60: {"/decoder/1/on": "off", "/decoder/3/level_db": -60}}
    plain, _ = played(library, 0, change)
    ahead, _ = played(library, 2 * PERIOD, change)
    known = 60 * PERIOD
    np.testing.assert_array_equal(ahead[:, :known], plain[:, :known])
    assert np.abs(ahead[:, known:] - plain[:, known:]).max() < 0.5 * np.abs(plain).max()
    frozen = np.flatnonzero((plain != ahead).any(axis=0))
    assert frozen[0] < known + 2 * PERIOD + 100
