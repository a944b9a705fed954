"""Phases that follow the peaks: a written-out rule, tones that stay tones, twins that differ."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from appliance.decoders import phases
from appliance.decoders.graph import Graph
from appliance.decoders.layers import Chain, Dense
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.vschaos2 import MagnitudeLaw, SpectralDecoder

SIZE, HOP = 2048, 512
BINS = SIZE // 2 + 1
RATE = 44_100

Array = NDArray[np.float32]


class Choice:
    """The graph's choice of phases alone."""

    def __init__(self) -> None:
        graph = Graph()
        magnitudes = graph.reshape(graph.input("z", 1, BINS).name, BINS)
        for name, given in zip(
            ("phase", "given"), phases.choose(graph, magnitudes, BINS, HOP), strict=True
        ):
            graph.output(name, given, (BINS,))
        self.session = ort.InferenceSession(graph.serialize({}), providers=["CPUExecutionProvider"])
        self.past = np.zeros((1, BINS), np.float32)

    def __call__(self, magnitudes: Array, turn: Array, peaks: float = 1.0) -> tuple[Array, Array]:
        feed = {
            "z": magnitudes[None, None],
            "noise0": turn[None],
            "peaks": np.full((1, 1), peaks, np.float32),
            "state0": self.past,
        }
        made = self.session.run(["phase", "given", "state0_next"], feed)
        phase, given, self.past = (np.asarray(array) for array in made)
        return phase[0], given[0]


def window() -> Array:
    """Return a Gaussian that has fallen to 0.01 at both ends."""
    centred = np.arange(SIZE) + 0.5 - SIZE / 2
    return np.exp(-(centred**2) * 4 * np.log(100) / SIZE**2).astype(np.float32)


def chord(*hertz: float, noise: float = 0.0) -> Array:
    """Return magnitudes (1025,) of tones of amplitude 1 and of noise."""
    time = np.arange(SIZE) / RATE
    sound = sum(np.sin(2 * np.pi * f * time + n) for n, f in enumerate(hertz))
    sound = sound + noise * np.random.default_rng(1).standard_normal(SIZE)
    return np.abs(np.fft.rfft(sound * window())).astype(np.float32)


def written_out(magnitudes: Array, past: Array, turn: Array) -> tuple[Array, Array]:
    """Return phases and magnitudes bin by bin, as the docstring says."""
    level = np.log(np.maximum(magnitudes, 1e-6).astype(np.float64))
    at = range(1, BINS - 1)
    peaks = [k for k in at if level[k] >= level[max(0, k - 2) : k + 3].max()]
    phase, given = turn.astype(np.float64), magnitudes.astype(np.float64)
    for k in range(BINS):
        peak = min(peaks, key=lambda p: (abs(p - k), p))
        around = level[max(0, peak - 15) : peak + 16].mean()
        if abs(peak - k) <= 16 and level[peak] - around > 3 * np.log(10) / 20:
            before, middle, after = level[peak - 1 : peak + 2]
            offset = 0.5 * (before - after) / min(before - 2 * middle + after, -1e-6)
            frequency = peak + np.clip(offset, -0.5, 0.5)
            phase[k] = (past[peak] + frequency * HOP / SIZE + abs(peak - k) / 2) % 1
            given[k] *= np.sqrt(HOP / SIZE)
    return phase.astype(np.float32), given.astype(np.float32)


def test_the_graph_does_what_is_written() -> None:
    choice, dice = Choice(), np.random.default_rng(2)
    sounds = (chord(220, 331, 1234, noise=0.1), chord(222, 700, noise=0.1), chord(90, noise=0.5))
    phase = choice(sounds[0], dice.random(BINS, np.float32))[0]
    for magnitudes in (*sounds, *sounds):
        turn = dice.random(BINS, np.float32)
        wanted, level = written_out(magnitudes, phase, turn)
        phase, given = choice(magnitudes, turn)
        apart = np.abs(phase - wanted)
        assert np.minimum(apart, 1 - apart).max() < 1e-3
        assert np.allclose(given, level, rtol=1e-6)
        followed = (phase != turn).sum()
        assert 50 < followed < BINS - 50  # tones and noise both


def test_the_first_frame_and_rows_without_peaks_are_random() -> None:
    choice, dice = Choice(), np.random.default_rng(3)
    magnitudes = chord(440, 1000)
    for peaks in (1.0, 0.0, 0.0):
        turn = dice.random(BINS, np.float32)
        phase, given = choice(magnitudes, turn, peaks)
        assert np.array_equal(phase, turn)
        assert np.array_equal(given, magnitudes)


@pytest.mark.parametrize("magnitudes", [np.zeros(BINS), np.ones(BINS), np.arange(BINS) * 1e9])
def test_any_magnitudes_give_phases(magnitudes: Array) -> None:
    choice, dice = Choice(), np.random.default_rng(4)
    for _ in range(4):
        phase, given = choice(magnitudes.astype(np.float32), dice.random(BINS, np.float32))
        assert np.isfinite(given).all()
        assert (phase >= 0).all() and (phase <= 1).all()


def decoder_file(path: Path, magnitudes: Array) -> Path:
    """Write a decoder that gives the same magnitudes in every frame."""
    energy = sum(np.roll(window() ** 2, shift) for shift in range(0, SIZE, HOP))
    dense = Dense(np.zeros((BINS, 8), np.float32), magnitudes)
    law = MagnitudeLaw("none", 1.0, 0.0, False, 0.0)
    inverse = (window() / energy).astype(np.float32)
    decoder = SpectralDecoder(8, (dense,), None, Chain(()), law, inverse, HOP)
    graph = Graph()
    decoder.write(graph)
    path.write_bytes(graph.serialize({"rate": RATE, "ratio": HOP, "latents": 8}))
    return path


def play(decoder: OnnxDecoder, frames: int, peaks: list[float]) -> Array:
    """Return audio (rows, samples)."""
    z = np.zeros((decoder.rows, 8), np.float32)
    audio = np.zeros((frames, decoder.rows, HOP), np.float32)
    decoder.peaks[:] = peaks
    for frame in audio:
        decoder.decode(z, [True] * decoder.rows, frame)
    return audio.transpose(1, 0, 2).reshape(decoder.rows, -1)


def spread(audio: Array, hertz: float) -> float:
    """Return the share of energy more than 15 Hz from a frequency, in dB."""
    power = np.square(np.abs(np.fft.rfft(audio * np.hanning(len(audio)))))
    far = np.abs(np.fft.rfftfreq(len(audio), 1 / RATE) - hertz) > 15
    return float(10 * np.log10(power[far].sum() / power.sum()))


def test_a_tone_stays_a_tone(tmp_path: Path) -> None:
    hertz = 443.7
    decoder = OnnxDecoder(decoder_file(tmp_path / "tone.onnx", chord(hertz)), [1, 2])
    steady, random = play(decoder, 200, [1, 0])[:, 20 * HOP :]
    assert spread(steady, hertz) < -40
    assert spread(random, hertz) > -10
    # half the amplitude that went in, which is what random phases leave of it, on average
    assert abs(10 * np.log10(np.square(steady).mean() / np.square(random).mean())) < 1.5
    assert np.abs(steady).max() == pytest.approx(0.5, rel=0.05)


def test_twins_differ_and_a_decoder_repeats_itself(tmp_path: Path) -> None:
    path = decoder_file(tmp_path / "chord.onnx", chord(220, 331, 1234, noise=0.05))
    twins = OnnxDecoder(path, [1, 2])
    sound = play(twins, 60, [1, 1])
    level = float(sound.std())
    assert np.abs(sound[0] - sound[1])[20 * HOP :].std() > 0.3 * level
    for row in (0, 1):
        alone = play(OnnxDecoder(path, [row + 1]), 60, [1])
        assert np.allclose(alone[0], sound[row], atol=1e-4 * level)
        twins.reset(row)
    assert np.array_equal(play(twins, 60, [1, 1]), sound)


def test_the_choice_can_change_while_it_plays(tmp_path: Path) -> None:
    hertz = 443.7
    decoder = OnnxDecoder(decoder_file(tmp_path / "tone.onnx", chord(hertz)), [1])
    shares = [spread(play(decoder, 60, [peaks])[0, 8 * HOP :], hertz) for peaks in (1, 0, 1)]
    assert max(shares[0], shares[2]) < -40 < -10 < shares[1]
