"""Sound to try an encoder with: notes and noise of many pitches, colours and levels."""

import numpy as np
from numpy.typing import NDArray


def trial_sound(samples: int, rate: int, *, seed: int) -> NDArray[np.float32]:
    """Return float32 (samples,), the same for the same seed; peaks stay below 1."""
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
