"""Oscillators against an audio-rate reference that adds one increment per sample."""

import tracemalloc
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.latent import Oscillators
from appliance.parameters import Table, Values
from appliance.parameters.table import WAVEFORMS

FREQUENCIES = (0.01, 0.5, 21.5, 30.0, 99.9)
SHAPES = (
    *(("sine", 0.5), ("saw", 0.5), ("rect", 0.5), ("rect", 0.125), ("rect", 0.9)),
    *(("tri", 0.5), ("tri", 0.3), ("tri", 1.0)),
)
SECONDS = 60


def audio_rate(waveform: str, frequency: float, duty: float, rate: int) -> NDArray[np.float64]:
    """Return the oscillator at samples -1, 0, 1 ... for SECONDS, as a loop over samples would."""
    increments = np.full(SECONDS * rate + 1, round(frequency * 2.0**64 / rate), np.uint64)
    increments[0] = -round(frequency * 2.0**64 / rate) % 2**64  # the state before the start
    phases = np.add.accumulate(increments)
    p = (phases // np.uint64(2048)).astype(np.float64) / 2.0**53
    if waveform == "sine":
        return np.sin(2 * np.pi * p)
    if waveform == "saw":
        return 2 * p - 1
    if waveform == "rect":
        return np.where(p < duty, 1.0, -1.0)
    if duty == 1.0:
        return 2 * (p / duty) - 1
    return np.where(p < duty, 2 * (p / duty) - 1, 2 * ((1 - p) / (1 - duty)) - 1)


def bank(rate: int, *channels: Mapping[str, object], max_instants: int = 64):
    values = Values(Table())
    for number, channel in enumerate(channels, 1):
        values.update({f"/oscillators/{number}/{key}": value for key, value in channel.items()})
    return values, Oscillators(values, rate, max_instants=max_instants)


def run(oscillators: Oscillators, instants: int, sizes: list[int]) -> NDArray[np.float64]:
    out = np.full((8, instants), np.nan)
    start = turn = 0
    while start < instants:
        n = min(sizes[turn % len(sizes)], instants - start)
        oscillators.evaluate(start, out[:, start : start + n])
        start, turn = start + n, turn + 1
    return out


def shapes(frequency: object) -> list[dict[str, object]]:
    return [{"waveform": w, "duty": d, "frequency": frequency} for w, d in SHAPES]


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_every_instant_is_the_last_sample_of_an_audio_rate_oscillator(frequency: float, rate: int):
    _, oscillators = bank(rate, *shapes(frequency))
    instants = SECONDS * rate // 128 + 1
    out = run(oscillators, instants, [2, 1, 8, 64])
    for channel, (waveform, duty) in enumerate(SHAPES):
        reference = audio_rate(waveform, frequency, duty, rate)[::128]  # from sample -1
        assert np.array_equal(out[channel], reference[:instants]), (waveform, duty)


def test_the_pitch_is_exact_to_the_precision_of_a_float():
    for frequency in FREQUENCIES:
        _, oscillators = bank(44100, {"waveform": "saw", "frequency": frequency})
        increment = int(oscillators._phase.increment[0])
        wanted = Fraction(frequency) * 2**64 / 44100
        assert abs(increment - wanted) <= Fraction(1, 2) + wanted / 2**53


@pytest.mark.parametrize("seed", range(4))
def test_how_calls_are_cut_does_not_change_a_bit(seed: int):
    random = np.random.default_rng(seed)
    _, whole = bank(44100, *shapes(33.3), max_instants=4000)
    _, cut = bank(44100, *shapes(33.3))
    sizes = random.integers(1, 65, 50).tolist() if seed else [1]
    assert np.array_equal(run(whole, 4000, [4000]), run(cut, 4000, sizes))


def glided(changes: dict[int, float], start: float, rate: int, instants: int, *, park: bool):
    """Phases at the instants, by Python integers, one sample after the other."""
    steps = {44100: 7, 48000: 8}[rate]  # 20 ms in whole grid steps
    increment = target = round(start * 2.0**64 / rate)
    phase, left, phases = -increment % 2**64, 0, list[int]()
    for instant in range(instants):
        if park and increment == 0:
            phase = 0
        phases.append(phase)
        if instant in changes:
            target, left = round(changes[instant] * 2.0**64 / rate), steps
        if left:
            increment += (target - increment) // left
            left -= 1
        for _ in range(128):
            phase = (phase + increment) % 2**64
    return phases


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("sizes", [[1], [2], [1, 3, 7]])
def test_a_frequency_glides_over_20_ms_without_a_phase_jump(rate: int, sizes: list[int]):
    changes = {11: 99.9, 14: 3.0, 44: 0.0, 77: 50.0, 99: 0.01}
    values, oscillators = bank(rate, {"waveform": "saw", "frequency": 1.5, "amplitude": 1})
    out, start, turn = np.zeros((8, 120)), 0, 0
    while start < 120:
        if start in changes:
            values.set("/oscillators/1/frequency", changes[start])
        until = min([120, *(i for i in changes if i > start)])
        n = min(sizes[turn % len(sizes)], until - start)
        oscillators.evaluate(start, out[:, start : start + n])
        start, turn = start + n, turn + 1
    phases = glided(changes, 1.5, rate, 120, park=False)
    assert out[0].tolist() == [2 * ((p >> 11) / 2**53) - 1 for p in phases]
    steps = np.diff(np.unwrap(np.pi * (out[0] + 1), period=2 * np.pi)) / (2 * np.pi)
    highest = 99.9 * 128 / rate
    assert np.abs(np.diff(steps)).max() <= highest / 7  # no step ever jumps: the slope is limited
    assert np.ptp(out[0, 60:77]) == 0  # at frequency 0 the saw holds


def test_turning_one_channel_does_not_lengthen_the_glide_of_another():
    values, oscillators = bank(44100, *({"waveform": "saw", "frequency": 2},) * 2)
    out = np.zeros((8, 30))
    for start in range(30):
        if start == 5:
            values.set("/oscillators/1/frequency", 60)
        if start in (7, 9, 11):
            values.set("/oscillators/2/frequency", float(start))
        oscillators.evaluate(start, out[:, start : start + 1])
    for channel, changes in enumerate(({5: 60.0}, {7: 7.0, 9: 9.0, 11: 11.0})):
        phases = glided(changes, 2.0, 44100, 30, park=False)
        assert out[channel].tolist() == [2 * ((p >> 11) / 2**53) - 1 for p in phases]


def test_a_sine_at_frequency_zero_is_parked_at_zero_and_starts_from_there():
    values, oscillators = bank(44100, {"waveform": "sine", "frequency": 10})
    out = np.zeros((8, 30))
    oscillators.evaluate(0, out)
    values.set("/oscillators/1/frequency", 0)
    oscillators.evaluate(30, out)
    assert out[0, :7].all()  # on its way
    assert not out[0, 7:].any()
    values.set("/oscillators/1/frequency", 20)
    oscillators.evaluate(60, out)
    phases = glided({0: 20.0}, 0.0, 44100, 30, park=True)
    assert out[0, 0] == 0
    assert np.allclose(out[0], np.sin(np.array(phases, float) / 2**64 * 2 * np.pi), atol=1e-14)


def test_a_sine_chosen_while_at_frequency_zero_is_zero_too():
    values, oscillators = bank(44100, {"waveform": "saw", "frequency": 10})
    out = np.zeros((8, 20))
    oscillators.evaluate(0, out)
    values.set("/oscillators/1/frequency", 0)
    oscillators.evaluate(20, out)
    assert out[0, -1] not in (0, -1)
    values.set("/oscillators/1/waveform", "sine")
    oscillators.evaluate(40, out)
    assert not out[0].any()


def test_switching_a_waveform_keeps_the_phase():
    values, oscillators = bank(44100, {"waveform": "off", "frequency": 30})
    out = np.zeros((8, 40))
    oscillators.evaluate(0, out[:, :20])
    values.set("/oscillators/1/waveform", "saw")
    oscillators.evaluate(20, out[:, 20:])
    reference = audio_rate("saw", 30.0, 0.5, 44100)[: 40 * 128 : 128]
    assert not out[0, :20].any()
    assert np.array_equal(out[0, 20:], reference[20:])


def test_reset_begins_anew():
    values, oscillators = bank(44100, *shapes(12.0))
    first = run(oscillators, 200, [64])
    values.set("/oscillators/1/frequency", 77)
    oscillators.evaluate(200, np.zeros((8, 3)))
    values.set("/oscillators/1/frequency", 12)
    oscillators.reset(5)
    assert np.array_equal(run(oscillators, 200, [64]), first)


def test_amplitude_and_expression_scale_the_shape():
    values, oscillators = bank(44100, *shapes(9.0))
    plain = run(oscillators, 100, [4])
    for channel in range(1, 9):
        values.set(f"/oscillators/{channel}/amplitude", 0.3 * channel)
    values.set("/oscillators/expression", 2.5)
    oscillators.reset()
    scaled = run(oscillators, 100, [4])
    gains = np.array([0.3 * channel for channel in range(1, 9)]) * 2.5
    assert np.array_equal(scaled, plain * gains[:, None])


def test_duty_zero_and_one_are_the_limits_of_the_shapes():
    both = [{"waveform": w, "duty": d, "frequency": 7} for w in ("rect", "tri") for d in (0, 1)]
    _, oscillators = bank(44100, *both, {"waveform": "saw", "frequency": 7})
    out = run(oscillators, 3000, [2])
    assert (out[0] == -1).all()
    assert (out[1] == 1).all()
    assert np.allclose(out[2], -out[4], atol=1e-15)
    assert np.array_equal(out[3], out[4])


def test_a_rate_at_which_a_cycle_fits_in_a_grid_step_is_refused():
    with pytest.raises(ValueError, match="8000 Hz is too low"):
        bank(8000)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(WAVEFORMS),
            st.floats(0, 100),
            st.floats(0, 4),
            st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0, 5e-324, 1 - 2**-53])),
        ),
        min_size=8,
        max_size=8,
    ),
    st.floats(0, 4),
    st.lists(st.floats(0, 100), min_size=8, max_size=8),
)
def test_no_output_exceeds_amplitude_times_expression(
    channels: list[tuple[str, float, float, float]], expression: float, later: list[float]
):
    values, oscillators = bank(
        48000,
        *({"waveform": w, "frequency": f, "amplitude": a, "duty": d} for w, f, a, d in channels),
    )
    values.set("/oscillators/expression", expression)
    limits = np.array([c[2] * expression for c in channels])[:, None]
    assert (np.abs(run(oscillators, 200, [3])) <= limits).all()
    values.update({f"/oscillators/{i}/frequency": f for i, f in enumerate(later, 1)})
    assert (np.abs(run(oscillators, 200, [5])) <= limits).all()


def test_memory_does_not_grow_while_everything_moves():
    values, oscillators = bank(44100, *shapes(5.0))
    out = np.zeros((8, 2))

    def play(blocks: int) -> None:
        for block in range(blocks):
            values.set("/oscillators/1/frequency", float(block % 100))
            values.set("/oscillators/2/waveform", float(block % 5))
            oscillators.evaluate(2 * block, out)

    play(200)
    tracemalloc.start()
    play(200)
    before = tracemalloc.get_traced_memory()[0]
    play(2000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2000
