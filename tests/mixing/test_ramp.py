import numpy as np

from appliance.mixing.ramp import Ramp


def test_arrives_exactly_after_its_length_and_rests() -> None:
    ramp = Ramp([0.3, 1.0], length=10, max_block=64)
    assert ramp.block(5).shape == (2, 1)
    ramp.move([0.7, 1.0])
    block = ramp.block(64).copy()
    assert block.shape == (2, 64)
    share = np.arange(1, 11) / 10
    np.testing.assert_allclose(block[0, :10], 0.3 + 0.4 * share**2 * (3 - 2 * share), rtol=1e-12)
    assert block[0, 8] != 0.7
    assert (block[0, 9:] == 0.7).all()
    assert (block[1] == 1).all()
    assert not ramp.active


def test_a_moving_value_turns_smoothly_and_others_keep_their_course() -> None:
    ramp, alone = (Ramp([0.0, 0.0], length=1000, max_block=4096) for _ in range(2))
    ramp.move([1.0, 1.0])
    alone.move([1.0, 1.0])
    before = ramp.block(500).copy()
    ramp.move([0.0, 1.0])
    after = ramp.block(1000)
    whole = np.concatenate((before[0], after[0]))
    assert np.abs(np.diff(whole, 2)).max() < 2e-5  # a straight ramp turns by 2e-3 here
    assert whole.max() < 1 and whole.min() >= 0 and after[0, -1] == 0
    np.testing.assert_array_equal(np.concatenate((before[1], after[1])), alone.block(1500)[1])


def test_a_target_that_moves_on_is_followed_without_a_stop_and_never_passed() -> None:
    """As in a timed morph, whose targets go on every few hundred samples."""
    ramp = Ramp([0.0], length=882, max_block=4096)
    parts: list[np.ndarray] = []
    for step in range(1, 101):
        ramp.move([step / 100])
        parts.append(ramp.block(256)[0].copy())
    parts.append(ramp.block(1000)[0].copy())
    way = np.concatenate(parts)
    assert (np.diff(way) >= -1e-15).all() and way.max() == 1 == way[-1]
    middle = np.diff(way)[5000:20000]
    assert middle.min() > 0.8 / 25600 and middle.max() < 1.2 / 25600


def test_pieces_of_any_size_give_the_same_bits() -> None:
    ways: list[np.ndarray] = []
    for size in (1, 7, 100):
        ramp = Ramp([0.2, -3.0], length=210, max_block=4096)
        parts: list[np.ndarray] = []
        for target in (0.9, 0.1, 0.4):
            ramp.move([target, -target])
            parts += [
                np.broadcast_to(ramp.block(min(size, 140 - start)), (2, min(size, 140 - start)))
                + 0.0
                for start in range(0, 140, size)
            ]
        ways.append(np.concatenate(parts, axis=1))
    assert np.array_equal(ways[0], ways[1]) and np.array_equal(ways[0], ways[2])
