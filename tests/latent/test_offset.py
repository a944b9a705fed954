"""The offset module: constants times expression."""

import numpy as np

from appliance.latent import LatentModule, Offset
from appliance.parameters import Table, Values


def test_each_channel_is_its_value_times_expression_at_once():
    values = Values(Table())
    offset: LatentModule = Offset(values, 44100)
    out = np.full((8, 5), np.nan)
    for channel in range(1, 9):
        values.set(f"/offset/{channel}/value", channel / 8 - 0.5)
    values.set("/offset/expression", 3)
    offset.evaluate(0, out)
    expected = (np.arange(1, 9) / 8 - 0.5) * 3
    assert np.array_equal(out, np.repeat(expected[:, None], 5, axis=1))
    values.set("/offset/expression", 0)
    offset.evaluate(5, out)
    assert not out.any()


def test_only_the_given_part_of_a_wider_array_is_written():
    values = Values(Table())
    values.set("/offset/3/value", 1)
    wide = np.full((3, 8, 10), np.nan)
    Offset(values, 48000).evaluate(7, wide[1, :, :4])
    assert wide[1, 2, :4].tolist() == [2.0] * 4
    assert np.isnan(wide[0]).all()
    assert np.isnan(wide[1, :, 4:]).all()
