import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from appliance.mixing import Limiter

from .signals import RATE, Audio, noise, roughness, run, settings, sine

ROOT = "/master/limiter"
FADE = 960


def limiter(max_block: int = 50_000, rate: float = RATE, **changes: float) -> Limiter:
    values = settings({f"{ROOT}/{name}": value for name, value in changes.items()})
    return Limiter(values, rate, max_block)


def delayed(signal: Audio, samples: int) -> Audio:
    return np.pad(signal, ((0, 0), (samples, 0)))[:, : signal.shape[1]]


def extreme(kind: str, seed: int, samples: int) -> Audio:
    random = np.random.default_rng(seed)
    loud = 10 ** random.uniform(-1, 4)
    if kind == "square":
        period = int(random.integers(2, 300))
        wave = np.where(np.arange(samples) // period % 2, loud, -loud)
        out = np.stack((wave, -wave * random.uniform(0, 1)))
    elif kind == "impulses":
        out = np.where(random.random((2, samples)) < 0.003, loud, 0) * random.choice([-1, 1])
    elif kind == "noise":
        out = 100 * random.standard_normal((2, samples))
    elif kind == "broken":
        out = random.standard_normal((2, samples))
        out[random.random((2, samples)) < 0.01] = random.choice([np.nan, np.inf, -np.inf, 3e38])
    else:  # just above and below the ceiling
        out = np.float32(10 ** (-3 / 20)) * (1 + random.uniform(-3e-7, 3e-7, (2, samples)))
    return out.astype(np.float32)


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["square", "impulses", "noise", "broken", "edge"]),
    seed=st.integers(0, 10_000),
    ceiling_db=st.one_of(st.just(-3.0), st.floats(-24, 0)),
    release_ms=st.floats(5, 2000),
    size=st.sampled_from([1, 64, 333, 3000]),
)
def test_the_ceiling_is_never_exceeded(
    kind: str, seed: int, ceiling_db: float, release_ms: float, size: int
) -> None:
    thing = limiter(3000, ceiling_db=ceiling_db, release_ms=release_ms)
    out = run(thing.process, extreme(kind, seed, 3000 if size > 1 else 600), size)
    assert np.isfinite(out).all()
    assert float(np.abs(out).max()) <= 10 ** (ceiling_db / 20)
    assert thing.ceiling <= 10 ** (ceiling_db / 20)


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["square", "impulses", "noise"]),
    seed=st.integers(0, 10_000),
    old=st.floats(-24, 0),
    new=st.floats(-24, 0),
    at=st.integers(1, 2000),
)
def test_a_moving_ceiling_holds_too(kind: str, seed: int, old: float, new: float, at: int) -> None:
    values = settings({f"{ROOT}/ceiling_db": old})
    thing = Limiter(values, RATE, 5000)
    changes = {at: {f"{ROOT}/ceiling_db": new}}
    out = np.abs(
        run(thing.process, extreme(kind, seed, 5000), 5000, values=values, changes=changes)
    )
    limits = [10 ** (db / 20) for db in (old, new)]
    settled = at + FADE + thing.latency
    assert float(out[:, :at].max(initial=0)) <= limits[0]
    assert float(out[:, at:settled].max()) <= max(limits)
    assert float(out[:, settled:].max()) <= limits[1]


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_below_the_ceiling_it_only_delays(rate: float) -> None:
    thing = limiter(rate=rate)
    assert thing.latency == round(rate * 0.002)
    signal = np.clip(noise(2, 20_000), -thing.ceiling, thing.ceiling)
    signal[0, 100] = thing.ceiling
    out = run(thing.process, signal)
    assert np.array_equal(out, delayed(signal, thing.latency))
    assert thing.gain_reduction_db == 0


def test_after_a_peak_it_becomes_transparent_again() -> None:
    thing = limiter(release_ms=5)
    signal = noise(2, 20_000, 0.1)
    signal[0, 1000] = 20
    out = run(thing.process, signal)
    past = delayed(signal, thing.latency)
    assert not np.array_equal(out[:, 1000:1100], past[:, 1000:1100])
    assert np.array_equal(out[:, 5000:], past[:, 5000:])


def test_off_clips_at_full_scale_with_the_same_latency() -> None:
    thing = limiter(on=0)
    signal = noise(2, 5000, 1)
    out = run(thing.process, signal)
    assert np.array_equal(out, np.clip(delayed(signal, limiter().latency), -1, 1))


@pytest.mark.parametrize("to", [0, 1])
def test_switching_keeps_full_scale(to: int) -> None:
    values = settings({f"{ROOT}/on": 1 - to, f"{ROOT}/ceiling_db": -12})
    thing = Limiter(values, RATE, 256)
    signal = noise(2, 10_000, 5)
    out = run(thing.process, signal, values=values, changes={3000: {f"{ROOT}/on": to}})
    assert np.abs(out).max() <= 1
    end = 3000 + 2 * FADE + thing.latency
    if to:
        assert float(np.abs(out[:, end:]).max()) <= 10 ** (-12 / 20)
    else:
        expected = np.clip(delayed(signal, thing.latency), -1, 1)
        assert np.array_equal(out[:, end:], expected[:, end:])


def test_a_steady_level_is_brought_to_the_ceiling() -> None:
    thing = limiter(ceiling_db=-6)
    out = run(thing.process, np.full((2, 5000), 4, np.float32))
    np.testing.assert_allclose(out[:, 500:], 10 ** (-6 / 20), rtol=1e-5)
    assert thing.gain_reduction_db == pytest.approx(18.04, abs=0.01)


@pytest.mark.parametrize("release_ms", [20, 200])
def test_release_time(release_ms: float) -> None:
    thing = limiter(ceiling_db=0, release_ms=release_ms)
    signal = np.full((2, 40_000), 0.01, np.float32)
    signal[:, :2000] = 10
    out = run(thing.process, signal)
    start = 2000 + 2 * thing.latency
    later = start + round(release_ms * 1e-3 * RATE)
    rise = 20 * np.log10(out[0, later] / out[0, start])
    assert rise == pytest.approx(8.686, abs=0.15)


def test_channels_are_linked() -> None:
    signal = np.full((2, 3000), 2, np.float32)
    signal[1] = 0.02
    out = run(limiter().process, signal)
    np.testing.assert_allclose(out[1, 500:], out[0, 500:] * 0.01, rtol=1e-5)


def test_broken_samples_are_silenced_and_counted() -> None:
    signal = noise(2, 2000)
    expected = signal.copy()
    for place, value in ((10, np.nan), (500, np.inf), (501, -np.inf), (700, 1e30)):
        signal[0, place] = value
        expected[0, place] = 0
    thing = limiter()
    assert np.array_equal(run(thing.process, signal), run(limiter().process, expected))
    assert thing.repaired == 4


@pytest.mark.parametrize("change", [{"on": 0}, {"ceiling_db": -24}, {"release_ms": 5}])
def test_no_click(change: dict[str, float]) -> None:
    values = settings({f"{ROOT}/ceiling_db": -6})
    tone = sine(220, 0.9, 30_000)
    changes = {15_001: {f"{ROOT}/{name}": value for name, value in change.items()}}
    out = run(Limiter(values, RATE, 256).process, tone, values=values, changes=changes)
    bound = 0.9 * (2 * np.pi * 220 / RATE) ** 2  # second difference of the unlimited tone
    assert roughness(out[:, 5000:]) < 1.5 * bound


@pytest.mark.parametrize("size", [7, 64, 256, 1000])
def test_blocks_that_pass_join_those_that_do_not(size: int) -> None:
    signal = noise(2, 30_000, level=0.1)
    signal[:, 8000:8003] *= 20
    signal[:, 15_000:15_500] *= 5
    whole = run(limiter(release_ms=5).process, signal, signal.shape[1])
    np.testing.assert_array_equal(run(limiter(release_ms=5).process, signal, size), whole)
