"""What a latent module is: the seam at which new sources of latents are added.

A new module is a class with these three members, a row ``/decoder/{slot}/send/<name>`` in the
parameter table and its own rows below ``/<name>/``. It inherits nothing.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class LatentModule(Protocol):
    """A source of eight latent channels, evaluated at instants of the control grid."""

    @property
    def name(self) -> str:
        """The module's name in the parameter table, such as "offset"."""
        ...

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n).

        They are in latent units, already scaled by amplitude and expression. Parameters are read
        once per call and count from instant `start`. Consecutive calls follow one another without
        a gap, and how they are cut does not change a bit of the result.
        """
        ...

    def reset(self, start: int = 0) -> None:
        """Begin anew: the next call of `evaluate` is for instant `start`."""
        ...
