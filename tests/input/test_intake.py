"""Two clocks that drift apart, and threads that come late."""

import numpy as np
import pytest

from appliance.input.intake import Intake

RATE = 48000
PERIOD = 256


def through(drift: float, seconds: float, jitter: float = 0.0, frequency: float = 440.0):
    """Return what a card whose clock is `drift` faster gives of a sine, and the intake."""
    now = 0.0
    intake = Intake(RATE, period=PERIOD, block=PERIOD, now=lambda: now)
    random = np.random.default_rng(1)
    out = np.zeros(int(RATE * seconds) // PERIOD * PERIOD, np.float32)
    recorded = 0
    for start in range(0, len(out), PERIOD):
        late = jitter * random.random()
        while (written := (recorded + PERIOD) / (RATE * (1 + drift)) + late) <= start / RATE:
            now = written
            n = np.arange(recorded, recorded + PERIOD)
            intake.write(np.sin(2 * np.pi * frequency * n / RATE).astype(np.float32))
            recorded += PERIOD
        now = start / RATE
        intake.read(out[start : start + PERIOD])
    return out, intake


@pytest.mark.parametrize("drift", [0.0, 300e-6, -300e-6])
def test_a_drifting_clock_is_followed_without_a_gap(drift: float) -> None:
    out, intake = through(drift, 30, jitter=0.001)
    assert intake.gaps == 0 and intake.leaps == 0
    assert intake.pace - 1 == pytest.approx(drift, abs=60e-6)
    sound = out[10 * RATE :]
    # A sine is what its neighbours say it is: any leap or doubled sample would show.
    residual = sound[2:] - 2 * np.cos(2 * np.pi * 440 / RATE) * sound[1:-1] + sound[:-2]
    assert np.abs(residual).max() < 2e-3
    assert np.abs(sound).max() == pytest.approx(1, abs=0.01)


def test_the_reserve_stays_where_it_should() -> None:
    _, intake = through(300e-6, 30)
    assert abs(intake._average) < PERIOD / 4
    assert intake.reserve == 1.75 * PERIOD


def test_a_gap_fades_and_makes_the_reserve_longer() -> None:
    number = 0
    intake = Intake(RATE, period=PERIOD, block=PERIOD, now=lambda: number * PERIOD / RATE)
    block, given = np.zeros(PERIOD, np.float32), list[np.ndarray]()
    for number in range(120):
        if not 40 <= number < 50:
            intake.write(np.ones(PERIOD, np.float32))
        intake.read(block)
        given.append(block.copy())
    sound = np.concatenate(given)
    assert intake.gaps == 1 and intake.reserve == 2.25 * PERIOD
    assert np.abs(np.diff(sound)).max() < 0.02
    assert sound[-1] == 1 and not sound[45 * PERIOD]


def test_a_reader_that_was_away_leaps_to_the_present() -> None:
    intake = Intake(RATE, period=PERIOD, block=PERIOD)
    block = np.zeros(PERIOD, np.float32)
    for number in range(400):
        intake.write(np.full(PERIOD, number, np.float32))
        if number < 20 or number > 300:
            intake.read(block)
    assert intake.leaps >= 1
    assert block[-1] > 390
