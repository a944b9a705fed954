import numpy as np
import pytest

from appliance.mixing import Mixer
from appliance.parameters import Table, Values

from .signals import RATE, Audio, noise, roughness, settings, sine

FADE = 960  # 20 ms
GRID = 32  # samples from one working out of moving gains to the next
QUIET = {f"/decoder/{slot}/level_db": -60 for slot in (2, 3, 4)}


def mix(mixer: Mixer, voices: Audio) -> Audio:
    out = np.zeros((2, voices.shape[1]), np.float32)
    mixer.process(voices, out)
    return out


def ones(samples: int) -> Audio:
    return np.ones((4, samples), np.float32)


def solo(values: Values, max_block: int = 48_000) -> Mixer:
    values.update(QUIET)
    return Mixer(values, 4, RATE, max_block)


@pytest.mark.parametrize("level_db", [12.0, 0.0, -6.0, -59.9])
def test_level_law(level_db: float) -> None:
    out = mix(solo(settings({"/decoder/1/level_db": level_db})), ones(10))
    np.testing.assert_allclose(out, 10 ** (level_db / 20) * np.sqrt(0.5), rtol=1e-6)


def test_sixty_below_is_exact_silence() -> None:
    assert not mix(solo(settings({"/decoder/1/level_db": -60})), ones(10)).any()


@pytest.mark.parametrize("pan", np.linspace(-1, 1, 21))
def test_pan_has_constant_power(pan: float) -> None:
    out = mix(solo(settings({"/decoder/1/level_db": 0, "/decoder/1/pan": pan})), ones(3))
    left, right = out[:, 0].astype(float)
    assert left**2 + right**2 == pytest.approx(1, abs=1e-6)
    assert np.arctan2(right, left) == pytest.approx((pan + 1) * np.pi / 4, abs=1e-6)
    if abs(pan) == 1:
        assert 0 in (left, right)


def test_power_stays_constant_while_pan_and_autopan_move() -> None:
    values = settings({"/decoder/1/level_db": 0, "/decoder/1/autopan": 0.7})
    mixer = solo(values)
    mix(mixer, ones(100))
    values.set("/decoder/1/pan", -0.4)
    out = mix(mixer, ones(20_000)).astype(float)
    np.testing.assert_allclose((out**2).sum(0), 1, atol=5e-5)  # 0.0002 dB
    assert np.ptp(out[0]) > 0.1


def test_voices_sum() -> None:
    voices = noise(4, 500)
    values = settings({"/decoder/1/pan": -1, "/decoder/3/level_db": 0, "/decoder/4/pan": 0.5})
    angles = (np.array([-1, 0, 0, 0.5]) + 1) * np.pi / 4
    levels = 10 ** (np.array([-6, -6, 0, -6]) / 20)
    expected = np.stack([(levels * f(angles)) @ voices for f in (np.cos, np.sin)])
    np.testing.assert_allclose(mix(Mixer(values, 4, RATE, 500), voices), expected, atol=1e-6)


def test_off_fades_to_exact_silence_in_time_and_on_comes_back() -> None:
    values = settings({"/decoder/1/level_db": 0, "/decoder/1/pan": -1})
    mixer = solo(values)
    assert mixer.fade == FADE + 2 * GRID
    mix(mixer, ones(70))
    values.update({"/decoder/1/on": 0})
    out = mix(mixer, ones(mixer.fade + 100))[0]
    assert out[FADE - GRID] > 0
    assert not out[mixer.fade :].any()
    assert np.abs(np.diff(out, prepend=1)).max() < 1.51 / FADE
    values.update({"/decoder/1/on": 1})
    back = mix(mixer, ones(mixer.fade))[0]
    assert np.abs(np.diff(back, prepend=0)).max() < 1.51 / FADE
    assert back[-1] == 1


def test_off_lasts_no_longer_while_other_things_move() -> None:
    values = settings()
    mixer = Mixer(values, 4, RATE, 64)
    mix(mixer, ones(64))
    values.set("/decoder/1/on", 0)
    only = np.zeros((4, 64), np.float32)
    only[0] = 1
    for block in range(FADE // 64):
        values.set("/decoder/1/level_db", -block)
        values.set("/decoder/2/level_db", -block)
        assert mix(mixer, only).any()
    mix(mixer, only)
    assert not mix(mixer, only).any()


def test_autopan_wanders_at_its_own_way_per_slot_and_stays_in_range() -> None:
    def wander(slot: int) -> Audio:
        values = settings({f"/decoder/{n}/on": n == slot for n in range(1, 5)})
        values.update({f"/decoder/{slot}/autopan": 1, f"/decoder/{slot}/level_db": 0})
        return mix(Mixer(values, 4, RATE, 48_000), ones(48_000))

    first, second = wander(1), wander(2)
    assert first[0].max() > 0.95
    assert first[0].min() < 0.3
    assert np.abs(np.corrcoef(first[0], second[0])[0, 1]) < 0.7
    # Ten straight moves a second: never faster than edge to edge in a tenth of a second.
    angle = np.arctan2(first[1], first[0])
    assert np.abs(np.diff(angle.astype(float))).max() < np.pi / 2 * 10 / RATE * 1.05


def test_without_spread_voices_pass_bit_by_bit_and_with_it_they_drift_apart() -> None:
    values = settings({"/decoder/1/pan": -1, "/decoder/1/level_db": 0, "/decoder/2/pan": 1})
    values.update({"/decoder/2/level_db": 0, "/decoder/3/on": 0, "/decoder/4/on": 0})
    mixer = Mixer(values, 4, RATE, 48_000)
    voices = np.repeat(noise(1, 24_000), 4, axis=0)
    assert np.array_equal(mix(mixer, voices), voices[:2])
    values.set("/mix/spread_ms", 10)
    mix(mixer, voices)
    out = mix(mixer, voices)
    # A voice that left d samples late is found 500 - d samples into the source from 9500 on.
    source = voices[0, 9500:11_000]
    lags = [500 - int(np.correlate(source, row[10_000:11_000]).argmax()) for row in out]
    assert all(0 <= lag <= 480 for lag in lags)
    assert lags[0] != lags[1]
    values.set("/mix/spread_ms", 0)
    mix(mixer, voices)
    assert np.array_equal(mix(mixer, voices), voices[:2])


def test_a_spread_below_one_sample_interpolates() -> None:
    values = settings({"/decoder/1/level_db": 0, "/decoder/1/pan": -1, "/mix/spread_ms": 0.01})
    voices = noise(4, 20_000)
    out = mix(solo(values), voices)[0]
    power = np.mean(out.astype(float) ** 2) / np.mean(voices[0].astype(float) ** 2)
    assert 0.6 < power < 1.2  # extrapolating from older samples would be far louder
    assert not np.array_equal(out, voices[0])


def test_spread_keeps_a_tone_clean() -> None:
    values = settings({"/decoder/1/level_db": 0, "/decoder/1/pan": -1, "/mix/spread_ms": 20})
    tone = np.repeat(sine(1000, 1, 48_000)[:1], 4, axis=0)
    steady = roughness(tone)
    mixer = solo(values)
    out = mix(mixer, tone)[0, 2000:]
    assert np.abs(out).max() == pytest.approx(1, abs=2e-3)
    assert roughness(out[np.newaxis]) < 1.15 * steady


@pytest.mark.parametrize(
    "change",
    [
        {"/decoder/1/on": 0},
        {"/decoder/1/level_db": -40},
        {"/decoder/1/pan": 1},
        {"/decoder/1/autopan": 1},
        {"/mix/spread_ms": 20},
        {"/mix/spread_ms": 0},
        {"/mix/spread_rate": 2},
    ],
)
def test_no_click(change: dict[str, float]) -> None:
    values = settings({"/decoder/1/pan": -0.5, "/mix/spread_ms": 0 if "20" in str(change) else 3})
    mixer = solo(values)
    tone = np.repeat(sine(220, 0.8, 40_000)[:1], 4, axis=0)
    steady = mix(mixer, tone[:, :9001])
    values.update(change)
    out = np.concatenate((steady, mix(mixer, tone[:, 9001:])), axis=1)
    bound = 0.8 * (2 * np.pi * 220 / RATE) ** 2  # second difference of the full tone
    assert roughness(out[:, 4000:]) < 1.5 * bound


def test_a_broken_voice_does_not_mute_the_others() -> None:
    values = settings({"/mix/spread_ms": 5})
    voices = noise(4, 1000)
    broken = voices.copy()
    broken[1] = np.nan
    broken[2, 5] = np.inf
    voices[1] = 0
    voices[2, 5] = 0
    mixer = Mixer(values, 4, RATE, 1000)
    out = mix(mixer, broken)
    assert np.array_equal(out, mix(Mixer(values, 4, RATE, 1000), voices))
    assert mixer.repaired.tolist() == [0, 1000, 1, 0]


@pytest.mark.parametrize("slots", [1, 2, 8])
def test_any_number_of_slots(slots: int) -> None:
    values = Values(Table(slots))
    mixer = Mixer(values, slots, RATE, 100)
    out = np.zeros((2, 100), np.float32)
    mixer.process(np.ones((slots, 100), np.float32), out)
    np.testing.assert_allclose(out, slots * 10 ** (-6 / 20) * np.sqrt(0.5), rtol=1e-6)
