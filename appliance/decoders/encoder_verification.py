"""Compares an imported encoder with its original."""

import numpy as np
import torch

from appliance.decoders.contract import Encoding, Model, silence
from appliance.decoders.measurement import encoded
from appliance.decoders.onnx_encoder import OnnxEncoder
from appliance.decoders.original_noise import whole_noises
from appliance.decoders.trials import trial_sound

_FRAMES = 100
_MOST_FRAMES = 400
_COMPARED_S = 1.5
_MEMORY_S = 1.5  # longer than any known encoder remembers


def encoder_error(model: Model, encoding: Encoding, encoder: OnnxEncoder, delay: int) -> float:
    """Return max |difference| / max |latent| against one call of the original for all frames.

    `encoder` runs frame by frame with the same random numbers and is `delay` frames later; where
    that is not 0 it needs its whole memory first. What the original gives for silence may be NaN;
    the result is NaN if it gives nothing else.
    """
    rate, ratio = encoder.rate, encoding.ratio
    settling = -(-round(_MEMORY_S * rate) // ratio) if delay else 0
    compared = min(max(round(_COMPARED_S * rate / ratio), _FRAMES), _MOST_FRAMES)
    frames = settling + delay + compared
    sound = trial_sound(frames * ratio, rate, seed=1)
    silence(model)
    torch.manual_seed(0)
    heard = torch.from_numpy(sound).expand(1, encoding.channels, -1)
    with torch.inference_mode():
        expected = model.encode(heard)[0, : encoding.latents].T.numpy()[settling : frames - delay]
    torch.manual_seed(0)
    noises = whole_noises(encoder.runtime, frames)
    given = encoded(encoder, sound, noises)[settling + delay :]
    known = np.isfinite(expected).all(axis=1)
    if np.count_nonzero(known) < len(known) // 2:
        return float("nan")
    peak = max(float(np.abs(expected[known]).max()), 1e-6)
    return float(np.abs(given - expected)[known].max()) / peak
