"""Makes the training package importable from the tests, and the tones they share."""

import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from torch import Tensor

    from models.training.evaluation import Music

sys.path.insert(0, str(Path(__file__).parents[2]))
if find_spec("torch") is None:
    # models are trained and read with torch; the instrument plays without it
    collect_ignore_glob = ["test_*.py"]

SAMPLE_RATE = 44_100
D_MINOR_PENTATONIC_HZ = (146.83, 174.61, 196.0, 220.0, 261.63, 293.66, 349.23, 392.0, 440.0)


def tones(seconds: float, seed: int) -> "Tensor":
    """Return chords of harmonic tones, float32 (samples,), at -18 dBFS, with a breath of noise."""
    import torch  # noqa: PLC0415 (see above)

    dice = np.random.default_rng(seed)
    total = int(seconds * SAMPLE_RATE)
    audio = 1e-4 * dice.standard_normal(total)
    start = 0
    while start < total:
        length = min(total - start, int(SAMPLE_RATE * dice.uniform(0.5, 1.5)))
        time = np.arange(length) / SAMPLE_RATE
        bright = dice.uniform(0.5, 2.5)
        for hertz in dice.choice(D_MINOR_PENTATONIC_HZ, 3, replace=False):
            for partial in range(1, 13):
                phase = 2 * np.pi * (hertz * partial * time + dice.random())
                audio[start : start + length] += np.sin(phase) / partial**bright
        audio[start : start + length] *= np.sin(np.pi * np.arange(length) / length) ** 0.5
        start += length
    audio *= 10 ** (-18 / 20) / np.sqrt(np.mean(audio**2))
    return torch.from_numpy(audio.astype(np.float32))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small operations on busy cores are many times faster on one thread."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> "Callable[[str], Music]":
    """Return held-out music by family, each rendered once."""
    from models.training import evaluation  # noqa: PLC0415

    scratch = tmp_path_factory.mktemp("held-out")
    return cache(lambda family: evaluation.held_out(family, scratch))


def check_font(family: str, corpus: dict[str, str]) -> None:
    """Skip where a family's music cannot be rendered as its record says it was."""
    from models.training.corpus import needs_font  # noqa: PLC0415
    from models.training.soundfont import font_sha256, missing  # noqa: PLC0415

    if needs_font(family):
        if lacking := missing():
            pytest.skip(lacking)
        if font_sha256() != corpus["font_sha256"]:
            pytest.skip("another version of the soundfont is installed")


@pytest.fixture(scope="session")
def other_tones() -> "Tensor":
    """Tones that no test trains on."""
    return tones(8.0, seed=12)


@pytest.fixture(scope="session")
def tone_audio() -> "Tensor":
    return tones(24.0, seed=5)
