import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appliance.mixing import Master
from appliance.parameters import Table

from .signals import RATE, noise, roughness, run, settings, sine

TRANSPARENT = {"/master/compressor/on": 0, "/master/limiter/ceiling_db": 0}
MASTER_ROWS = [p for p in Table(4) if p.address.startswith("/master/")]


def test_neutral_settings_only_delay() -> None:
    master = Master(settings(TRANSPARENT), RATE, 256)
    signal = np.clip(noise(2, 5000), -1, 1)
    out = run(master.process, signal)
    late = master.latency
    assert np.array_equal(out[:, late:], signal[:, :-late])
    assert not out[:, :late].any()


@pytest.mark.parametrize("level_db", [6, -20, -60])
def test_level(level_db: float) -> None:
    values = settings(TRANSPARENT | {"/master/level_db": level_db})
    out = run(Master(values, RATE, 256).process, np.full((2, 1000), 0.1, np.float32))
    expected = 0.1 * 10 ** (level_db / 20) if level_db > -60 else 0
    np.testing.assert_allclose(out[:, 200:], expected, rtol=1e-6)


def test_level_moves_without_a_click() -> None:
    values = settings(TRANSPARENT)
    tone = sine(220, 0.5, 20_000)
    changes = {10_001: {"/master/level_db": -60}}
    out = run(Master(values, RATE, 256).process, tone, values=values, changes=changes)
    corner = 0.5 / 960  # where the straight fade of 20 ms begins and ends
    assert roughness(out[:, 1000:]) < roughness(tone) + 1.1 * corner
    assert not out[:, 10_001 + 960 + 96 :].any()


def test_the_ceiling_holds_at_the_output_whatever_the_equalizer_boosts() -> None:
    values = settings({"/master/equalizer/on": 1, "/master/level_db": 12})
    values.update({f"/master/equalizer/{band}/gain_db": 18 for band in ("low", 1, 2, 3, 4, "high")})
    out = run(Master(values, RATE, 256).process, noise(2, 20_000, 1))
    assert 0.5 < float(np.abs(out).max()) <= 10 ** (-1 / 20)


@hypothesis_settings(max_examples=40, deadline=None)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_any_settings_any_input_stays_finite_and_under_full_scale(
    data: st.DataObject, seed: int
) -> None:
    values = settings()
    random = np.random.default_rng(seed)
    signal = noise(2, 4000, 10 ** random.uniform(-6, 3), seed)
    signal[random.random((2, 4000)) < 0.002] = random.choice([np.nan, np.inf, -3e38, 1e6, 1e-40])
    master = Master(values, RATE, 500)
    for start in range(0, 4000, 500):
        for row in data.draw(st.lists(st.sampled_from(MASTER_ROWS), max_size=6)):
            extremes = st.sampled_from([row.minimum, row.maximum])
            drawn = st.integers(0, 1) if row.choices else st.floats(row.minimum, row.maximum)
            values.set(row.address, data.draw(extremes | drawn))
        block = signal[:, start : start + 500].copy()
        master.process(block)
        assert np.isfinite(block).all()
        assert np.abs(block).max() <= 1
    assert np.isfinite(master.meters.read().peak).all()


def test_recovers_from_nan() -> None:
    values = settings({"/master/equalizer/on": 1, "/master/equalizer/low/gain_db": 6})
    signal = noise(2, 20_000, 0.1)
    broken, repaired = signal.copy(), signal.copy()
    broken[:, 5000:5100] = np.nan
    broken[1, 6000] = np.inf
    repaired[:, 5000:5100] = 0
    repaired[1, 6000] = 0
    master = Master(values, RATE, 256)
    out = run(master.process, broken)
    assert np.array_equal(out, run(Master(values, RATE, 256).process, repaired))
    assert master.repaired == 201


def test_meters() -> None:
    master = Master(settings(TRANSPARENT), RATE, 256)
    tone = sine(1000, 0.5, 48_000)
    tone[1] *= 0.5
    run(master.process, tone)
    reading = master.meters.read()
    assert reading.peak == pytest.approx((0.5, 0.25), rel=1e-5)
    assert reading.rms == pytest.approx((0.5 / 2**0.5, 0.25 / 2**0.5), rel=2e-3)
    assert reading.compression_db == reading.limiting_db == 0
    assert master.meters.read().peak == (0, 0)


def test_meters_show_gain_reduction() -> None:
    master = Master(settings({"/master/compressor/knee_db": 0}), RATE, 256)
    run(master.process, np.full((2, 48_000), 4, np.float32))
    reading = master.meters.read()
    assert reading.compression_db == pytest.approx((18 + 12.04) / 2, abs=0.02)
    assert reading.limiting_db == pytest.approx(13.04, abs=0.5)
