import numpy as np
import pytest

from appliance.mixing import Compressor
from appliance.mixing.saturation import Saturation

from .signals import RATE, Audio, noise, roughness, run, settings, sine

ROOT = "/master/compressor"


def compressor(**changes: float) -> Compressor:
    values = settings({f"{ROOT}/{name}": value for name, value in changes.items()})
    return Compressor(values, RATE, 200_000)


def steady(level_db: float, samples: int) -> Audio:
    return np.full((2, samples), 10 ** (level_db / 20), np.float32)


def gain_db(thing: Compressor, level_db: float, samples: int = 30_000) -> float:
    block = steady(level_db, samples)
    thing.process(block)
    return float(20 * np.log10(block[0, -1])) - level_db


def theory(level: float, threshold: float, ratio: float, knee: float) -> float:
    """Gain in dB after Giannoulis, Massberg and Reiss, JAES 60 (2012), equation 4."""
    over = level - threshold
    if 2 * over < -knee:
        return 0
    if 2 * abs(over) <= knee and knee > 0:
        return (1 / ratio - 1) * (over + knee / 2) ** 2 / (2 * knee)
    return (1 / ratio - 1) * over


@pytest.mark.parametrize("ratio", [1.5, 4, 20])
@pytest.mark.parametrize("knee", [0, 6, 24])
def test_static_curve(ratio: float, knee: float) -> None:
    for level in (-50, -36, -31, -30, -29, -24, -18, -6, 0, 12):
        thing = compressor(threshold_db=-30, ratio=ratio, knee_db=knee)
        expected = theory(level, -30, ratio, knee)
        assert gain_db(thing, level) == pytest.approx(expected, abs=0.01)
        assert thing.gain_reduction_db == pytest.approx(-expected, abs=0.01)


def test_a_sine_is_judged_by_its_peak() -> None:
    out = sine(1000, 0.5, 48_000)
    compressor(threshold_db=-30, ratio=4).process(out)
    reached = 20 * np.log10(np.abs(out[:, -4800:]).max() / 0.5)
    assert reached == pytest.approx(theory(-6.02, -30, 4, 6), abs=0.1)


def test_the_curve_has_no_corner_at_the_knee() -> None:
    levels = np.arange(-36, -12, 0.25)
    gains = [gain_db(compressor(threshold_db=-24, ratio=4, knee_db=12), lv) for lv in levels]
    assert np.abs(np.diff(gains, 2)).max() < 1.3 * 0.75 / 12 * 0.25**2 + 1e-4


@pytest.mark.parametrize("attack_ms", [1, 10, 100])
def test_attack_reaches_63_percent_in_its_time(attack_ms: float) -> None:
    thing = compressor(threshold_db=-20, ratio=4, knee_db=0, attack_ms=attack_ms)
    block = steady(0, 100_000)
    thing.process(block)
    gain = 20 * np.log10(block[0])
    reached = int(np.argmax(gain <= -15 * (1 - np.exp(-1)))) + 1
    assert reached / RATE * 1000 == pytest.approx(attack_ms, rel=0.03)


@pytest.mark.parametrize("release_ms", [50, 500])
def test_release_lets_the_level_fall_by_e_in_its_time(release_ms: float) -> None:
    thing = compressor(threshold_db=-40, ratio=20, knee_db=0, attack_ms=0.1, release_ms=release_ms)
    gain_db(thing, 0)
    block = steady(-60, round(release_ms * 1e-3 * RATE))
    thing.process(block)
    recovered = 20 * np.log10(block[0, -1] / block[0, 100])
    whole = 0.95 * 8.686 * (1 - 100 / block.shape[1])
    assert recovered == pytest.approx(whole, rel=0.02)


def test_channels_are_linked() -> None:
    out = steady(0, 20_000)
    out[1] *= 0.01
    compressor(threshold_db=-20, ratio=4).process(out)
    np.testing.assert_allclose(out[1], out[0] * 0.01, rtol=1e-6)
    assert out[0, -1] < 0.3


@pytest.mark.parametrize("changes", [{"ratio": 1}, {"on": 0, "saturation": 1}, {"threshold_db": 0}])
def test_transparent(changes: dict[str, float]) -> None:
    signal = np.clip(noise(2, 20_000), -0.6, 0.6)
    assert np.array_equal(run(compressor(**changes).process, signal), signal)


def test_makeup() -> None:
    assert gain_db(compressor(ratio=1, makeup_db=12), -30) == pytest.approx(12, abs=1e-3)


def test_switching_off_ends_in_bit_transparency() -> None:
    values = settings({f"{ROOT}/threshold_db": -40, f"{ROOT}/saturation": 1})
    thing = Compressor(values, RATE, 20_000)
    signal = noise(2, 20_000)
    out = run(thing.process, signal, values=values, changes={5000: {f"{ROOT}/on": 0}})
    assert np.array_equal(out[:, 5960:], signal[:, 5960:])
    assert not np.array_equal(out[:, 5000:5900], signal[:, 5000:5900])
    assert thing.gain_reduction_db == 0


@pytest.mark.parametrize(
    "change",
    [
        {"on": 0},
        {"threshold_db": -60},
        {"ratio": 20, "knee_db": 0},
        {"makeup_db": 12},
        {"saturation": 0.3},
        {"attack_ms": 0.1, "release_ms": 5},
    ],
)
def test_no_click(change: dict[str, float]) -> None:
    values = settings({f"{ROOT}/threshold_db": -20, f"{ROOT}/attack_ms": 0.2})
    settled: dict[str, object] = {f"{ROOT}/{name}": value for name, value in change.items()}
    tone = sine(220, 0.5, 40_000)
    out = run(Compressor(values, RATE, 256).process, tone, values=values, changes={20_001: settled})
    bound = max(roughness(out[:, 10_000:20_000]), roughness(out[:, 30_000:]))
    assert roughness(out[:, 19_000:30_000]) < 1.5 * bound + 3e-5


@pytest.mark.parametrize("level_db", [-18, -12])
def test_saturation_keeps_the_level_and_rounds_peaks(level_db: float) -> None:
    signal = noise(2, 20_000, 10 ** (level_db / 20))
    out = signal.copy()
    Saturation(20_000).process(out, np.array([8.0]))
    change = 10 * np.log10(np.mean(out.astype(float) ** 2) / np.mean(signal.astype(float) ** 2))
    assert abs(change) < 3
    assert np.abs(out).max() < 0.27
    reference = np.full((2, 1), 0.25, np.float32)
    Saturation(1).process(reference, np.array([5.0]))
    np.testing.assert_allclose(reference, 0.25, rtol=1e-6)


def test_saturation_starts_from_nothing() -> None:
    signal = noise(2, 1000)
    for drive, bound in ((0.0, 0), (1e-9, 1e-6), (1e-2, 1e-3)):
        out = signal.copy()
        Saturation(1000).process(out, np.array([drive]))
        assert np.abs(out - signal).max() <= bound


def test_long_silence_then_sound_behaves_like_new() -> None:
    thing = compressor(threshold_db=-40, ratio=8)
    gain_db(thing, 0)
    gain_db(thing, -120, 200_000)
    later = steady(0, 5000)
    fresh = later.copy()
    thing.process(later)
    compressor(threshold_db=-40, ratio=8).process(fresh)
    np.testing.assert_allclose(later, fresh, rtol=1e-6)
