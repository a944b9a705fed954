"""Two clocks that drift apart, and threads that come late."""

import numpy as np
import pytest

from appliance.input.intake import Intake

RATE = 48000
PERIOD = 256


def through(drift: float, seconds: float, jitter: float = 0.0, phase: float = 0.0):
    """Return what a card whose clock is `drift` faster gives of a sine, and the intake.

    Its first period comes `phase` of one later, and each up to `jitter` seconds late.
    """
    now = 0.0
    random = np.random.default_rng(1)
    recorded = 0
    late = [phase * PERIOD / RATE + jitter * random.random()]

    def fetch(samples: int, seconds: float) -> None:
        nonlocal now, recorded
        end = now + seconds
        wanted = intake.written + samples
        while (due := (recorded + PERIOD) / (RATE * (1 + drift)) + late[0]) <= end:
            if seconds and intake.written >= wanted:
                return
            was, now = now, due
            n = np.arange(recorded, recorded + PERIOD)
            intake.write(np.sin(2 * np.pi * 440 * n / RATE).astype(np.float32))
            recorded += PERIOD
            now = max(was, due)
            late[0] = phase * PERIOD / RATE + jitter * random.random()
        if seconds and intake.written < wanted:
            now = end

    intake = Intake(RATE, period=PERIOD, block=PERIOD, fetch=fetch, now=lambda: now)
    out = np.zeros(int(RATE * seconds) // PERIOD * PERIOD, np.float32)
    for start in range(0, len(out), PERIOD):
        now = max(now, start / RATE)
        intake.read(out[start : start + PERIOD])
    return out, intake


@pytest.mark.parametrize("phase", [0.0, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("drift", [0.0, 300e-6, -300e-6])
def test_a_drifting_clock_is_followed_without_a_gap(drift: float, phase: float) -> None:
    out, intake = through(drift, 40, jitter=0.0005, phase=phase)
    assert intake.gaps == 0 and intake.leaps == 0
    assert intake.pace - 1 == pytest.approx(drift, abs=60e-6)
    sound = out[10 * RATE :]
    # A sine is what its neighbours say it is: any leap or doubled sample would show.
    residual = sound[2:] - 2 * np.cos(2 * np.pi * 440 / RATE) * sound[1:-1] + sound[:-2]
    assert np.abs(residual).max() < 2e-3
    assert np.abs(sound).max() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("phase", [0.02, 0.1])
def test_on_one_card_sound_is_not_held_back(phase: float) -> None:
    """A period that comes with the block, or a little later, is heard in that block."""
    _, intake = through(0.0, 30, phase=phase)
    assert intake.gaps == 0
    waiting = intake.written - intake._position + PERIOD  # before the last block was read
    assert 1.05 * PERIOD < waiting < 1.13 * PERIOD


def test_the_reserve_stays_where_it_should() -> None:
    _, intake = through(300e-6, 60)
    assert abs(intake._average) < PERIOD / 4
    assert intake.reserve <= 1.75 * PERIOD


def test_threads_that_come_late_cost_a_few_gaps_and_then_none() -> None:
    _, early = through(0.0, 10, jitter=0.004)
    _, whole = through(0.0, 40, jitter=0.004)
    assert early.gaps == whole.gaps <= 3


@pytest.mark.parametrize(("lost", "longer"), [(False, PERIOD // 2), (True, 0)])
def test_a_gap_fades(lost: bool, longer: int) -> None:
    """Late sound makes the reserve longer; a hole in it does not."""
    number = 0
    intake = Intake(RATE, period=PERIOD, block=PERIOD, now=lambda: number * PERIOD / RATE)
    block, given = np.zeros(PERIOD, np.float32), list[np.ndarray]()
    for number in range(120):
        if lost and not 40 <= number < 50:
            intake.write(np.ones(PERIOD, np.float32))
        elif not lost and number != 40:
            intake.write(np.ones(PERIOD if number != 41 else 2 * PERIOD, np.float32))
        intake.read(block)
        given.append(block.copy())
    sound = np.concatenate(given)
    assert intake.gaps == 1
    assert intake.reserve == pytest.approx(0.625 * PERIOD + longer, abs=2)
    assert np.abs(np.diff(sound)).max() < 0.04
    assert sound[-1] == 1 and not sound[41 * PERIOD]


def test_sound_in_large_pieces_makes_the_reserve_as_long_as_one() -> None:
    number = 0
    intake = Intake(RATE, period=PERIOD, block=PERIOD, now=lambda: number * PERIOD / RATE)
    block = np.zeros(PERIOD, np.float32)
    gaps: list[int] = []
    for number in range(2000):
        if number % 4 == 0:
            intake.write(np.ones(4 * PERIOD, np.float32))
        intake.read(block)
        gaps.append(intake.gaps)
    assert 0 < gaps[-1] == gaps[400] <= 8


def test_a_reader_that_was_away_leaps_to_the_present() -> None:
    intake = Intake(RATE, period=PERIOD, block=PERIOD)
    block = np.zeros(PERIOD, np.float32)
    for number in range(400):
        intake.write(np.full(PERIOD, number, np.float32))
        if number < 20 or number > 300:
            intake.read(block)
    assert intake.leaps >= 1
    assert block[-1] > 390
