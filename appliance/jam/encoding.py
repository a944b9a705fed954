"""Sound files turned into latents, offline, by a model's encoder."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from appliance.decoders.library import Library
from appliance.errors import LatentError
from appliance.jam.arrays import MIN_POINTS, checked_latents
from appliance.latent.clip import MAX_POINTS

RATES = (4000, 384000)
"""Sample rates in Hz of the files that are read."""

_BLOCK_SECONDS = 10.0


class Encoded(NamedTuple):
    """Latents, float32 (8, points), and how many points a second the model gives."""

    latents: NDArray[np.float32]
    rate: float


def encode_file(
    library: Library,
    model: str,
    path: Path,
    *,
    seconds: float | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> Encoded:
    """Return the latents of a sound file, or of its first `seconds`, channels mixed to one.

    `progress` is told the share of the work that is done. Raises LatentError if the file cannot be
    read or is too short or long, ModelError if the model cannot encode.
    """
    encoder = library.open_encoder(model)
    rate = encoder.rate / encoder.ratio
    sound = _read(path, encoder.rate, seconds, most=MAX_POINTS / rate)
    frames = len(sound) // encoder.ratio
    if frames < MIN_POINTS:
        raise LatentError(
            f"{path} lasts {len(sound) / encoder.rate:.3g} s; {model} needs at least "
            f"{MIN_POINTS / rate:.2g} s. Take a longer one."
        )
    points = np.empty((frames, encoder.latents), np.float32)
    for frame, audio in enumerate(sound[: frames * encoder.ratio].reshape(frames, -1)):
        points[frame] = encoder.encode(audio)
        if frame % 64 == 0:
            progress(frame / frames)
    progress(1.0)
    return Encoded(checked_latents(points.T, f"What {model} makes of {path}"), rate)


def _read(path: Path, rate: int, seconds: float | None, *, most: float) -> NDArray[np.float32]:
    """Return the sound as float32 (samples,) at `rate`; `most` is the longest it may be, in s."""
    try:
        with soundfile.SoundFile(path) as file:
            _check(path, file, seconds, most)
            wanted = file.frames if seconds is None else round(seconds * file.samplerate)
            resampler = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32")
            parts: list[NDArray[np.float32]] = []
            block = round(_BLOCK_SECONDS * file.samplerate)
            while wanted > 0:
                heard = file.read(min(block, wanted), dtype="float32", always_2d=True)
                wanted = wanted - len(heard) if len(heard) else 0
                mono = np.nan_to_num(heard.mean(axis=1), posinf=0.0, neginf=0.0)
                same = file.samplerate == rate
                parts.append(mono if same else resampler.resample_chunk(mono, last=wanted <= 0))
    except (OSError, soundfile.LibsndfileError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "error_string", error)
        raise LatentError(
            f"{path} cannot be read as sound: {str(reason).rstrip('.')}. Use WAV, FLAC, OGG or MP3."
        ) from None
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _check(path: Path, file: soundfile.SoundFile, seconds: float | None, most: float) -> None:
    least, highest = RATES
    if not least <= file.samplerate <= highest:
        raise LatentError(
            f"{path} has {file.samplerate} samples a second; files with {least} to {highest} are "
            "read. Convert it."
        )
    lasts = min(file.frames / file.samplerate, seconds or np.inf)
    if lasts > most:
        raise LatentError(
            f"{path} lasts {lasts / 3600:.1f} hours; up to {most / 3600:.1f} are taken. Cut it."
        )
