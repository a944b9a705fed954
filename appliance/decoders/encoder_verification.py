"""Compares an imported encoder with its original, and measures what it costs and how late it is."""

import time

import numpy as np
import torch
from numpy.typing import NDArray

from appliance.decoders.contract import Encoding, Model, silence
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.original_noise import whole_noises
from appliance.decoders.trial_sound import trial_sound
from appliance.decoders.verification import ratio_db

Array = NDArray[np.float32]

_FRAMES = 100
_MOST_FRAMES = 400
_COMPARED_S, _JUDGED_S = 1.5, 4.0  # of sound, for the comparison and for quantization
_MEMORY_S = 1.5  # longer than any known encoder remembers
_MARGIN_DB = 20.0  # by which quantization must stay under the spread of the latents
_OFFSETS = 4  # of clicks inside a frame
_AUDIBLE = 1e-3  # of the strongest answer to a click


def encoder_error(model: Model, encoding: Encoding, encoder: OnnxEncoder, delay: int) -> float:
    """Return max |difference| / max |latent| against one call of the original for all frames.

    `encoder` runs frame by frame with the same random numbers and is `delay` frames later; where
    that is not 0 it needs its whole memory first. What the original gives for silence may be NaN;
    the result is NaN if it gives nothing else.
    """
    rate, ratio = encoder.rate, encoding.ratio
    settling = -(-round(_MEMORY_S * rate) // ratio) if delay else 0
    frames = settling + delay + _enough(_COMPARED_S, encoder)
    sound = trial_sound(frames * ratio, rate, seed=1)
    silence(model)
    torch.manual_seed(0)
    heard = torch.from_numpy(sound).expand(1, encoding.channels, -1)
    with torch.inference_mode():
        expected = model.encode(heard)[0].T.numpy()[settling : frames - delay]
    torch.manual_seed(0)
    noises = whole_noises(encoder.runtime, frames)
    given = latents(encoder, sound, noises)[settling + delay :]
    known = np.isfinite(expected).all(axis=1)
    if np.count_nonzero(known) < len(known) // 2:
        return float("nan")
    peak = max(float(np.abs(expected[known]).max()), 1e-6)
    return float(np.abs(given - expected)[known].max()) / peak


def encoder_quantization(exact: OnnxEncoder, quantized: OnnxEncoder) -> tuple[float, bool]:
    """Return the spread of the latents over the error of `quantized` in dB, and if it will do."""
    samples = _enough(_JUDGED_S, exact) * exact.ratio
    sound = trial_sound(samples, exact.rate, seed=2)
    fine, coarse = (latents(e, sound).astype(np.float64) for e in (exact, quantized))
    snr = ratio_db(fine - fine.mean(axis=0), coarse - fine)
    return snr, snr >= _MARGIN_DB


def latency(encoder: OnnxEncoder) -> tuple[int, int]:
    """Return samples from a click to the middle and to the end of what it does to the latents.

    A frame's latents are there at the frame's end. The middle is that of the squared change,
    against quiet noise, over clicks at several places in a frame.
    """
    ratio = encoder.ratio
    frames = min(round(_MEMORY_S * encoder.rate / ratio) + 2, _MOST_FRAMES)
    random = np.random.default_rng(0)
    sound = (0.05 * random.standard_normal(frames * ratio)).astype(np.float32)
    plain = latents(encoder, sound)
    change: list[NDArray[np.float64]] = []
    late: list[NDArray[np.int64]] = []
    for place in np.arange(_OFFSETS) * ratio // _OFFSETS:
        clicked = sound.copy()
        clicked[place] += 0.5
        moved = latents(encoder, clicked).astype(np.float64) - plain
        change.append(np.square(moved).sum(axis=1))
        late.append((1 + np.arange(frames)) * ratio - place)
    power, samples = np.concatenate(change), np.concatenate(late)
    if not power.max() > 0:
        return 0, 0
    heard = samples[power > power.max() * _AUDIBLE**2]
    return round(float(samples @ power / power.sum())), int(heard.max())


def time_per_encode(encoder: OnnxEncoder) -> float:
    """Return the median time of one frame, in ms."""
    sound = trial_sound(_FRAMES * encoder.ratio, encoder.rate, seed=3)
    times: list[float] = []
    for frame in sound.reshape(_FRAMES, -1):
        start = time.perf_counter()
        encoder.encode(frame)
        times.append(time.perf_counter() - start)
    encoder.reset()
    return 1e3 * float(np.median(times))


def latents(encoder: OnnxEncoder, sound: Array, noises: list[list[Array]] | None = None) -> Array:
    """Return what `encoder` gives from silence on, (frames, latents), without noise by default."""
    encoder.reset()
    given: list[Array] = []
    for frame, now in enumerate(sound.reshape(-1, encoder.ratio)):
        if noises is None:
            given.append(encoder.encode(now).copy())
        else:
            given.append(encoder.run(now, [noise[frame] for noise in noises]).copy())
    encoder.reset()
    return np.array(given)


def _enough(seconds: float, encoder: OnnxEncoder) -> int:
    """Return the frames of some seconds, within reason."""
    return min(max(round(seconds * encoder.rate / encoder.ratio), _FRAMES), _MOST_FRAMES)
