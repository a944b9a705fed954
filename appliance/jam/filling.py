"""Random latents to begin with, the same for the same seed."""

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.errors import LatentError
from appliance.jam.arrays import LARGEST, MIN_POINTS
from appliance.latent.clip import MAX_POINTS
from appliance.suggestion import did_you_mean

KINDS = ("uniform", "gaussian", "walk")


def random_latents(kind: str, points: int, width: float, seed: int) -> NDArray[np.float32]:
    """Return random latents, float32 (8, points).

    - uniform: independent numbers from -width to width
    - gaussian: independent normal numbers of deviation `width`
    - walk: a random walk that ends where it began, so that it loops, of deviation `width`

    Raises LatentError naming what is out of range.
    """
    if kind not in KINDS:
        raise LatentError(
            f"There is no filling '{kind}': it must be one of {', '.join(KINDS)}."
            f"{did_you_mean(kind, KINDS)}"
        )
    if not MIN_POINTS <= points <= MAX_POINTS:
        raise LatentError(f"POINTS cannot be {points}: it must be {MIN_POINTS} to {MAX_POINTS}.")
    if not 0 <= width <= LARGEST / 10:
        raise LatentError(f"WIDTH cannot be {width:g}: it must be 0 to {LARGEST / 10:g}.")
    random = np.random.default_rng(seed)
    shape = (LATENT_CHANNELS, points)
    if kind == "uniform":
        latents = random.uniform(-width, width, shape)
    elif kind == "gaussian":
        latents = random.normal(0.0, width, shape)
    else:
        steps = random.standard_normal(shape)
        steps -= steps.mean(axis=1, keepdims=True)
        latents = np.cumsum(steps, axis=1)
        latents -= latents.mean(axis=1, keepdims=True)
        latents *= width / np.maximum(latents.std(axis=1, keepdims=True), 1e-9)
    return np.clip(latents, -LARGEST, LARGEST).astype(np.float32)
