"""The jam module against a slow reading of its own rules, one instant and one slot at a time."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.latent.clip import Clip, clip_of
from appliance.latent.clock import Clock
from appliance.latent.grid import CONTROL_PERIOD
from appliance.latent.jam import Jam
from appliance.latent.recording import Manner, Recording
from appliance.parameters import Table, Values
from appliance.parameters.table import SYNCS

RATE = 44100
GRID = RATE / CONTROL_PERIOD
Latents = NDArray[np.float64]


def noise(points: int, seed: int = 0) -> Clip:
    return clip_of(np.random.default_rng(seed).uniform(-1, 1, (8, points)))


def run(
    jam: Jam, instants: int, chunk: int = 64, start: int = 0, clock: Clock | None = None
) -> Latents:
    out = np.zeros((8, instants))
    for first in range(0, instants, chunk):
        part = out[:, first : first + chunk]
        if clock is not None:
            clock.advance(start + first, part.shape[1])
        jam.evaluate(start + first, part)
    return out


def settings(values: Values, slot: int, **settings: float | str) -> None:
    for name, value in settings.items():
        values.set(f"/jam/{slot}/{name}", value)


def cubic(points: Latents, place: float, *, loop: bool, first: int, count: int) -> Latents:
    """Catmull and Rom's curve at `place`, counted from `first`."""
    whole = math.floor(place)
    t = place - whole
    p = [
        points[first + ((whole + k) % count if loop else min(max(whole + k, 0), count - 1))]
        for k in (-1, 0, 1, 2)
    ]
    slope = [(p[2] - p[0]) / 2, (p[3] - p[1]) / 2]
    return (
        (2 * t**3 - 3 * t**2 + 1) * p[1]
        + (t**3 - 2 * t**2 + t) * slope[0]
        + (3 * t**2 - 2 * t**3) * p[2]
        + (t**3 - t**2) * slope[1]
    )


@pytest.mark.parametrize("speed", [1.0, -0.37, 3.9])
@pytest.mark.parametrize("loop", [True, False])
def test_follows_the_curve_through_the_points(speed: float, loop: bool) -> None:
    values = Values(Table())
    jam = Jam(values, RATE)
    clip = noise(50)
    jam.put(2, clip)
    settings(values, 3, play="on", loop=loop, start=0.2, end=0.8, speed=speed, stretch=2, rate=40)
    out = run(jam, 700)
    first, count, step = 10, 30, 40 * speed / 2 / GRID
    begin = 0.0 if speed >= 0 else count - 2.0**-32
    points = clip.points.astype(np.float64)
    for instant in range(700):
        place = begin + instant * step
        if not loop and not 0 <= place < count:
            assert not out[:, instant].any()
            continue
        place = place % count if loop else place
        expected = cubic(points, place, loop=loop, first=first, count=count)
        assert np.allclose(out[:, instant], expected, atol=1e-4)


def test_chunks_of_any_size_give_the_same_bits() -> None:
    values = Values(Table())
    random = np.random.default_rng(3)
    for slot in range(1, 9):
        settings(
            values,
            slot,
            play="on",
            loop=slot % 3 > 0,
            rate=5.0 * slot * slot,
            speed=random.uniform(-4, 4),
            interpolation="stepped" if slot % 4 == 0 else "4-point",
            sync=SYNCS[slot if slot % 2 else 0],
        )
        for source in range(1, 9):
            for channel in range(1, 9):
                values.set(f"/jam/{slot}/route/{source}/{channel}", random.uniform(-2, 2))
    results: list[Latents] = []
    for chunk in (1, 2, 7, 64):
        clock = Clock(values, RATE)
        jam = Jam(values, RATE, clock=clock)
        for slot in range(8):
            jam.put(slot, noise(20 + 11 * slot, slot))
        results.append(run(jam, 1500, chunk, clock=clock))
    assert np.abs(results[0]).max() > 1
    assert all(np.array_equal(results[0], other) for other in results[1:])


def test_stepped_slots_give_the_points_themselves() -> None:
    values = Values(Table())
    jam = Jam(values, RATE)
    clip = noise(9)
    jam.put(0, clip)
    settings(values, 1, play="on", interpolation="stepped", rate=GRID / 4)
    out = run(jam, 72)
    assert np.array_equal(out, np.repeat(np.tile(clip.points.T, 2), 4, axis=1))


def test_gains_lead_a_channel_of_the_clip_to_any_latent() -> None:
    values = Values(Table())
    jam = Jam(values, RATE)
    clip = noise(9)
    jam.put(0, clip)
    settings(values, 1, play="on", interpolation="stepped", rate=GRID, width=3)
    values.set("/jam/expression", 0.5)
    for channel in range(1, 9):
        values.set(f"/jam/1/route/{channel}/{channel}", 0)
    values.set("/jam/1/route/2/7", -1.5)
    values.set("/jam/1/route/5/7", 1)
    out = run(jam, 9)
    expected = 1.5 * (clip.points[:, 4] - 1.5 * clip.points[:, 1])
    assert np.allclose(out[6], expected) and not np.delete(out, 6, 0).any()


def test_mute_runs_on_unheard_and_play_begins_anew() -> None:
    values = Values(Table())
    jam = Jam(values, RATE)
    clip = noise(100)
    jam.put(0, clip)
    settings(values, 1, play="on", interpolation="stepped", rate=GRID)
    run(jam, 10)
    settings(values, 1, mute="on")
    assert not run(jam, 10).any()
    settings(values, 1, mute="off")
    assert np.array_equal(run(jam, 3), clip.points[20:23].T)
    settings(values, 1, play="off")
    assert not run(jam, 3).any() and jam.cursor(0) is None
    settings(values, 1, play="on")
    assert np.array_equal(run(jam, 3), clip.points[:3].T)


def test_stretch_and_speed_change_without_a_jump_and_jumps_leave_them() -> None:
    values = Values(Table())
    jam = Jam(values, RATE)
    ramp = clip_of(np.tile(np.arange(400.0), (8, 1)) / 400)
    jam.put(0, ramp)
    settings(values, 1, play="on", rate=GRID)
    before = run(jam, 100)[0]
    settings(values, 1, stretch=4)
    slower = run(jam, 40)[0]
    assert slower[0] - before[-1] == pytest.approx(0.25 / 400)
    assert np.allclose(np.diff(slower), 0.25 / 400)
    jam.jump(0, 0.5)
    after = run(jam, 40)[0]
    assert after[0] == pytest.approx(0.5, abs=0.002)
    assert np.allclose(np.diff(after), 0.25 / 400, atol=1e-6)
    settings(values, 1, speed=-2)
    assert np.allclose(np.diff(run(jam, 40)[0]), -0.5 / 400, atol=1e-6)


def test_a_synchronised_loop_lasts_its_beats_and_begins_where_the_clock_is() -> None:
    values = Values(Table())
    values.set("/clock/tempo", 60 * GRID / 200)  # a beat lasts 200 instants
    clock = Clock(values, RATE)
    jam = Jam(values, RATE, clock=clock)
    clip = noise(64)
    jam.put(0, clip)
    run(jam, 500, clock=clock)  # 2.5 beats
    settings(values, 1, play="on", interpolation="stepped", sync="4 beats", rate=777)
    out = run(jam, 1600, start=500, clock=clock)
    for instant in range(3, 1600, 25):
        beat = (500 + instant) / 200
        assert np.array_equal(out[:, instant], clip.points[int(beat % 4 / 4 * 64)])
    settings(values, 1, speed=-2)
    values.set("/clock/tempo", 60 * GRID / 100)
    out = run(jam, 800, start=2100, clock=clock)
    for instant in range(200, 800, 20):  # twice as fast, backwards: a loop in 200 instants
        assert np.array_equal(out[:, instant], out[:, instant - 200])
    assert len(np.unique(out[0])) == 64


def test_a_new_clip_of_the_same_length_keeps_the_cursor_and_another_begins() -> None:
    values = Values(Table())
    jam = Jam(values, RATE)
    jam.put(0, noise(30, 1))
    settings(values, 1, play="on", interpolation="stepped", rate=GRID)
    run(jam, 10)
    edited, other = noise(30, 2), noise(31, 3)
    jam.put(0, edited)
    assert np.array_equal(run(jam, 5), edited.points[10:15].T)
    jam.put(0, other)
    assert np.array_equal(run(jam, 5), other.points[:5].T)
    jam.put(0, None)
    assert not run(jam, 5).any()


def test_ten_minutes_loop_and_stretch_without_a_click_at_the_seam() -> None:
    """A take whose end meets its start: the seam's third difference is like any other place's."""
    points = round(600 * GRID)
    turns = np.arange(1, 9)[:, None] * 100
    clip = clip_of(np.sin(2 * np.pi * turns * np.arange(points) / points))
    for stretch in (1.0, 3.7):
        values = Values(Table())
        jam = Jam(values, RATE)
        jam.put(0, clip)
        settings(values, 1, play="on", rate=GRID, stretch=stretch)
        run(jam, 1)
        jam.jump(0, 1 - 2000 / points)
        out = run(jam, 8000)
        seam = round(2000 * stretch)
        bend = np.abs(np.diff(out, 3, axis=1)).max(axis=0)
        assert bend[seam - 8 : seam + 8].max() <= 1.05 * bend[:1500].max()
        assert np.abs(np.diff(out, axis=1)).max() < 0.03


def test_records_what_is_played_new_replacing_and_over_it() -> None:
    values = Values(Table())
    jam = Jam(values, RATE)
    outputs = np.random.default_rng(1).uniform(-1, 1, (3, 8, 30))
    live = outputs[0] + outputs[1]
    fresh = Recording(0, np.zeros((25, 8), np.float32), Manner.NEW, (0, 1))
    jam.recording = fresh
    for first in range(0, 30, 3):
        run(jam, 3)
        jam.record(outputs[:, :, first : first + 3])
    assert fresh.full and fresh.written == 25
    assert np.array_equal(fresh.points, live[:, :25].T.astype(np.float32))
    for manner in (Manner.REPLACE, Manner.OVERDUB):
        points = np.ones((20, 8), np.float32)
        jam.put(0, Clip(points))
        settings(values, 1, play="off")
        run(jam, 1)
        settings(values, 1, play="on", rate=GRID, interpolation="stepped")
        jam.recording = Recording(0, points, manner, (0, 1))
        for first in range(0, 20, 5):
            run(jam, 5)
            jam.record(outputs[:, :, first : first + 5])
        added = live[:, :20].T + (manner == Manner.OVERDUB)
        assert np.allclose(points, added, atol=1e-6)


def test_a_fast_cursor_leaves_no_gap_in_what_it_records() -> None:
    points = np.zeros((40, 8), np.float32)
    recording = Recording(0, points, Manner.REPLACE, (0,))
    recording.take(np.ones((1, 8, 12)), np.arange(12) * 3)
    assert points[:34].all() and not points[34:].any()
