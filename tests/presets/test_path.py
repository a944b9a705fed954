"""The way between two settings: exact at its ends, in range between, each in its own travel."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.parameters import Curve, Table, Values
from appliance.presets.path import Path
from tests.presets.random_settings import random_settings

TABLE = Table(4)
SEEDS = st.integers(0, 2**32 - 1)
SWITCHED = np.array([p.curve == Curve.SWITCH for p in TABLE])


def at(path: Path, share: float, start: np.ndarray) -> np.ndarray:
    out = start.copy()
    path.walk(share, out)
    return out


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS)
def test_meets_both_ends_bit_by_bit(one: int, other: int) -> None:
    start, end = random_settings(TABLE, one), random_settings(TABLE, other)
    path = Path(TABLE)
    path.lay(start, end, 0.5)
    assert np.array_equal(at(path, 0, end), start)
    assert np.array_equal(at(path, 1, start), end)


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS, st.floats(0, 1))
def test_every_value_on_the_way_is_legal(one: int, other: int, share: float) -> None:
    path = Path(TABLE)
    start = random_settings(TABLE, one)
    path.lay(start, random_settings(TABLE, other), 0.5)
    for parameter, value in zip(TABLE, at(path, share, start), strict=True):
        assert parameter.parse(float(value)) == value


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS)
def test_goes_one_way_without_a_jump(one: int, other: int) -> None:
    """No step of a hundredth of the way moves a level by more than its hundredth of the range."""
    start, end = random_settings(TABLE, one), random_settings(TABLE, other)
    path = Path(TABLE)
    path.lay(start, end, 0.5)
    walk = np.array([at(path, share, start) for share in np.linspace(0.01, 0.99, 99)])
    steps = np.diff(walk, axis=0)[:, ~SWITCHED]
    assert ((steps >= -1e-9).all(axis=0) | (steps <= 1e-9).all(axis=0)).all()
    linear = np.array([p.curve == Curve.LINEAR for p in TABLE])
    spans = np.array([p.maximum - p.minimum for p in TABLE])
    moved = np.abs(np.diff(walk, axis=0))[:, linear].max(axis=0)
    assert (moved <= 0.0101 * spans[linear] + 1e-9).all()


def test_each_curve_has_its_own_travel() -> None:
    one, other = Values(TABLE), Values(TABLE)
    for values, level, hertz, q in ((one, -40, 1, 0.1), (other, 0, 64, 10)):
        values.set("/decoder/1/level_db", level)
        values.set("/noise/1/frequency", hertz)
        values.set("/master/equalizer/1/q", q)
    path = Path(TABLE)
    path.lay(one.array, other.array, 0.5)
    half = Values(TABLE)
    path.walk(0.5, half.array)
    assert half.get("/decoder/1/level_db") == -20
    assert np.isclose(half.get("/noise/1/frequency"), 2.5**3)  # the mean of the cube roots
    assert np.isclose(half.get("/master/equalizer/1/q"), 1)


def test_switches_change_at_the_stated_point() -> None:
    one, other = Values(TABLE), Values(TABLE)
    other.set("/oscillators/3/waveform", "tri")
    index = TABLE.index("/oscillators/3/waveform")
    for point in (0.0, 0.25, 1.0):
        path = Path(TABLE)
        path.lay(one.array, other.array, point)
        for share in (0.001, 0.249, 0.25, 0.6, 0.999):
            assert at(path, share, one.array)[index] == (4 if share >= point else 0)


def test_a_decoder_fades_all_the_way() -> None:
    one, other = Values(TABLE), Values(TABLE)
    one.update({"/decoder/1/on": "off", "/decoder/2/level_db": -6})
    other.update({"/decoder/1/level_db": 0, "/decoder/2/on": "off", "/decoder/2/level_db": 3})
    path = Path(TABLE)
    path.lay(one.array, other.array, 0.5)
    levels = [
        [at(path, s, one.array)[TABLE.index(f"/decoder/{n}/level_db")] for s in (0.01, 0.5, 0.99)]
        for n in (1, 2)
    ]
    assert np.allclose(levels, [[-59.4, -30, -0.6], [-6.54, -33, -59.46]])
    for share in (0.01, 0.99):
        assert at(path, share, one.array)[TABLE.index("/decoder/1/on")] == 1
        assert at(path, share, one.array)[TABLE.index("/decoder/2/on")] == 1
    assert at(path, 1, one.array)[TABLE.index("/decoder/2/level_db")] == 3


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(0, len(TABLE) - 1), st.floats(0, 1))
def test_what_a_hand_holds_is_left_alone(seed: int, index: int, share: float) -> None:
    path = Path(TABLE)
    start = random_settings(TABLE, seed)
    path.lay(start, random_settings(TABLE, seed + 1), 0.5)
    path.release(index)
    held = start.copy()
    held[index] = 0.123
    path.walk(share, held)
    assert held[index] == 0.123
