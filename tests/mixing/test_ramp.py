import numpy as np

from appliance.mixing.ramp import Ramp


def test_arrives_exactly_after_its_length_and_rests() -> None:
    ramp = Ramp([0.3, 1.0], length=10, max_block=64)
    assert ramp.block(5).shape == (2, 1)
    ramp.move([0.7, 1.0])
    block = ramp.block(64).copy()
    assert block.shape == (2, 64)
    np.testing.assert_allclose(np.diff(block[0, :10]), 0.04, rtol=1e-12)
    assert block[0, 8] != 0.7
    assert (block[0, 9:] == 0.7).all()
    assert (block[1] == 1).all()
    assert not ramp.active


def test_a_moving_value_turns_from_where_it_is_and_others_keep_their_course() -> None:
    ramp = Ramp([0.0, 0.0], length=10, max_block=64)
    ramp.move([1.0, 1.0])
    ramp.block(5)
    ramp.move([0.0, 1.0])
    block = ramp.block(10)
    np.testing.assert_allclose(block[0], 0.45 - 0.05 * np.arange(10), atol=1e-15)
    np.testing.assert_allclose(block[1, :5], 0.6 + 0.1 * np.arange(5), atol=1e-15)
    assert block[0, -1] == 0
    assert (block[1, 4:] == 1).all()
