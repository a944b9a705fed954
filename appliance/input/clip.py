"""An audio file in memory, mono, at the engine's rate."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from appliance.errors import AudioError

LONGEST = 20 * 60
"""Seconds that a file may last: it lies in memory, 2 bytes a sample."""

FULL_SCALE = np.float32(2.0)
"""The sample value of the largest integer: files of floats may exceed 1."""

_CHUNK = 1 << 15  # frames read at once, so that no other thread waits for long
_STEP = np.float32(32767 / FULL_SCALE)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """The sound of `path`: int16 samples, `FULL_SCALE` at 32767."""

    path: Path
    samples: NDArray[np.int16]


def load_clip(path: Path, rate: int) -> Clip:
    """Read any format that libsndfile knows, mix its channels to one and resample it to `rate`.

    Raises AudioError if the file cannot be read, holds no sound or lasts longer than `LONGEST`.
    """
    try:
        with soundfile.SoundFile(path) as file:
            seconds = file.frames / file.samplerate
            if seconds > LONGEST:
                raise AudioError(
                    f"{path} lasts {seconds / 60:.0f} minutes, but the encoder plays files of up "
                    f"to {LONGEST // 60}: cut it."
                )
            parts = _read(file, rate)
    except soundfile.LibsndfileError as error:
        reason = str(error.error_string).rstrip(".")
        raise AudioError(
            f"{path} cannot be read as sound ({reason}): use WAV, FLAC, OGG, MP3 or AIFF."
        ) from error
    except (OSError, ValueError) as error:
        if isinstance(error, AudioError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise AudioError(f"{path} cannot be read ({reason}): check the file.") from error
    samples = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    if not len(samples):
        raise AudioError(f"{path} holds no sound: it must last at least one sample.")
    return Clip(path, samples)


def _read(file: soundfile.SoundFile, rate: int) -> list[NDArray[np.int16]]:
    parts: list[NDArray[np.int16]] = []
    resampler = None
    if file.samplerate != rate:
        resampler = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32", quality="HQ")
    while True:
        frames = file.read(_CHUNK, dtype="float32", always_2d=True)
        last = len(frames) < _CHUNK
        mono = np.nan_to_num(frames).mean(axis=1, dtype=np.float32)
        if resampler is not None:
            mono = resampler.resample_chunk(mono, last=last)
        np.clip(mono, -FULL_SCALE, FULL_SCALE, out=mono)
        parts.append(np.rint(mono * _STEP).astype(np.int16))
        if last:
            return parts
