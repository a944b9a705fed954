"""Real-time: the noise module, eight random latents.

- white: an independent uniform number for every audio sample; an instant carries its sample's.
- rand: straight lines between uniform numbers, `frequency` of them a second, 0 Hz holds.

Both lie in -1 to 1, multiplied by ``amplitude * expression``. Ramps run on while not heard.
"""

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.clock import Clock
from appliance.latent.grid import CONTROL_PERIOD, carried_sample
from appliance.latent.phase import Phase, unit
from appliance.latent.sync import Sync
from appliance.latent.uniform import Uniform
from appliance.parameters import Values
from appliance.parameters.table import NOISES

_WHITE, _RAND = (float(NOISES.index(name)) for name in ("white", "rand"))
_STREAM_WHITE, _STREAM_RAND = 1, 2
_MASK = 2**64 - 1


class Noise:
    """Eight noise sources; the same seed gives the same noise.

    White noise depends on the sample only. A ramp counts its numbers from the last reset, where
    it leaves number 0 at the first sample after the instant; a new frequency changes its slope at
    once and never its value. A synchronised ramp begins whenever so many beats do.
    """

    name = "noise"

    def __init__(
        self,
        values: Values,
        rate: float,
        seed: int,
        *,
        clock: Clock | None = None,
        max_instants: int = 64,
    ) -> None:
        """Read the rows below /noise of `values`; `rate` is in samples a second.

        Without a `clock` no channel is synchronised. Raises ValueError if `rate` is 12800 or less.
        """
        self._kind = values.view("/noise/{channel}/kind")
        self._amplitude = values.view("/noise/{channel}/amplitude")
        self._expression = values.view("/noise/expression")
        self._sync = clock and Sync(
            values.view("/noise/{channel}/sync"), clock, max_instants=max_instants
        )
        self._phase = Phase(
            values.view("/noise/{channel}/frequency"),
            rate,
            glide=1,
            max_instants=max_instants,
            lock=self._sync and self._sync.lock,
        )
        self._white = Uniform(seed, _STREAM_WHITE, rows=max_instants)
        self._rand = Uniform(seed, _STREAM_RAND, rows=2 * max_instants)
        self._samples = np.arange(max_instants, dtype=np.uint64)[:, None] * np.uint64(
            CONTROL_PERIOD
        )
        self._sample = np.zeros((max_instants, 1), np.uint64)
        self._segment = np.zeros(LATENT_CHANNELS, np.uint64)
        self._segments = np.zeros((2 * max_instants + 1, LATENT_CHANNELS), np.uint64)
        self._wrapped = np.zeros((max_instants, LATENT_CHANNELS), np.bool_)
        self._integer = np.zeros((max_instants, LATENT_CHANNELS), np.uint64)
        self._unit = np.zeros((max_instants, LATENT_CHANNELS))
        self._gain = np.zeros(LATENT_CHANNELS)
        self._is_white = np.zeros(LATENT_CHANNELS, np.bool_)
        self._is_rand = np.zeros(LATENT_CHANNELS, np.bool_)
        self._any_white = self._any_rand = False
        self._seen = b""
        self.reset()

    def reset(self, start: int = 0) -> None:
        """Begin anew: ramps leave number 0 at the first sample after instant `start`."""
        del start
        self._phase.reset()
        # One increment before the start is the end of ramp -1, unless the ramp stands still.
        moving = self._phase.increment > 0
        if self._sync is not None:
            self._sync.look()
            moving |= self._sync.locked
        np.subtract(0, moving, out=self._segment, dtype=np.uint64)

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n)."""
        if self._kind.tobytes() != self._seen:
            self._rearrange()
        n = out.shape[1]
        phases = self._phase.advance(n)
        segments = self._count(phases)
        by_instant = out.T
        by_instant.fill(0.0)
        np.multiply(self._amplitude, self._expression, out=self._gain)
        if self._any_white:
            sample = np.uint64(carried_sample(start) & _MASK)
            np.add(self._samples[:n], sample, out=self._sample[:n])
            white = self._white.draw(self._sample[:n])
            np.multiply(white, self._gain, out=by_instant, where=self._is_white)
        if self._any_rand:
            p = self._unit[:n]
            unit(phases[:n], p, self._integer[:n])
            np.add(segments[:n], 1, out=segments[n:])
            numbers = self._rand.draw(segments)
            left, right = numbers[:n], numbers[n:]
            np.subtract(right, left, out=right)
            np.multiply(right, p, out=right)
            np.add(left, right, out=left)
            np.multiply(left, self._gain, out=by_instant, where=self._is_rand)

    def _count(self, phases: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the ramp numbers, uint64 (2 n, 8): the first n rows set, the rest free."""
        n = len(phases) - 1
        segments, wrapped = self._segments, self._wrapped[:n]
        np.less(phases[1:], phases[:-1], out=wrapped)
        segments[0] = self._segment
        for row in range(n):
            np.add(segments[row], wrapped[row], out=segments[row + 1])
        self._segment[:] = segments[n]
        return segments[: 2 * n]

    def _rearrange(self) -> None:
        np.equal(self._kind, _WHITE, out=self._is_white)
        np.equal(self._kind, _RAND, out=self._is_rand)
        self._any_white = bool(self._is_white.any())
        self._any_rand = bool(self._is_rand.any())
        self._seen = self._kind.tobytes()
