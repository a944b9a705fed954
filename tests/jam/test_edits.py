"""Fillings and edits: what each does to the points, and what it leaves alone."""

import numpy as np
import pytest

from appliance.errors import LatentError
from appliance.jam.edits import EDITS, edited
from appliance.jam.filling import KINDS, random_latents

LATENTS = np.random.default_rng(0).uniform(-2, 2, (8, 30)).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_fillings_are_seeded_and_as_wide_as_told(kind: str) -> None:
    one = random_latents(kind, 4000, 1.5, seed=3)
    assert one.shape == (8, 4000) and one.dtype == np.float32
    assert np.array_equal(one, random_latents(kind, 4000, 1.5, seed=3))
    assert not np.array_equal(one, random_latents(kind, 4000, 1.5, seed=4))
    assert np.abs(np.corrcoef(one) - np.eye(8)).max() < (0.9 if kind == "walk" else 0.1)
    if kind == "uniform":
        assert 1.49 < np.abs(one).max() <= 1.5
    else:
        assert one.std(axis=1) == pytest.approx(np.full(8, 1.5), rel=0.05)
    if kind == "walk":
        steps = np.abs(np.diff(one, axis=1))
        assert np.abs(one[:, 0] - one[:, -1]).max() <= steps.max()
        assert steps.mean() < 0.2


def test_fillings_refuse() -> None:
    for kind, points, width, words in (
        ("unifrom", 10, 1, "Did you mean 'uniform'"),
        ("walk", 1, 1, "POINTS cannot be 1"),
        ("walk", 10**7, 1, "2 to 500000"),
        ("walk", 10, -1, "WIDTH"),
        ("walk", 10, float("nan"), "WIDTH"),
    ):
        with pytest.raises(LatentError, match=words):
            random_latents(kind, points, width, 0)


def test_edits_do_what_they_say_and_leave_the_old_alone() -> None:
    before = LATENTS.copy()
    one = edited(LATENTS, "set", (3, 4, 6, 0.5))
    assert (one[2, 4:7] == 0.5).all()
    one[2, 4:7] = LATENTS[2, 4:7]
    assert np.array_equal(one, LATENTS)
    assert np.array_equal(edited(LATENTS, "nudge", (0, 0, 29, 1)), LATENTS + 1)
    assert np.array_equal(edited(LATENTS, "nudge", (8, 29, 29, -1))[7, 29], LATENTS[7, 29] - 1)
    assert np.array_equal(edited(LATENTS, "scale", (2,)), 2 * LATENTS)
    assert np.array_equal(edited(LATENTS, "freeze", (0, 5, 9))[:, 9], LATENTS[:, 5])
    assert np.array_equal(edited(LATENTS, "freeze", ()), np.repeat(LATENTS[:, :1], 30, axis=1))
    assert np.array_equal(edited(LATENTS, "reverse", ()), LATENTS[:, ::-1])
    assert np.array_equal(edited(LATENTS, "reverse", (2, 3, 7))[1, 3:8], LATENTS[1, 3:8][::-1])
    assert np.array_equal(edited(LATENTS, "rotate", (4,))[:, 4:], LATENTS[:, :-4])
    assert np.array_equal(LATENTS, before)


def test_smoothing_takes_means_round_the_loop() -> None:
    one = edited(LATENTS, "smooth", (2,))
    around = np.concatenate((LATENTS[:, -2:], LATENTS, LATENTS[:, :2]), axis=1)
    expected = np.stack([around[:, k : k + 30] for k in range(5)]).mean(axis=0)
    assert np.allclose(one, expected, atol=1e-6)
    assert np.allclose(edited(LATENTS, "smooth", (30,)).std(axis=1), 0, atol=0.2)


def test_randomising_changes_a_share_and_is_seeded() -> None:
    one = edited(LATENTS, "randomise", (0.3, 7))
    assert 0.15 < (one != LATENTS).mean() < 0.45
    assert np.array_equal(one, edited(LATENTS, "randomise", (0.3, 7)))
    assert np.array_equal(edited(LATENTS, "randomise", (0, 7)), LATENTS)
    part = edited(LATENTS, "randomise", (1, 7, 2, 3, 5)) != LATENTS
    assert part[1, 3:6].all() and part.sum() == 3


def test_edits_refuse() -> None:
    for name, numbers, words in (
        ("revrse", (), "Did you mean 'reverse'"),
        ("set", (1, 2), "takes CHANNEL FIRST LAST VALUE, not 2"),
        ("set", (9, 0, 0, 0), "CHANNEL cannot be 9: it must be a whole number from 0 to 8"),
        ("set", (1, 0, 30, 0), "LAST cannot be 30"),
        ("set", (1, 0.5, 3, 0), "FIRST cannot be 0.5"),
        ("set", (1, 0, 3, float("nan")), "VALUE cannot be nan"),
        ("randomise", (1.1, 0), "SHARE cannot be 1.1"),
    ):
        with pytest.raises(LatentError, match=words):
            edited(LATENTS, name, numbers)
    assert len({edit.name for edit in EDITS}) == len(EDITS)
