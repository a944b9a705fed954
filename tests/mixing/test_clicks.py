"""Every parameter of mix and master at once, on tones: nothing sharper than the tones is heard."""

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.mixing import Master, Mixer
from appliance.parameters import Table, Values
from appliance.presets.clicks import LIMIT_DB, click_db
from tests.presets.random_settings import random_settings

RATE, BLOCK = 44100, 256
TABLE = Table(4)


def settings(seed: int) -> NDArray[np.float64]:
    """Return random settings that are heard and do not clip the tones."""
    drawn = random_settings(TABLE, seed)
    for index, parameter in enumerate(TABLE):
        if "level_db" in parameter.address:
            drawn[index] = np.clip(drawn[index], -20, -3)
        if parameter.address.endswith(("makeup_db", "compressor/saturation")):
            drawn[index] = 0
        if parameter.address.endswith("/autopan"):
            drawn[index] = 0  # its own turns, now and then, would be taken for the change's
        if parameter.address.startswith("/master/limiter"):
            drawn[index] = parameter.default
    return drawn


def tones(count: int) -> NDArray[np.float32]:
    time = np.arange(count) / RATE
    return np.array([0.2 * np.sin(2 * np.pi * f * time) for f in (110, 147, 196, 262)], np.float32)


@pytest.mark.parametrize("seed", range(12))
def test_everything_at_once_on_tones(seed: int) -> None:
    values = Values(TABLE)
    values.array[:] = settings(seed)
    mixer, master = Mixer(values, 4, RATE, BLOCK), Master(values, RATE, BLOCK)
    voices = tones(300 * BLOCK)
    out = np.zeros((2, voices.shape[1]), np.float32)
    for block in range(300):
        if block == 150:
            values.array[:] = settings(seed + 100)
        part = slice(block * BLOCK, (block + 1) * BLOCK)
        mixer.process(voices[:, part], out[:, part])
        master.process(out[:, part])
    at = 150 * BLOCK
    change = slice(at, at + RATE // 5)
    found = click_db(out, change, slice(at - RATE // 2, at), slice(at + RATE // 3, None))
    assert found < LIMIT_DB


def test_a_step_is_found_and_music_is_not() -> None:
    sound = np.repeat(tones(RATE).sum(axis=0)[None], 2, axis=0)
    parts = (slice(20_000, 24_000), slice(0, 20_000), slice(24_000, None))
    assert click_db(sound, *parts) < -100
    for height, expected in ((0.01, -37.0), (0.001, -57.0)):
        clicked = sound.copy()
        clicked[:, 22_000:] += height
        assert click_db(clicked, *parts) == pytest.approx(expected, abs=2)
