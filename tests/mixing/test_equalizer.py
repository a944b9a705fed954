import numpy as np
import pytest
from scipy.signal import sosfreqz

from appliance.mixing import Equalizer
from appliance.mixing.biquad import high_shelf, low_shelf, peak

from .signals import RATE, Audio, noise, roughness, run, settings, sine

ROOT = "/master/equalizer"
FADE = 960
Changes = dict[str, object]


def changed(**changes: float) -> Changes:
    names = {name.replace("__", "/").removeprefix("b"): value for name, value in changes.items()}
    return {f"{ROOT}/on": 1, **{f"{ROOT}/{name}": value for name, value in names.items()}}


def response(changes: Changes, points: int = 65_536) -> tuple[np.ndarray, np.ndarray]:
    """Return the measured frequencies in Hz and gains in dB of an impulse's response."""
    impulse = np.zeros((2, points), np.float32)
    impulse[:, 0] = 1
    out = run(Equalizer(settings(changes), RATE, 4096).process, impulse, 4096)
    np.testing.assert_array_equal(out[0], out[1])
    return np.fft.rfftfreq(points, 1 / RATE)[1:], 20 * np.log10(np.abs(np.fft.rfft(out[0])))[1:]


def at(frequencies: np.ndarray, gains: np.ndarray, frequency: float) -> float:
    return float(np.interp(frequency, frequencies, gains))


def analytic_peak(f: np.ndarray, centre: float, gain_db: float, q: float) -> np.ndarray:
    """Gain in dB of the bell, from its analogue prototype under the bilinear transform."""
    a = 10 ** (gain_db / 40)
    s = 1j * np.tan(np.pi * f / RATE) / np.tan(np.pi * centre / RATE)
    return 20 * np.log10(np.abs((s**2 + s * a / q + 1) / (s**2 + s / (a * q) + 1)))


def analytic_low(f: np.ndarray, corner: float, gain_db: float) -> np.ndarray:
    a = 10 ** (gain_db / 40)
    s = 1j * np.tan(np.pi * f / RATE) / np.tan(np.pi * corner / RATE)
    slope = np.sqrt(2 * a)
    return 20 * np.log10(np.abs(a * (s**2 + s * slope + a) / (a * s**2 + s * slope + 1)))


@pytest.mark.parametrize(("centre", "gain_db", "q"), [(100, 12, 1), (1000, -18, 4), (9000, 6, 0.5)])
def test_peak_response(centre: float, gain_db: float, q: float) -> None:
    f, gains = response(changed(b2__frequency=centre, b2__gain_db=gain_db, b2__q=q))
    np.testing.assert_allclose(gains, analytic_peak(f, centre, gain_db, q), atol=0.05)
    assert at(f, gains, centre) == pytest.approx(gain_db, abs=0.05)


@pytest.mark.parametrize("gain_db", [-18, -3, 9, 18])
def test_low_shelf_response(gain_db: float) -> None:
    f, gains = response(changed(low__frequency=200, low__gain_db=gain_db))
    np.testing.assert_allclose(gains, analytic_low(f, 200, gain_db), atol=0.05)
    assert at(f, gains, 200) == pytest.approx(gain_db / 2, abs=0.05)


@pytest.mark.parametrize("gain_db", [-18, -3, 9, 18])
def test_high_shelf_mirrors_the_low_one(gain_db: float) -> None:
    f, gains = response(changed(high__frequency=4000, high__gain_db=gain_db))
    # Cutting below and raising everything is raising above.
    np.testing.assert_allclose(gains, analytic_low(f, 4000, -gain_db) + gain_db, atol=0.05)


def test_all_bands_together() -> None:
    frequencies, bands = (200.0, 800.0, 2500.0, 6000.0), (3.0, -6.0, 9.0, -2.0)
    changes = changed(low__gain_db=5, high__gain_db=-7)
    changes |= {f"{ROOT}/{n}/gain_db": gain for n, gain in enumerate(bands, 1)}
    f, gains = response(changes)
    sections = [low_shelf(120, 5, RATE), high_shelf(8000, -7, RATE)]
    sections += [peak(fc, g, 1, RATE) for fc, g in zip(frequencies, bands, strict=True)]
    _, expected = sosfreqz(np.array(sections), f, fs=RATE)
    np.testing.assert_allclose(gains, 20 * np.log10(np.abs(expected)), atol=0.05)


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100])
def test_frequencies_stay_usable_at_any_rate(rate: float) -> None:
    for section in (peak(18_000, 18, 18, rate), high_shelf(18_000, -18, rate)):
        assert np.abs(np.roots(section[3:])).max() < 1
        _, gains = sosfreqz(np.array([section]), 1000)
        assert 20 * np.log10(np.abs(gains)).max() < 18.01


@pytest.mark.parametrize("changes", [{}, {f"{ROOT}/on": 1}, {f"{ROOT}/low/gain_db": 9}])
def test_off_or_flat_is_bit_transparent(changes: Changes) -> None:
    signal = noise(2, 5000)
    out = run(Equalizer(settings(changes), RATE, 256).process, signal)
    assert np.array_equal(out, signal)


def test_switching_off_ends_in_bit_transparency() -> None:
    values = settings(changed(low__gain_db=12, b3__gain_db=-9))
    signal = noise(2, 10_000)
    out = run(
        Equalizer(values, RATE, 256).process,
        signal,
        values=values,
        changes={4001: {f"{ROOT}/on": 0}},
    )
    assert np.array_equal(out[:, 4000 + 2 * FADE :], signal[:, 4000 + 2 * FADE :])
    assert not np.array_equal(out[:, 4002:4900], signal[:, 4002:4900])


def test_changes_during_a_crossfade_wait_and_the_latest_wins() -> None:
    signal = noise(2, 6000)

    def play(gains: dict[int, float]) -> Audio:
        values = settings(changed(b1__gain_db=6))
        changes: dict[int, Changes] = {at: {f"{ROOT}/1/gain_db": g} for at, g in gains.items()}
        return run(Equalizer(values, RATE, 256).process, signal, values=values, changes=changes)

    hasty = play({1000: 12, 1300: -18, 1600: 3})
    assert np.array_equal(hasty, play({1000: 12, 1000 + FADE: 3}))
    assert not np.array_equal(hasty, play({1000: 12, 1600: -18}))


@pytest.mark.parametrize(
    "change",
    [
        {"on": 0},
        {"low/gain_db": -18},
        {"low/frequency": 1000},
        {"1/gain_db": 18, "1/frequency": 250, "1/q": 18},
        {"3/gain_db": -18},
        {"high/gain_db": 18, "high/frequency": 1000},
    ],
)
def test_no_click(change: dict[str, float]) -> None:
    values = settings(changed(low__gain_db=6, b1__gain_db=-6))
    tone = sine(220, 0.2, 60_000)
    settled = {20_001: {f"{ROOT}/{name}": value for name, value in change.items()}}
    out = run(Equalizer(values, RATE, 256).process, tone, values=values, changes=settled)
    before, after = out[:, 10_000:20_000], out[:, 50_000:]
    # A straight crossfade has a corner at each end; an abrupt switch is 20 times as rough.
    corner = max(np.abs(before).max(), np.abs(after).max()) / FADE
    bound = 1.3 * max(roughness(before), roughness(after)) + 1.2 * corner
    assert roughness(out[:, 19_000:50_000]) < bound


def test_silence_after_sound_stays_fast_and_silent() -> None:
    values = settings(changed(low__gain_db=6, b1__gain_db=-6, high__gain_db=3))
    equalizer = Equalizer(values, RATE, 4096)
    run(equalizer.process, noise(2, 4096))
    out = run(equalizer.process, np.zeros((2, 480_000), np.float32), 4096)
    assert np.abs(out[:, -1000:]).max() < 1e-19
    states = np.abs(equalizer._bank.state)
    assert (states[states > 0] > 1e-200).all()
