"""Real-time: a gain matrix between channels, the same bits however time is cut into calls."""

import numpy as np
from numpy.typing import NDArray


class Matrix:
    """Multiplies every instant of some channels with `weights`, float64 (outputs, inputs).

    The product of a whole block may be summed in another order than that of a part of it; so each
    instant is one product of a vector, always of the same shape and in the same memory.
    """

    def __init__(self, outputs: int, inputs: int) -> None:
        """Start with every gain at 0."""
        self.weights: NDArray[np.float64] = np.zeros((outputs, inputs))
        self._heard = np.zeros(inputs)
        self._given = np.zeros(outputs)

    def apply(self, inputs: NDArray[np.float64], out: NDArray[np.float64]) -> None:
        """Write the outputs into `out`, float64 (..., n), from `inputs`, float64 (..., n).

        All axes but the last are the channels, in order. `inputs` must be finite; the two may be
        views of any strides, but not of one memory.
        """
        weights, heard, given = self.weights, self._heard, self._given
        channels, results = heard.reshape(inputs.shape[:-1]), given.reshape(out.shape[:-1])
        for instant in range(out.shape[-1]):
            channels[...] = inputs[..., instant]
            np.dot(weights, heard, out=given)
            out[..., instant] = results
