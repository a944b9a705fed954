"""Noise against audio-rate streams, and as statistics."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.latent import Noise
from appliance.latent.uniform import mixed
from appliance.parameters import Table, Values
from appliance.parameters.table import NOISES

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
FREQUENCIES = (0.01, 0.5, 21.5, 30.0, 99.9, 0.0, 10.0, 100.0)


def source(seed: int = 1, rate: int = 44100, max_instants: int = 64, **settings: object):
    values = Values(Table())
    for key, setting in settings.items():
        per_channel = setting if isinstance(setting, tuple) else (setting,) * 8
        values.update({f"/noise/{i}/{key}": value for i, value in enumerate(per_channel, 1)})
    return values, Noise(values, rate, seed, max_instants=max_instants)


def run(noise: Noise, instants: int, sizes: list[int], start: int = 0) -> NDArray[np.float64]:
    out = np.full((8, instants), np.nan)
    for size in itertools.cycle(sizes):
        if start >= instants:
            break
        n = min(size, instants - start)
        noise.evaluate(start, out[:, start : start + n])
        start += n
    return out


def key(seed: int, stream: int, channel: int) -> int:
    return mixed(mixed(mixed(seed) + stream & MASK) + channel + 1 & MASK)


def number(seed: int, stream: int, channel: int, index: int) -> float:
    """One number of a stream, by Python integers."""
    x = mixed((key(seed, stream, channel) + index * GOLDEN) & MASK)
    return (x >> 11) / 2**52 - 1


def white_stream(seed: int, channel: int, samples: int) -> NDArray[np.float64]:
    """All numbers at samples -1, 0 ... samples - 1, as a generator stepping by samples."""
    x = np.full(samples + 1, GOLDEN, np.uint64)
    x[0] = (key(seed, 1, channel) - GOLDEN) & MASK
    x = np.add.accumulate(x)
    x = (x ^ (x // np.uint64(2**30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x // np.uint64(2**27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x // np.uint64(2**31))
    return (x // np.uint64(2**11)).astype(np.float64) / 2**52 - 1


def rand_stream(seed: int, channel: int, frequency: float, rate: int, samples: int):
    """The ramps at samples -1, 0 ... samples - 1, one increment per sample."""
    increment = round(frequency * 2.0**64 / rate)
    steps = np.full(samples + 1, increment, np.uint64)
    steps[0] = -increment % 2**64
    phases = np.add.accumulate(steps)
    wraps = np.concatenate(([0], np.cumsum(phases[1:] < phases[:-1])))
    wraps -= 1 if increment else 0
    knots = np.array([number(seed, 2, channel, i) for i in range(-1, int(wraps[-1]) + 2)])
    left, right = knots[wraps + 1], knots[wraps + 2]
    return left + (right - left) * ((phases // np.uint64(2048)).astype(np.float64) / 2**53)


def test_the_hash_is_splitmix64():
    state, produced = 1234567, list[int]()
    for _ in range(3):
        state = (state + GOLDEN) & MASK
        produced.append(mixed(state))
    assert produced == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("rate", [44100, 48000])
def test_white_is_the_last_sample_of_an_audio_rate_stream(rate: int):
    _, noise = source(seed=77, rate=rate, kind="white", amplitude=1)
    instants = 60 * rate // 128 + 1
    out = run(noise, instants, [2, 1, 8, 64])
    for channel in (0, 7):
        assert np.array_equal(out[channel], white_stream(77, channel, 60 * rate)[::128][:instants])
    assert out[3, 5] == number(77, 1, 3, 5 * 128 - 1)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_rand_is_the_last_sample_of_an_audio_rate_ramp(rate: int):
    _, noise = source(seed=5, rate=rate, kind="rand", frequency=FREQUENCIES)
    instants = 60 * rate // 128 + 1
    out = run(noise, instants, [2, 1, 8, 64])
    for channel, frequency in enumerate(FREQUENCIES):
        reference = rand_stream(5, channel, frequency, rate, 60 * rate)[::128]
        assert np.array_equal(out[channel], reference[:instants]), frequency


@pytest.mark.parametrize("seed", range(4))
def test_how_calls_are_cut_does_not_change_a_bit(seed: int):
    mixture = ("white", "rand") * 3 + ("silence", "rand")
    _, whole = source(kind=mixture, frequency=FREQUENCIES, max_instants=4000)
    _, cut = source(kind=mixture, frequency=FREQUENCIES)
    sizes = np.random.default_rng(seed).integers(1, 65, 50).tolist() if seed else [1]
    assert np.array_equal(run(whole, 4000, [4000]), run(cut, 4000, sizes))


def test_a_new_frequency_keeps_the_ramp_where_it_is_and_changes_its_slope():
    values, noise = source(kind="rand", frequency=10)
    out = np.zeros((8, 300))
    for start in range(0, 300, 10):
        values.update({f"/noise/{i}/frequency": (start * 7 + 10 * i) % 101 for i in range(1, 9)})
        noise.evaluate(start, out[:, start : start + 10])
    # A ramp of f numbers a second moves at most 2 f in a second, and turns only between numbers.
    assert np.abs(np.diff(out)).max() <= 2 * 100 * 128 / 44100
    for start in range(10, 300, 10):
        frequency = (start - 10) * 7 % 101 + 10  # of channel 1 before the change
        step = abs(out[0, start] - out[0, start - 1])
        assert step <= 2 * (frequency % 101) * 128 / 44100 + 1e-12


def test_zero_hertz_holds_and_goes_on_from_there():
    values, noise = source(kind="rand", frequency=20)
    out = np.zeros((8, 60))
    noise.evaluate(0, out)
    values.update({f"/noise/{i}/frequency": 0 for i in range(1, 9)})
    noise.evaluate(60, out)
    assert (np.ptp(out, axis=1) == 0).all()
    held = out[:, -1].copy()
    values.update({f"/noise/{i}/frequency": 20 for i in range(1, 9)})
    noise.evaluate(120, out)
    assert np.array_equal(out[:, 0], held)
    assert (np.ptp(out, axis=1) > 0).all()


def test_white_fills_minus_one_to_one_evenly():
    _, noise = source(kind="white")
    out = run(noise, 40000, [64])
    counts = np.stack([np.histogram(c, bins=20, range=(-1, 1))[0] for c in out])
    assert (counts.sum(axis=1) == 40000).all()
    chi_square = ((counts - 2000.0) ** 2 / 2000).sum(axis=1)
    assert (chi_square < 45).all()  # 19 degrees of freedom: 43.8 is one in a thousand
    assert np.abs(out.mean(axis=1)).max() < 4 / np.sqrt(3 * 40000)
    assert np.abs(out.var(axis=1) - 1 / 3).max() < 0.01
    successive = [np.corrcoef(c[:-1], c[1:])[0, 1] for c in out]
    assert np.abs(successive).max() < 4 / np.sqrt(40000)


@pytest.mark.parametrize("kind", ["white", "rand"])
def test_channels_seeds_and_kinds_are_independent(kind: str):
    def play(seed: int, kind: str) -> NDArray[np.float64]:
        _, noise = source(seed=seed, kind=kind, frequency=100)
        return run(noise, 40000, [64])[:, ::4]  # beyond the length of a ramp

    other = "rand" if kind == "white" else "white"
    streams = np.concatenate((play(1, kind), play(2, kind), play(2**40 + 1, kind), play(1, other)))
    correlation = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(correlation).max() < 5 / np.sqrt(10000)
    assert np.array_equal(play(1, kind), play(1, kind))


def test_reset_repeats_the_ramps_and_white_depends_on_the_sample_only():
    _, noise = source(kind=("rand", "white") * 4)
    first = run(noise, 200, [64])
    noise.reset(0)
    assert np.array_equal(run(noise, 200, [7]), first)
    noise.reset(100)
    late = run(noise, 200, [64], start=100)
    assert np.array_equal(late[1, 100:], first[1, 100:])
    assert np.array_equal(late[0, 100:], first[0, :100])


def test_amplitude_and_expression_scale_and_silence_is_zero():
    values, noise = source(kind=("rand", "white", "silence", "rand") * 2)
    plain = run(noise, 100, [4])
    values.update({f"/noise/{i}/amplitude": 0.3 * i for i in range(1, 9)})
    values.set("/noise/expression", 2.5)
    noise.reset()
    gains = np.array([0.3 * i for i in range(1, 9)]) * 2.5
    assert np.array_equal(run(noise, 100, [4]), plain * gains[:, None])
    assert not plain[[2, 6]].any()
    assert plain[[0, 1, 3, 4, 5, 7]].all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(NOISES), st.floats(0, 100), st.floats(0, 4)),
        min_size=8,
        max_size=8,
    ),
    st.floats(0, 4),
    st.integers(-(2**70), 2**70),
)
def test_no_output_exceeds_amplitude_times_expression(
    channels: list[tuple[str, float, float]], expression: float, seed: int
):
    kinds, frequencies, amplitudes = zip(*channels, strict=True)
    values, noise = source(
        seed=seed, kind=kinds, frequency=frequencies, amplitude=amplitudes, rate=48000
    )
    values.set("/noise/expression", expression)
    limits = np.array([a * expression for a in amplitudes])[:, None]
    assert (np.abs(run(noise, 300, [3])) <= limits).all()


def test_memory_does_not_grow_while_everything_moves():
    values, noise = source(kind=("rand", "white") * 4)
    out = np.zeros((8, 2))

    def play(blocks: int) -> None:
        for block in range(blocks):
            values.set("/noise/1/frequency", float(block % 100))
            values.set("/noise/2/kind", float(block % 3))
            noise.evaluate(2 * block, out)

    play(200)
    tracemalloc.start()
    play(200)
    before = tracemalloc.get_traced_memory()[0]
    play(2000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2000
