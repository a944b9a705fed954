"""The clock against audio-rate references, and against MIDI pulses that come as they like."""

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.latent import Clock, Noise, Oscillators
from appliance.latent.clock import CYCLE_BEATS, FACTORS
from appliance.latent.midi_clock import MidiClock
from appliance.parameters import Table, Values
from appliance.parameters.table import BEATS, SYNCS
from tests.latent.test_noise import number

RATE = 44100
LENGTHS = ("16 beats", "3 beats", "2 beats", "1 beat", "1/2 beat", "1/3 beat", "1/6 beat", "off")


def clocked(tempo: float, max_instants: int = 64):
    values = Values(Table())
    values.set("/clock/tempo", tempo)
    for channel, length in enumerate(LENGTHS, 1):
        values.set(f"/oscillators/{channel}/waveform", "saw")
        values.set(f"/oscillators/{channel}/frequency", 7.3)
        values.set(f"/noise/{channel}/kind", "rand")
        for module in ("oscillators", "noise"):
            values.set(f"/{module}/{channel}/sync", length)
    clock = Clock(values, RATE, max_instants=max_instants)
    saws = Oscillators(values, RATE, clock=clock, max_instants=max_instants)
    ramps = Noise(values, RATE, 5, clock=clock, max_instants=max_instants)
    return values, clock, saws, ramps


def play(parts: tuple[Values, Clock, Oscillators, Noise], instants: int, sizes: list[int]):
    _, clock, saws, ramps = parts
    out = np.full((2, 8, instants), np.nan)
    start = turn = 0
    while start < instants:
        n = min(sizes[turn % len(sizes)], instants - start)
        clock.advance(start, n)
        saws.evaluate(start, out[0, :, start : start + n])
        ramps.evaluate(start, out[1, :, start : start + n])
        start, turn = start + n, turn + 1
    return out


def master(tempo: float, samples: int) -> NDArray[np.uint64]:
    """The clock's phase at samples -1, 0 ..., one increment per sample."""
    increment = round(tempo / 60 / CYCLE_BEATS * 2.0**64 / RATE)
    steps = np.full(samples + 1, increment, np.uint64)
    steps[0] = -increment % 2**64
    return np.add.accumulate(steps)


@pytest.mark.parametrize("tempo", [20.0, 97.3, 300.0])
def test_synchronised_waves_are_the_last_samples_of_audio_rate_ones(tempo: float):
    seconds = 60
    instants = seconds * RATE // 128 + 1
    out = play(clocked(tempo), instants, [2, 1, 8, 0, 64])
    phases = master(tempo, seconds * RATE)
    for channel, length in enumerate(LENGTHS[:-1]):
        phase = phases * FACTORS[SYNCS.index(length)]
        p = (phase // np.uint64(2048)).astype(np.float64) / 2.0**53
        assert np.array_equal(out[0, channel], (2 * p - 1)[::128][:instants]), length
        wraps = np.concatenate(([0], np.cumsum(phase[1:] < phase[:-1]))) - 1
        knots = np.array([number(5, 2, channel, i) for i in range(-1, int(wraps[-1]) + 2)])
        left, right = knots[wraps + 1], knots[wraps + 2]
        assert np.array_equal(out[1, channel], (left + (right - left) * p)[::128][:instants])
    free = clocked(tempo + 1 if tempo < 300 else 20)
    assert np.array_equal(out[:, 7], play(free, instants, [64])[:, 7])


@pytest.mark.parametrize("seed", range(3))
def test_how_calls_are_cut_does_not_change_a_bit(seed: int):
    sizes = np.random.default_rng(seed).integers(0, 65, 50).tolist() if seed else [1]
    whole = play(clocked(133.7, max_instants=3000), 3000, [3000])
    assert np.array_equal(whole, play(clocked(133.7), 3000, sizes))


def test_every_length_divides_the_cycle():
    for beats, factor in zip(BEATS.values(), FACTORS.tolist(), strict=True):
        assert factor * beats == (CYCLE_BEATS if beats else 0)


@pytest.mark.parametrize("bar", [1, 4, 7])
def test_a_bar_begins_at_the_very_sample(bar: int):
    values = Values(Table())
    values.set("/clock/tempo", 171.3)
    values.set("/clock/bar", bar)
    clock = Clock(values, RATE)
    increment, lines, position = clock.increment, list[int](), 0
    for sample in range(60 * RATE):
        if position * CYCLE_BEATS // (bar << 64) == len(lines):
            lines.append(sample)
        position += increment
    assert len(lines) == 60 * 171.3 / 60 // bar + 1
    start = instant = 0
    found = list[int]()
    while start < 59 * RATE:
        block = 300
        line = clock.bar_line(start)
        assert clock.bar_line(line) == line
        if line < start + block:
            found.append(line)
            assert clock.bar_line(line + 1) > line
        n = -(-(start + block) // 128) - instant
        clock.advance(instant, n)
        start, instant = start + block, instant + n
    assert found == lines[: len(found)] and len(found) >= len(lines) - 4


def test_a_new_tempo_moves_no_phase():
    values, clock, *_ = clocked(60)
    clock.advance(0, 10)
    before = clock.beat
    values.set("/clock/tempo", 120)
    clock.advance(10, 1)
    assert clock.beat - before == pytest.approx(2 * 128 / RATE)
    with pytest.raises(ValueError, match="Instant 11 comes next"):
        clock.advance(10, 1)


class Sequencer:
    """A MIDI clock whose pulses arrive up to `jitter` seconds late, and a box that hears it."""

    def __init__(self, tempo: float, jitter: float = 0.0) -> None:
        self.values = Values(Table())
        self.values.set("/clock/source", "midi")
        self.time = 0.0
        self.clock = Clock(self.values, RATE, now=lambda: self.time)
        self._random = np.random.default_rng(1)
        self._jitter = jitter
        self.period = 60 / tempo / 24
        self.pulses = 0
        self._due = 1.0
        self._arrival = 1.0
        self._instant = 0

    @property
    def beat(self) -> float:
        """Where the sequencer is."""
        return (self.pulses - 1 + (self.time - self._due + self.period) / self.period) / 24

    def run(self, seconds: float, *, pulsing: bool = True) -> list[float]:
        """Return the box's distance to the sequencer in seconds, block by block."""
        distances: list[float] = []
        end = self.time + seconds
        while self.time < end:
            self.time += 256 / RATE
            while pulsing and self._arrival <= self.time:
                self.clock.midi.pulse(self._arrival)
                self.pulses += 1
                self._due += self.period
                self._arrival = self._due + self._random.random() * self._jitter
            self.clock.advance(self._instant, 2)
            self._instant += 2
            distances.append((self.clock.beat - self.beat) * 24 * self.period)
        return distances


@pytest.mark.parametrize("tempo", [40.0, 123.4, 240.0])
def test_a_jittering_midi_clock_becomes_a_steady_beat(tempo: float):
    box = Sequencer(tempo, jitter=0.006)
    box.clock.midi.start()
    box.run(12)
    late = np.array(box.run(20)) + 0.003 - 256 / RATE  # jitter is late by half, a block is ahead
    assert np.abs(late).max() < 0.003
    assert box.clock.tempo == pytest.approx(tempo, rel=0.02)
    tempi: list[float] = []
    for _ in range(200):
        box.run(0.05)
        tempi.append(box.clock.tempo)
    assert np.std(tempi) < 0.01 * tempo


def test_the_beat_goes_on_when_pulses_stay_away_and_stands_when_told():
    box = Sequencer(120)
    assert box.clock.tempo == pytest.approx(120)  # nothing was heard yet: the own tempo
    box.clock.midi.start()
    box.run(8)
    before = box.clock.beat
    box.run(2, pulsing=False)
    assert box.clock.beat - before == pytest.approx(4, abs=0.1)
    box.clock.midi.stop()
    still = box.clock.beat
    box.run(1, pulsing=False)
    assert box.clock.increment == 0 and abs(box.clock.beat - still) < 0.02
    assert box.clock.bar_line(1000) > 10**15


def test_start_continue_and_position_set_the_place():
    box = Sequencer(120)
    box.run(3.2)
    box.clock.midi.start()
    box.run(2)
    assert box.clock.beat == pytest.approx(4, abs=0.1)
    box.clock.midi.stop()
    box.run(1)
    box.clock.midi.resume()
    box.run(1)
    assert box.clock.beat == pytest.approx(6, abs=0.15)
    box.clock.midi.place(64)
    box.run(0.5)
    assert box.clock.beat == pytest.approx(17, abs=0.15)


def test_pulses_of_no_tempo_are_not_believed():
    midi = MidiClock()
    for moment in (0.0, 0.0, -1.0, 5.0, 30.0):
        midi.pulse(moment)
        assert midi.reading is None
    for moment in np.arange(31, 32, 0.0001):  # 25,000 BPM
        midi.pulse(float(moment))
    assert midi.reading is not None and midi.reading.beats_per_second * 60 == pytest.approx(500)
