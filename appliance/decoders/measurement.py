"""Measures imported models: level, time per frame, and how late an encoder is."""

import time

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.decoders.decoder import Decoder
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.trials import trial_latents, trial_noise, trial_sound

Array = NDArray[np.float32]

_FRAMES = 24
_ENCODED = 100  # frames
_MOST_FRAMES = 400
_MEMORY_S = 1.5  # longer than any known encoder remembers
_OFFSETS = 4  # of clicks inside a frame
_AUDIBLE = 1e-3  # of the strongest answer to a click


def level_db(decoder: Decoder, *, codes: int = 0) -> float:
    """Return the RMS level for random latents in dBFS, after the first frames."""
    audio = np.zeros((decoder.rows, decoder.ratio), np.float32)
    active = [True] * decoder.rows
    total = 0.0
    count = decoder.rows * LATENT_CHANNELS
    for frame, row in enumerate(trial_latents(count, 2 * _FRAMES, seed=2, codes=codes)):
        z = row.reshape(decoder.rows, LATENT_CHANNELS)
        decoder.decode(z, active, audio)
        if frame >= _FRAMES:
            total += float(np.mean(np.square(audio, dtype=np.float64)))
    for row in range(decoder.rows):
        decoder.reset(row)
    return 10 * float(np.log10(total / _FRAMES + 1e-20))


def time_per_frame(decoder: Decoder) -> float:
    """Return the median time of one frame of all rows, in ms."""
    z = np.zeros((decoder.rows, LATENT_CHANNELS), np.float32)
    audio = np.zeros((decoder.rows, decoder.ratio), np.float32)
    active = [True] * decoder.rows
    times: list[float] = []
    for _ in range(_FRAMES):
        start = time.perf_counter()
        decoder.decode(z, active, audio)
        times.append(time.perf_counter() - start)
    for row in range(decoder.rows):
        decoder.reset(row)
    return 1e3 * float(np.median(times))


def look_ahead(decoder: OnnxDecoder, *, codes: int = 0) -> int:
    """Return samples from the middle of a latent frame to the middle of what it does to the sound.

    One frame is moved; the middle is that of the squared change, random numbers equal.
    """
    frames = 2 + -(-round(_MEMORY_S * decoder.rate) // decoder.ratio)
    z = trial_latents(decoder.latents, 1, seed=5, codes=codes)[0]
    moved = (z + codes / 2) % codes if codes else z + 1
    sounds: list[NDArray[np.float64]] = []
    for changed in (z, moved):
        random = np.random.default_rng(0)
        decoder.reset_all()
        heard: list[Array] = []
        for frame in range(frames):
            noises = [
                trial_noise(random, kind, (1, *shape))
                for kind, shape in decoder.runtime.noise_inputs
            ]
            heard.append(decoder.run(changed if frame == 1 else z, noises)[0].copy())
        sounds.append(np.concatenate(heard).astype(np.float64))
    decoder.reset_all()
    power = np.square(sounds[1] - sounds[0])[decoder.ratio :]
    if not power.sum() > 0:
        return 0
    middle = float(np.arange(len(power)) @ power / power.sum())
    return max(round(middle - decoder.ratio / 2), 0)


def latency(encoder: OnnxEncoder) -> tuple[int, int]:
    """Return samples from a click to the middle and to the end of what it does to the latents.

    A frame's latents are there at the frame's end. The middle is that of the squared change,
    against quiet noise, over clicks at several places in a frame.
    """
    ratio = encoder.ratio
    frames = min(round(_MEMORY_S * encoder.rate / ratio) + 2, _MOST_FRAMES)
    random = np.random.default_rng(0)
    sound = (0.05 * random.standard_normal(frames * ratio)).astype(np.float32)
    plain = encoded(encoder, sound)
    change: list[NDArray[np.float64]] = []
    late: list[NDArray[np.int64]] = []
    for place in np.arange(_OFFSETS) * ratio // _OFFSETS:
        clicked = sound.copy()
        clicked[place] += 0.5
        moved = encoded(encoder, clicked).astype(np.float64) - plain
        change.append(np.square(moved).sum(axis=1))
        late.append((1 + np.arange(frames)) * ratio - place)
    power, samples = np.concatenate(change), np.concatenate(late)
    if not power.max() > 0:
        return 0, 0
    heard = samples[power > power.max() * _AUDIBLE**2]
    return round(float(samples @ power / power.sum())), int(heard.max())


def time_per_encode(encoder: OnnxEncoder) -> float:
    """Return the median time of one frame, in ms."""
    sound = trial_sound(_ENCODED * encoder.ratio, encoder.rate, seed=3)
    times: list[float] = []
    for frame in sound.reshape(_ENCODED, -1):
        start = time.perf_counter()
        encoder.encode(frame)
        times.append(time.perf_counter() - start)
    encoder.reset()
    return 1e3 * float(np.median(times))


def encoded(encoder: OnnxEncoder, sound: Array, noises: list[list[Array]] | None = None) -> Array:
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
