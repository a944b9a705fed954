import numpy as np
import pytest

from appliance.mixing.drift import Drift


def drift(curves: int = 4, *, smooth: bool = False, frequency: float = 10) -> Drift:
    return Drift(curves, frequency=frequency, rate=48_000, max_block=100_000, smooth=smooth)


@pytest.mark.parametrize("smooth", [False, True])
def test_any_stretch_equals_the_same_stretch_of_the_whole(smooth: bool) -> None:
    whole, part = np.zeros((4, 50_000)), np.zeros((4, 777))
    drift(smooth=smooth).fill(whole, at=1000)
    drift(smooth=smooth).fill(part, at=31_000)
    assert np.array_equal(part, whole[:, 30_000:30_777])


@pytest.mark.parametrize("smooth", [False, True])
def test_curves_are_smooth_different_and_fill_the_range(smooth: bool) -> None:
    curves = np.zeros((4, 100_000))
    drift(smooth=smooth, frequency=100).fill(curves, at=0)
    assert np.abs(curves).max() <= 1
    assert (curves.max(1) > 0.8).all()
    assert (curves.min(1) < -0.8).all()
    # From -1 to 1 in one hundredth of a second at most, half as fast again for smooth arcs.
    steepest = 2 * 100 / 48_000 * (1.5 if smooth else 1)
    assert np.abs(np.diff(curves)).max() <= steepest
    assert np.abs(np.corrcoef(curves) - np.eye(4)).max() < 0.4
    if smooth:
        # Slopes are continuous: |second derivative| of 3u^2 - 2u^3 is at most 6.
        assert np.abs(np.diff(curves, 2)).max() < 2 * 6 * (100 / 48_000) ** 2 * 1.01


def test_a_new_frequency_bends_but_does_not_jump() -> None:
    curves = drift(frequency=5)
    before, after = np.zeros((4, 1)), np.zeros((4, 1))
    curves.fill(before, at=12_345)
    curves.change(20, at=12_345)
    curves.fill(after, at=12_345)
    assert np.array_equal(before, after)


def test_works_after_years() -> None:
    late = np.zeros((4, 1000))
    drift(frequency=20).fill(late, at=10 * 365 * 86_400 * 48_000)
    assert np.isfinite(late).all()
    assert np.abs(np.diff(late)).max() <= 2 * 20 / 48_000
