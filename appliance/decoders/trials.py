"""Sound and latents to try a model with."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance import CONDITIONS


def trial_sound(samples: int, rate: int, *, seed: int) -> NDArray[np.float32]:
    """Return notes and noise of many pitches, colours and levels, the same for the same seed.

    Float32 (samples,); peaks stay below 1.
    """
    random = np.random.default_rng(seed)
    sound = np.zeros(samples)
    start = 0
    while start < samples:
        length = min(int(rate * random.uniform(0.05, 0.4)), samples - start)
        time = np.arange(length) / rate
        pitch = 60 * 2 ** random.uniform(0, 4.5)
        partials = np.arange(1, 1 + min(24, int(rate / 2 // pitch)))
        loudness = partials ** -random.uniform(0.5, 2)
        phases = 2 * np.pi * (np.outer(time * pitch, partials) + random.random(len(partials)))
        tone = np.sin(phases) @ loudness / loudness.sum()
        part = tone + random.uniform(0, 0.5) * random.uniform(-1, 1, length)
        fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.005)
        sound[start : start + length] = part * fade * 10 ** random.uniform(-2.5, -0.3)
        start += length
    return sound.astype(np.float32)


def trial_latents(count: int, frames: int, *, seed: int, codes: int = 0) -> NDArray[np.float32]:
    """Return latents (frames, 1, count) to try a model with: N(0, 1), or codes and some beyond."""
    random = np.random.default_rng(seed)
    if codes:
        return random.uniform(-0.1 * codes, 1.1 * codes, (frames, 1, count)).astype(np.float32)
    return random.standard_normal((frames, 1, count)).astype(np.float32)


def trial_conditions(classes: Sequence[int], frame: int) -> NDArray[np.float32]:
    """Return a label (CONDITIONS,) for each of `classes`, other ones for another frame."""
    labels = np.zeros(CONDITIONS, np.float32)
    for place, count in enumerate(classes):
        # Between two classes and beyond the last: whole numbers alone would not tell how it cuts.
        labels[place] = (frame * (place + 1) + 0.75 * (frame % 2)) % count if count else frame % 3
    return labels


def trial_noise(
    random: np.random.Generator, distribution: str, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return float32 numbers of `shape` for a random input of a graph."""
    if distribution == "normal":
        return random.standard_normal(shape, np.float32)
    return random.uniform(-1.0 if distribution == "symmetric" else 0.0, 1.0, shape).astype("f4")
