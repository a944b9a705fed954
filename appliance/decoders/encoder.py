"""What the engine asks of an encoder, whatever runs it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Encoder(Protocol):
    """One stream of sound turned into latents, `ratio` samples at `rate` a frame."""

    ratio: int
    rate: int
    latents: int
    temperature: float
    """Standard deviations of noise around the mean, for models that draw latents; 0 gives it."""

    def encode(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the latents of one frame, float32 (latents,), valid until the next call.

        `audio` is float32 (ratio,), mono. A frame with NaN or infinite samples gives zeros and
        clears the memory.
        """
        ...

    def reset(self) -> None:
        """Return to silence and to the start of the random numbers."""
        ...
