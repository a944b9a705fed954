"""Render a training corpus: minutes of one timbre family, in one key, at one loudness.

A corpus is a family and a seed: it is rebuilt in seconds and never stored. Every note lies in one
pentatonic scale, which is why the latents learned from it sound consonant wherever they are played.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training.levelling import level
from models.training.modal import Foundry, strike
from models.training.phrases import Ensemble
from models.training.soundfont import FONT, SAMPLE_RATE, CorpusError, play

# Choir aahs, voice oohs, synth voice, both string ensembles, synth strings, choir pad, warm pad.
CHOIR = Ensemble((52, 53, 54, 48, 49, 50, 91, 89), 40, 79, (1, 4), (1.0, 5.0), (0.0, 0.6))
# Church and reed organ, accordion, harmonica, bandoneon, oboe, cor anglais, bassoon, clarinet.
REED = Ensemble((16, 19, 20, 21, 22, 23, 68, 69, 70, 71), 45, 81, (1, 3), (0.6, 4.0), (0.0, 0.4))
# Nylon and steel guitar, harp, dulcimer, koto, kalimba.
PLUCKED = Ensemble((24, 25, 46, 15, 107, 108), 45, 84, (1, 3), (0.3, 2.5), (0.0, 0.3))

FAMILIES: dict[str, Ensemble | Foundry] = {
    "choir": CHOIR,
    "metal": Foundry(),
    "plucked": PLUCKED,
    "reed": REED,
}


def render(
    family: str, seconds: float, seed: int, scratch: Path, font: Path = FONT
) -> NDArray[np.float32]:
    """Return a levelled mono corpus, float32 (samples,), 44.1 kHz.

    Raises CorpusError naming what is missing.
    """
    if family not in FAMILIES:
        raise CorpusError(f"family {family!r} is not known; known: {', '.join(sorted(FAMILIES))}")
    source = FAMILIES[family]
    if isinstance(source, Foundry):
        raw = strike(source, seconds, seed, SAMPLE_RATE)
    else:
        raw = play(source, seconds, seed, scratch, font)
    return level(raw, SAMPLE_RATE)


def needs_font(family: str) -> bool:
    """Return whether a family is rendered from a soundfont."""
    return isinstance(FAMILIES[family], Ensemble)
