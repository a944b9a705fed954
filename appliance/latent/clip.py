"""Real-time: a clip, the eight latents that a jam slot plays; never changed once it is made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from appliance import LATENT_CHANNELS

MAX_POINTS = 500_000
"""Longest clip: 16 MB, 6.4 hours of a RAVE's latents or 24 minutes of the control grid."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Latents float32 (points, 8), read-only, and what they are called."""

    points: NDArray[np.float32]
    name: str = ""

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.points)


def clip_of(latents: ArrayLike, name: str = "") -> Clip:
    """Return a clip that holds a copy of `latents` (8, points)."""
    points = np.array(np.asarray(latents, np.float32).T, np.float32, order="C")
    assert points.ndim == 2
    assert points.shape[1] == LATENT_CHANNELS
    points.flags.writeable = False
    return Clip(points, name)
