"""What the engine asks of a decoder, whatever runs it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Decoder(Protocol):
    """Copies ("rows") of one model, each with its own state and its own random numbers.

    A frame is `ratio` samples long at `rate`; its latent is read once, at its start.
    """

    rows: int
    ratio: int
    rate: int
    latents: int
    peaks: NDArray[np.float32]
    """Set by the player, (rows,): 1 carries phases along by a spectrum's peaks, 0 draws them at
    random. Models that do not choose phases ignore it."""

    conditions: NDArray[np.float32]
    """Set by the player, (rows, CONDITIONS): what a conditioned model reads beside its latents."""

    def decode(
        self, z: NDArray[np.float32], active: Sequence[bool], audio: NDArray[np.float32]
    ) -> None:
        """Decode one frame of every active row.

        `z` is float32 (rows, 8); a model with fewer latents ignores the last channels, one with
        more gets zeros. `audio`, float32 (rows, ratio), takes the active rows' samples. The state
        of the other rows stays as it is.
        """
        ...

    def reset(self, row: int) -> None:
        """Return one row to silence and to the start of its random numbers."""
        ...
