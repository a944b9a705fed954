"""Real-time: the oscillator module, eight periodic latents.

With the phase p, 0 <= p < 1, and the duty d, 0 <= d <= 1, the shapes are

- sine: ``sin(2 pi p)``
- saw: ``2 p - 1``, rising
- rect: ``1`` while ``p < d``, else ``-1``; so always -1 at duty 0 and always 1 at duty 1
- tri: ``2 p / d - 1`` while ``p < d``, else ``2 (1 - p) / (1 - d) - 1``: the peak lies at d, duty
  1 is a rising saw and duty 0 a falling one

each multiplied by ``amplitude * expression``. Phases run on while a channel is off.
"""

import math

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.clock import Clock
from appliance.latent.grid import CONTROL_PERIOD
from appliance.latent.phase import Phase, unit
from appliance.latent.sync import Sync
from appliance.parameters import Values
from appliance.parameters.table import WAVEFORMS

GLIDE_SECONDS = 0.02

_OFF, _SINE, _SAW, _RECT, _TRI = (
    float(WAVEFORMS.index(name)) for name in ("off", "sine", "saw", "rect", "tri")
)
_TAU = 2 * math.pi


class Oscillators:
    """Eight oscillators, evaluated at the control grid without any filter: they alias.

    A new frequency is reached linearly over 20 ms, in whole grid steps (rounded up). A sine at
    frequency 0 is parked at phase 0, where it gives 0, and starts from there when the frequency
    rises; the other shapes hold the value at which they stopped. A synchronised channel is at
    phase 0 whenever so many beats begin; set free, it goes on from where it is.
    """

    name = "oscillators"

    def __init__(
        self,
        values: Values,
        rate: float,
        *,
        clock: Clock | None = None,
        max_instants: int = 64,
    ) -> None:
        """Read the rows below /oscillators of `values`; `rate` is in samples a second.

        Without a `clock` no channel is synchronised. Raises ValueError if `rate` is 12800 or less.
        """
        self._waveform = values.view("/oscillators/{channel}/waveform")
        self._amplitude = values.view("/oscillators/{channel}/amplitude")
        self._expression = values.view("/oscillators/expression")
        self._duty = values.view("/oscillators/{channel}/duty")
        self._sync = clock and Sync(
            values.view("/oscillators/{channel}/sync"), clock, max_instants=max_instants
        )
        self._phase = Phase(
            values.view("/oscillators/{channel}/frequency"),
            rate,
            glide=math.ceil(GLIDE_SECONDS * rate / CONTROL_PERIOD),
            max_instants=max_instants,
            lock=self._sync and self._sync.lock,
        )
        shape = (max_instants, LATENT_CHANNELS)
        self._integer = np.zeros(shape, np.uint64)
        self._unit = np.zeros(shape)
        self._shape = np.zeros(shape)
        self._fall = np.zeros(shape)
        self._low = np.zeros(shape, np.bool_)
        self._gain = np.zeros(LATENT_CHANNELS)
        self._rise = np.ones(LATENT_CHANNELS)  # widths of a triangle's sides
        self._drop = np.ones(LATENT_CHANNELS)
        self._duty_seen = b""
        self._used: dict[float, NDArray[np.bool_]] = {}
        self._mask = {code: np.zeros(LATENT_CHANNELS, np.bool_) for code in (_SAW, _RECT, _TRI)}
        self._mask[_SINE] = self._phase.parkable
        self._any_off = True
        self._seen = b""
        self.reset()

    def reset(self, start: int = 0) -> None:
        """Begin anew: phase 0 at the first sample after instant `start`, frequencies at once."""
        del start
        self._phase.reset()
        self._rearrange()

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write the latents at instants start .. start + n - 1 into `out`, float64 (8, n)."""
        del start
        if self._waveform.tobytes() != self._seen:
            self._rearrange()
        n = out.shape[1]
        phases = self._phase.advance(n)
        by_instant = out.T
        if self._any_off:
            by_instant.fill(0.0)
        if not self._used:
            return
        p, shape = self._unit[:n], self._shape[:n]
        unit(phases[:n], p, self._integer[:n])
        np.multiply(self._amplitude, self._expression, out=self._gain)
        for code, mask in self._used.items():
            if code == _SINE:
                np.multiply(p, _TAU, out=shape)
                np.sin(shape, out=shape)
            elif code == _SAW:
                np.multiply(p, 2.0, out=shape)
                np.subtract(shape, 1.0, out=shape)
            elif code == _RECT:
                np.less(p, self._duty, out=self._low[:n])
                np.multiply(self._low[:n], 2.0, out=shape)
                np.subtract(shape, 1.0, out=shape)
            else:
                self._triangle(p, shape)
            np.multiply(shape, self._gain, out=by_instant, where=mask)

    def _triangle(self, p: NDArray[np.float64], shape: NDArray[np.float64]) -> None:
        n = len(p)
        duty, low, fall = self._duty, self._low[:n], self._fall[:n]
        np.less(p, duty, out=low)
        np.subtract(1.0, p, out=fall)
        if (now := duty.tobytes()) != self._duty_seen:
            # A side of no width is never chosen, so its divisor only has to be other than 0.
            self._duty_seen = now
            self._rise[:] = np.where(duty > 0.0, duty, 1.0)
            self._drop[:] = np.where(duty < 1.0, 1.0 - duty, 1.0)
        np.divide(fall, self._drop, out=shape)
        np.divide(p, self._rise, out=shape, where=low)
        np.multiply(shape, 2.0, out=shape)
        np.subtract(shape, 1.0, out=shape)

    def _rearrange(self) -> None:
        for code, mask in self._mask.items():
            np.equal(self._waveform, code, out=mask)
        self._used = {code: mask for code, mask in self._mask.items() if mask.any()}
        self._any_off = bool((self._waveform == _OFF).any())
        self._seen = self._waveform.tobytes()
        self._phase.park()
