"""Play phrases through a free soundfont with fluidsynth."""

import hashlib
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.training.phrases import Ensemble, midi_file, phrases

SAMPLE_RATE = 44_100
FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

_OPTIONS = ("-ni", "-q", "-r", str(SAMPLE_RATE), "-g", "0.8", "-C", "0", "-R", "1", "-F")


class CorpusError(RuntimeError):
    """The corpus cannot be rendered here; the message says what is missing."""


def missing(font: Path = FONT) -> str:
    """Return in one sentence what rendering lacks here, or an empty string."""
    if not font.is_file():
        return f"soundfont {font} is missing (Debian package fluid-soundfont-gm)"
    if shutil.which("fluidsynth") is None:
        return "fluidsynth is not installed (Debian package fluidsynth)"
    return ""


def play(
    ensemble: Ensemble, seconds: float, seed: int, scratch: Path, font: Path = FONT
) -> NDArray[np.float32]:
    """Return phrases played, mono float32 (samples,), 44.1 kHz; scratch holds passing files.

    Raises CorpusError naming what is missing.
    """
    lacking, synth = missing(font), shutil.which("fluidsynth")
    if lacking or synth is None:
        raise CorpusError(lacking)
    scratch.mkdir(parents=True, exist_ok=True)
    score, raw = scratch / f"{seed}.mid", scratch / f"{seed}.raw.wav"
    dice = random.Random(seed)  # noqa: S311 (music, not secrets)
    score.write_bytes(midi_file(phrases(ensemble, seconds, dice)))
    done = subprocess.run(  # noqa: S603 (the program was found by name, no shell)
        [synth, *_OPTIONS, str(raw), str(font), str(score)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not raw.is_file():
        raise CorpusError(f"fluidsynth failed ({done.returncode}): {done.stderr.strip()[-300:]}")
    stereo, _ = soundfile.read(raw, dtype="float32", always_2d=True)
    raw.unlink()
    score.unlink()
    return stereo.mean(1)[: round(seconds * SAMPLE_RATE)]


def font_sha256(font: Path = FONT) -> str:
    """Return the hex SHA-256 of the soundfont, read in blocks."""
    digest = hashlib.sha256()
    with font.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
