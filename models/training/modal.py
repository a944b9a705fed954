"""Bars, bells, bowls, plates and gongs by modal synthesis, struck and bowed, tuned to a scale.

A body is a list of mode ratios. Each mode is a pair of decaying sines a little apart, so that it
beats, and a bow or mallet sets how it begins. Ratios: free bar (Fletcher and Rossing, The Physics
of Musical Instruments), church bell with its minor third, singing bowl, supported plate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

_BLOCK = 512
_LONGEST = 10.0
_HIGHEST_HZ = 16_000.0
_PITCHED_HZ = 6_000.0
_FADED = 6.9  # nepers in 60 dB
_AIR = 3e-4

Ratios = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """A kind of metal: how often it is struck, its range in MIDI notes, tone count of its modes."""

    weight: float
    low: int
    high: int
    ratios: tuple[float, ...]
    clustered: int = 0


def _plate_ratios() -> tuple[float, ...]:
    """Return the 28 lowest modes of a supported plate with sides 1 and 0.887."""
    across, along = np.meshgrid(np.arange(1, 9), np.arange(1, 8))
    modes = np.unique(np.round((across**2 + 1.27 * along**2).ravel() / 2.27, 3))
    return tuple(float(mode) for mode in modes[:28])


BODIES = {
    "bar": Body(0.20, 62, 89, (1.0, 2.756, 5.404, 8.933, 13.345, 18.638)),
    "bell": Body(
        0.25,
        60,
        84,
        (0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166, 5.433, 6.796, 8.215),
    ),
    "bowl": Body(0.30, 55, 79, (1.0, 2.71, 5.08, 8.15, 11.9, 16.2)),
    "plate": Body(0.10, 52, 67, _plate_ratios()),
    "gong": Body(0.15, 41, 57, (1.0, 1.52, 1.98, 2.44), clustered=24),
}


@dataclass(frozen=True)
class Foundry:
    """What a corpus of metal plays: the scale its modes are tuned to, the share that is bowed.

    `root` counts semitones above C, `scale` semitones above the root.
    """

    root: int = 2
    scale: tuple[int, ...] = (0, 3, 5, 7, 10)
    bowed: float = 0.35


@dataclass(frozen=True)
class Modes:
    """Decaying sines: frequency (Hz), amplitude, 60 dB decay and rise time (s), phase (rad)."""

    hertz: Ratios
    amplitude: Ratios
    decay: Ratios
    rise: Ratios
    phase: Ratios

    def sound(self, seconds: float, sample_rate: int) -> NDArray[np.float32]:
        """Return their sum, float32 (samples,).

        Sample b * 512 + k of a mode is the real part of exp(s b 512) exp(s k): one matrix product.
        """
        blocks = max(1, round(seconds * sample_rate / _BLOCK))
        turn = 2j * np.pi * self.hertz
        falling, rising = turn - _FADED / self.decay, turn - 1.0 / self.rise - _FADED / self.decay
        start = self.amplitude * np.exp(1j * self.phase)
        poles = np.concatenate([falling, rising]) / sample_rate
        coarse: NDArray[np.complex128] = np.exp(np.outer(np.arange(blocks) * _BLOCK, poles))
        coarse *= np.concatenate([start, -start])
        fine: NDArray[np.complex128] = np.exp(np.outer(poles, np.arange(_BLOCK)))
        left = np.concatenate([coarse.real, -coarse.imag], 1).astype(np.float32)
        right = np.concatenate([fine.real, fine.imag], 0).astype(np.float32)
        return (left @ right).reshape(-1)


def strike(foundry: Foundry, seconds: float, seed: int, sample_rate: int) -> NDArray[np.float32]:
    """Return metal struck and bowed at random, float32 (samples,)."""
    dice = np.random.default_rng(seed)
    samples = round(seconds * sample_rate)
    # the air of a room: no recording is silent between partials
    total = np.float32(_AIR) * dice.standard_normal(samples, np.float32)
    names = list(BODIES)
    weights = [BODIES[name].weight for name in names]
    now = 0.0
    while now < seconds:
        body = BODIES[names[int(dice.choice(len(names), p=weights))]]
        sound = _note(body, foundry, sample_rate, dice)
        start = int(now * sample_rate)
        end = min(samples, start + len(sound))
        total[start:end] += sound[: end - start]
        near = dice.random() < 0.35
        now += dice.uniform(0.05, 0.4) if near else dice.uniform(0.4, 2.0)
    return total


def _note(
    body: Body, foundry: Foundry, sample_rate: int, dice: np.random.Generator
) -> NDArray[np.float32]:
    """Return one note, float32 (samples,), peak -18 to 0 dBFS, faded out at its end."""
    notes = [
        note
        for note in range(body.low, body.high + 1)
        if (note - foundry.root) % 12 in foundry.scale
    ]
    pitch = 440.0 * 2 ** ((int(dice.choice(notes)) - 69) / 12)
    bowed = dice.random() < foundry.bowed
    length = dice.uniform(1.5, 7.0)
    modes = _modes(body, foundry, pitch, length, bowed, dice)
    sound = modes.sound(min(1.2 * length, _LONGEST), sample_rate)
    sound /= np.abs(sound).max() + 1e-9
    sound += _touch(len(sound), length, bowed, sample_rate, dice)
    fade = min(len(sound), sample_rate // 10)
    sound[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    peak = 10 ** (dice.uniform(-18.0, 0.0) / 20)
    return sound * np.float32(peak)


def _touch(
    samples: int, length: float, bowed: bool, sample_rate: int, dice: np.random.Generator
) -> NDArray[np.float32]:
    """Return the noise of a mallet, a short thud or click, or of a bow, a hiss under the note."""
    low = dice.uniform(200.0, 2000.0)
    colour = butter(
        1, (low, low * dice.uniform(2.0, 6.0)), "bandpass", fs=sample_rate, output="sos"
    )
    noise = np.asarray(sosfilt(colour, dice.standard_normal(samples)))
    time = np.arange(samples) / sample_rate
    if bowed:
        shape = (1.0 - np.exp(-time / 0.2)) * np.exp(-time * _FADED / (1.5 * length))
        loudness = dice.uniform(-46.0, -34.0)
    else:
        shape = np.exp(-time / dice.uniform(0.005, 0.05))
        loudness = dice.uniform(-26.0, -10.0)
    scale = 10 ** (loudness / 20) / (noise.std() + 1e-9)
    return (scale * noise * shape).astype(np.float32)


def _modes(
    body: Body,
    foundry: Foundry,
    pitch: float,
    length: float,
    bowed: bool,
    dice: np.random.Generator,
) -> Modes:
    """Return the modes of one note; high modes are weaker, shorter and, in a gong, slower."""
    spread = 1.2 + 9.0 * dice.random(body.clustered)
    hertz = pitch * np.concatenate([np.asarray(body.ratios), spread])
    hertz = tuned(hertz, foundry, dice)
    hertz = np.concatenate([hertz, hertz * (1.0 + dice.uniform(4e-4, 3e-3, len(hertz)))])
    hertz = hertz[hertz < _HIGHEST_HZ]
    count, slope = len(hertz), dice.uniform(0.3, 1.4)
    decay = length * (pitch / hertz) ** dice.uniform(0.3, 0.8)
    amplitude = (pitch / hertz) ** slope * np.exp(dice.normal(0.0, 0.5, count))
    first = dice.uniform(0.1, 0.5) if bowed else dice.uniform(2e-4, 3e-3)
    # in a gong the energy climbs from the low modes to the high ones
    climb = (hertz / pitch) ** 0.7 * (6.0 if body.clustered and not bowed else 1.0)
    rise = first * climb if body.clustered else np.full(count, first)
    return Modes(hertz, amplitude, decay, rise, dice.uniform(0.0, 2.0 * np.pi, count))


def tuned(hertz: Ratios, foundry: Foundry, dice: np.random.Generator) -> Ratios:
    """Return frequencies drawn to the nearest tone of the scale, within some cents of it.

    A founder tunes the modes that are heard as pitches; those above 6 kHz stay where they are.
    """
    note = 69.0 + 12.0 * np.log2(hertz / 440.0)
    tones = np.array([n for n in range(0, 140) if (n - foundry.root) % 12 in foundry.scale], float)
    nearest = tones[np.abs(note[:, None] - tones).argmin(1)] + dice.normal(0.0, 0.06, len(note))
    return 440.0 * 2 ** ((np.where(hertz < _PITCHED_HZ, nearest, note) - 69.0) / 12)
