"""Makes the short sounds and latents that the factory presets play from.

`python -m models.phrases` writes presets/samples/ and presets/latents/. All of it is synthesised
here, in D minor pentatonic at 120 beats a minute, like the music of the factory models.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import lfilter

from appliance.jam.arrays import write_latents
from appliance.jam.encoding import encode_file
from appliance.jam.filling import random_latents
from appliance.places import factory_folder

RATE = 22050
BEAT = 0.5
SCALE = (146.83, 174.61, 196.0, 220.0, 261.63, 293.66)
"""D minor pentatonic from D3 to D4, in Hz."""

Signal = NDArray[np.float64]


def _seconds(seconds: float) -> Signal:
    return np.arange(round(seconds * RATE)) / RATE


def _band(signal: Signal, centre: Signal | float, width: float) -> Signal:
    """Return `signal` through a resonance whose centre may move, in blocks of 10 ms."""
    centres = np.broadcast_to(centre, signal.shape)
    out, state = np.zeros_like(signal), np.zeros(2)
    radius = np.exp(-np.pi * width / RATE)
    step = RATE // 100
    for start in range(0, len(signal), step):
        turn = 2 * np.pi * centres[start] / RATE
        poles = [1, -2 * radius * np.cos(turn), radius**2]
        part = signal[start : start + step]
        out[start : start + step], state = lfilter([1 - radius], poles, part, zi=state)
    return out


def voice() -> Signal:
    """Return a sung phrase of four vowels, 4 s."""
    time = _seconds(4)
    notes = np.repeat([SCALE[0], SCALE[2], SCALE[3], SCALE[1]], len(time) // 4)
    glide = lfilter([0.002], [1, -0.998], notes - notes[0]) + notes[0]
    pitch = glide * (1 + 0.006 * np.sin(2 * np.pi * 5.2 * time))
    phase = np.cumsum(pitch) / RATE
    pulse = np.diff(np.floor(phase), prepend=0.0) + 0.004 * _noise(len(time), 1)
    mouth = np.array([[730, 1090, 2440], [530, 1840, 2480], [270, 2290, 3010], [570, 840, 2410]])
    where = np.linspace(0, 3.999, len(time))
    formants = [np.interp(where, np.arange(5), np.r_[row, row[0]]) for row in mouth.T]
    sung = sum(g * _band(pulse, f, 90) for g, f in zip((1, 0.6, 0.3), formants, strict=True))
    return np.asarray(sung) * (0.75 - 0.25 * np.cos(2 * np.pi * time / 1.0))


def beat() -> Signal:
    """Return one bar of drums, 2 s."""
    out = np.zeros(4 * round(BEAT * RATE))
    time = _seconds(0.3)
    kick = np.sin(2 * np.pi * (45 * time + 6 * (1 - np.exp(-time * 30)))) * np.exp(-time * 14)
    hiss = _noise(len(time), 2)
    snare = (0.6 * hiss + 0.4 * np.sin(2 * np.pi * 190 * time)) * np.exp(-time * 22)
    hat = np.diff(hiss, prepend=0.0) * np.exp(-time * 70)
    for sound, gain, beats in (
        (kick, 1.0, (0, 1.75, 2.5)),
        (snare, 0.7, (1, 3)),
        (hat, 0.3, (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.25, 3.5, 3.75)),
    ):
        for at in beats:
            start = round(at * BEAT * RATE)
            end = min(len(out), start + len(sound))
            out[start:end] += gain * sound[: end - start]
    return out


def plucks() -> Signal:
    """Return plucked strings, an arpeggio of 4 s."""
    out = np.zeros(round(5 * RATE))
    for number, note in enumerate((0, 2, 4, 5, 3, 1, 4, 2)):
        period = round(RATE / (2 * SCALE[note]))
        excited = np.zeros(round(1.5 * RATE))
        excited[:period] = _noise(period, 10 + number)
        loop = np.zeros(period + 2)
        loop[0], loop[period], loop[period + 1] = 1, -0.4985, -0.4985
        start = round(number * BEAT * RATE)
        out[start : start + len(excited)] += lfilter([1], loop, excited)[: len(out) - start]
    out[: round(1 * RATE)] += out[round(4 * RATE) :]
    return out[: round(4 * RATE)]


def bow() -> Signal:
    """Return a bowed string that glides up a fifth and back, 4 s."""
    time = _seconds(4)
    pitch = SCALE[0] * 1.5 ** (0.5 - 0.5 * np.cos(2 * np.pi * time / 4))
    phase = np.cumsum(pitch * (1 + 0.005 * np.sin(2 * np.pi * 6 * time))) / RATE
    string = sum(np.sin(2 * np.pi * n * phase) / n for n in range(1, 13)) * (
        0.6 - 0.4 * np.cos(2 * np.pi * time / 2)
    )
    return np.asarray(string) + 0.05 * _noise(len(time), 3)


def rain() -> Signal:
    """Return drops on metal and leaves, 3 s."""
    random = np.random.default_rng(4)
    out = 0.02 * _noise(3 * RATE, 5)
    for _ in range(70):
        time = _seconds(random.uniform(0.02, 0.12))
        pitch = random.uniform(700, 4000) * (1 + time * random.uniform(0, 6))
        drop = np.sin(2 * np.pi * pitch * time) * np.exp(-time * random.uniform(40, 120))
        start = random.integers(0, len(out) - len(drop))
        out[start : start + len(drop)] += random.uniform(0.1, 0.8) * drop
    return out


def steps() -> Signal:
    """Return a bar of sixteen held latents, (8, 16): four states, the fourth varied."""
    random = np.random.default_rng(21)
    a, b, c, d, e = random.normal(0, 1.1, (5, 8))
    return np.array([a, a, b, a, c, a, b, b, a, a, b, a, c, d, e, d]).T


def hymn() -> Signal:
    """Return eight chords, each held and bent into the next, (8, 64)."""
    chords = np.random.default_rng(8).normal(0, 0.9, (8, 8))
    way = np.repeat(chords, 8, axis=0)
    for lead in range(1, 4):
        way[8 - lead :: 8] += (1 - lead / 4) * (np.roll(chords, -1, axis=0) - chords)
    return way.T


def strikes() -> Signal:
    """Return a rhythm of strikes that die away, (8, 64)."""
    random = np.random.default_rng(33)
    out = np.tile(random.normal(0, 0.3, 8)[:, None], 64)
    for at in (0, 12, 16, 28, 32, 40, 48, 60):
        decay = np.exp(-np.arange(64) / 4.0)
        out += random.normal(0, 1.6, 8)[:, None] * np.roll(decay, at)
    return out


def tide() -> Signal:
    """Return waves of lengths that share the loop, (8, 64)."""
    turn = 2 * np.pi * np.arange(64) / 64
    cycles, phases = (1, 2, 1, 3, 2, 5, 4, 3), (0.0, 1.1, 2.3, 0.4, 4.0, 5.2, 3.3, 1.9)
    return np.array(
        [1.6 / k**0.4 * np.sin(k * turn + p) for k, p in zip(cycles, phases, strict=True)]
    )


def breath() -> Signal:
    """Return in and out, the out longer, (8, 48)."""
    share = np.arange(48) / 48
    swell = np.where(share < 0.4, share / 0.4, ((1 - share) / 0.6) ** 1.5)
    lean = np.array([1.8, -1.2, 0.7, 1.0, -0.6, 0.9, -0.8, 0.4])[:, None]
    return lean * (swell - 0.5) + 0.1 * np.sin(2 * np.pi * np.arange(1, 9)[:, None] * share)


SAMPLES: tuple[Callable[[], Signal], ...] = (voice, beat, plucks, bow, rain)
LATENTS: tuple[Callable[[], Signal], ...] = (steps, hymn, strikes, tide, breath)


def main() -> None:
    """Write everything."""
    from appliance.decoders.library import Library  # noqa: PLC0415 (loads ONNX Runtime)

    folder = factory_folder("presets")
    (folder / "samples").mkdir(exist_ok=True)
    for make in SAMPLES:
        signal = make()
        level = 0.5 / np.abs(signal).max()
        path = folder / "samples" / f"{make.__name__}.ogg"
        soundfile.write(path, level * signal, RATE, format="OGG", subtype="VORBIS")
    latents: dict[str, NDArray[np.float32]] = {
        make.__name__: make().astype(np.float32) for make in LATENTS
    }
    latents["walk"] = random_latents("walk", 64, 1.3, 5)
    latents["seeds"] = random_latents("uniform", 64, 1.8, 12)
    for name in ("voice", "plucks"):
        source = folder / "samples" / f"{name}.ogg"
        latents[f"{name}-choir"] = encode_file(Library(), "choir-wave", source).latents
        latents[f"{name}-metal"] = encode_file(Library(), "metal-wave", source).latents
    for name, array in latents.items():
        write_latents(Path(folder) / "latents" / f"{name}.npy", array)


def _noise(count: int, seed: int) -> Signal:
    return np.random.default_rng(seed).uniform(-1, 1, count)


if __name__ == "__main__":
    main()
