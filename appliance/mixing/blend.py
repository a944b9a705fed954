"""Real-time: between the decoders and what the encoder hears, in the mix."""

import numpy as np
from numpy.typing import NDArray

from appliance.mixing.level import fade_samples
from appliance.mixing.ramp import Ramp
from appliance.parameters import Values
from appliance.parameters.watch import Watch


class Blend:
    """Fades from the decoders (0) to the encoder's input (1) with constant power.

    At 0 the mix passes untouched, bit by bit; at 1 nothing of it is left. A new setting is reached
    in a straight line over 20 ms.
    """

    def __init__(self, values: Values, rate: float, max_block: int) -> None:
        """Read /mix/input of `values`."""
        self._share = values.view("/mix/input")
        self._watch = Watch(values, "/mix/input")
        self._ramp = Ramp(self._share, length=fade_samples(rate), max_block=max_block)
        self._gain = np.zeros((2, max_block), np.float32)
        self._angle = np.zeros(2 * max_block)
        self._dry = np.zeros(max_block, np.float32)

    @property
    def closed(self) -> bool:
        """True while nothing of the encoder's input is heard."""
        return not self._ramp.active and self._ramp.target[0, 0] == 0 and not self._share[0]

    def reset(self) -> None:
        """Take the present setting at once."""
        self._watch.changed()
        self._ramp.jump(self._share)

    def process(self, stereo: NDArray[np.float32], dry: NDArray[np.float32]) -> None:
        """Mix `dry`, float32 (n,), to both sides of `stereo`, float32 (2, n), in place."""
        if self._watch.changed():
            self._ramp.move(self._share)
        if not self._ramp.active and self._ramp.target[0, 0] == 0:
            return
        share = self._ramp.block(stereo.shape[1])[0]
        # Packed, because a function may round differently on strided memory.
        angle = self._angle[: 2 * len(share)].reshape(2, -1)
        np.subtract(1, share, out=angle[0])
        angle[1] = share
        angle *= np.pi / 2
        # Two sines rather than sine and cosine: exactly 0 at both ends.
        np.sin(angle, out=angle)
        gain = self._gain[:, : len(share)]
        gain[...] = angle
        np.multiply(stereo, gain[0], out=stereo)
        scaled = self._dry[: len(dry)]
        np.multiply(dry, gain[1], out=scaled)
        np.add(stereo, scaled, out=stereo)
