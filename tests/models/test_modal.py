"""Modal synthesis: the sum it states, in tune, seeded, without clicks."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.training.metrics import in_key
from models.training.modal import BODIES, Foundry, Modes, strike, tuned

RATE = 44_100


@settings(deadline=None, max_examples=20)
@given(
    hertz=st.floats(30.0, 15_000.0),
    decay=st.floats(0.05, 8.0),
    rise=st.floats(1e-4, 0.5),
    phase=st.floats(0.0, 6.28),
)
def test_the_matrix_product_is_the_sum_of_decaying_sines(
    hertz: float, decay: float, rise: float, phase: float
) -> None:
    numbers = [np.array(pair) for pair in ((hertz, 440.0), (0.7, 0.2), (decay, 1.0), (rise, 0.01))]
    modes = Modes(*numbers, phase=np.array((phase, 1.0)))
    made = modes.sound(1.0, RATE)
    time = np.arange(len(made)) / RATE
    wanted = sum(
        amplitude
        * np.cos(2 * np.pi * f * time + p)
        * np.exp(-6.9 * time / d)
        * (1.0 - np.exp(-time / r))
        for f, amplitude, d, r, p in zip(*numbers, (phase, 1.0), strict=True)
    )
    assert np.allclose(made, wanted, atol=1e-4)
    assert abs(made[0]) < 1e-6


def test_modes_that_are_heard_as_pitches_are_near_the_scale() -> None:
    dice = np.random.default_rng(2)
    hertz = dice.uniform(60.0, 15_000.0, 400)
    found = tuned(hertz, Foundry(), dice)
    pitched = hertz < 6_000.0
    away = (69.0 + 12.0 * np.log2(found[pitched] / 440.0) - 2.0) % 12
    gap = np.abs(away[:, None] - np.array([0, 3, 5, 7, 10, 12])).min(1)
    assert gap.max() < 0.3
    assert np.allclose(found[~pitched], hertz[~pitched])


def test_strikes_are_the_seeds_own_and_mostly_in_key() -> None:
    first, again, other = (strike(Foundry(), 20.0, seed, RATE) for seed in (5, 5, 6))
    assert first.shape == (20 * RATE,)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.isfinite(first).all()
    key = Foundry()
    assert in_key(torch.from_numpy(first), key.root, key.scale) > 0.8


def test_every_body_is_struck() -> None:
    assert abs(sum(body.weight for body in BODIES.values()) - 1.0) < 1e-9
    assert all(body.weight > 0.05 for body in BODIES.values())
