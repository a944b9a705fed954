"""Real-time: the sum of the latent modules as each decoder hears it.

``z[slot, channel] = reshape[slot, channel] * sum over modules of send[slot, module] * module``
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.module import LatentModule
from appliance.parameters import Values

LIMIT = 1e6
"""The largest magnitude a module may give; latents in use stay below 100."""


class LatentSum:
    """Evaluates the modules once and forms the latents of every decoder slot.

    What a module gives that is not a number or lies beyond ±LIMIT is taken as 0, so that z is
    always finite. Sums are formed module by module, in the given order.
    """

    def __init__(
        self,
        values: Values,
        slots: int,
        modules: Sequence[LatentModule],
        *,
        max_instants: int = 64,
    ) -> None:
        """Prepare sums for `slots` decoders and up to `max_instants` instants per call.

        Raises ValueError if the table has fewer slots, or no send row for a module.
        """
        if not 1 <= slots <= values.table.slots:
            raise ValueError(
                f"{slots} decoder slots were asked for, but the table has {values.table.slots}."
            )
        for module in modules:
            if f"/decoder/{{slot}}/send/{module.name}" not in values.table.rows:
                raise ValueError(
                    f"The module '{module.name}' has no row /decoder/{{slot}}/send/{module.name} "
                    "in the parameter table: add one."
                )
        self.modules = tuple(modules)
        self.slots = slots
        self.max_instants = max_instants
        self.faults = 0
        """Calls so far in which a module gave a number that had to be taken as 0."""
        self._sends = [
            values.view(f"/decoder/{{slot}}/send/{m.name}")[:slots, None, None] for m in modules
        ]
        self._reshape = values.view("/decoder/{slot}/reshape/{channel}")[:slots, :, None]
        self._outputs = np.zeros((len(modules), LATENT_CHANNELS, max_instants))
        self._magnitude = np.zeros_like(self._outputs)
        self._legal = np.zeros(self._outputs.shape, np.bool_)
        self._product = np.zeros((slots, LATENT_CHANNELS, max_instants))
        self._last = np.zeros((len(modules), LATENT_CHANNELS))
        self._last_view = self._last.view()
        self._last_view.flags.writeable = False
        self._next: int | None = None

    @property
    def last(self) -> NDArray[np.float64]:
        """The modules' outputs at the last instant evaluated, float64 (modules, 8), read-only.

        The same array always, in the order of `modules`; it changes with every call.
        """
        return self._last_view

    def reset(self, start: int = 0) -> None:
        """Begin anew: the next call of `evaluate` is for instant `start`."""
        for module in self.modules:
            module.reset(start)
        self._last.fill(0.0)
        self._next = start

    def evaluate(self, start: int, out: NDArray[np.float64]) -> None:
        """Write z at instants start .. start + n - 1 into `out`, float64 (slots, 8, n).

        n may be 0. Raises ValueError if `start` does not follow the last call (see `reset`) or n
        is above `max_instants`.
        """
        n = out.shape[2]
        if n > self.max_instants or (self._next is not None and start != self._next):
            raise ValueError(
                f"Instants {start} to {start + n - 1} were asked for: instant "
                f"{start if self._next is None else self._next} comes next, and a call gives at "
                f"most {self.max_instants}."
            )
        self._next = start + n
        if n == 0:
            return
        outputs = self._outputs[:, :, :n]
        for module, output in zip(self.modules, outputs, strict=True):
            module.evaluate(start, output)
        legal = self._legal[:, :, :n]
        np.absolute(outputs, out=self._magnitude[:, :, :n])
        np.less_equal(self._magnitude[:, :, :n], LIMIT, out=legal)  # false for NaN too
        if not legal.all():
            self.faults += 1
            np.copyto(outputs, 0.0, where=~legal)
        self._last[:] = outputs[:, :, n - 1]
        self._mix(outputs, out)

    def _mix(self, outputs: NDArray[np.float64], out: NDArray[np.float64]) -> None:
        product = self._product[:, :, : out.shape[2]]
        out.fill(0.0)
        for send, output in zip(self._sends, outputs, strict=True):
            np.multiply(send, output, out=product)
            np.add(out, product, out=out)
        np.multiply(out, self._reshape, out=out)
