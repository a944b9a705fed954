"""Real-time: the sum of the latent modules as each decoder hears it.

``z[slot, channel] = reshape[slot, channel] * sum over modules of send[slot, module] * module``

A module whose rows hold ``/<name>/{slot}/route/{source}/{channel}`` goes through that matrix first:
its channel for a slot is the sum over its own channels of gain times channel.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.latent.matrix import Matrix
from appliance.latent.module import LatentModule
from appliance.parameters import Values
from appliance.parameters.watch import Watch

LIMIT = 1e6
"""The largest magnitude a module may give; latents in use stay below 100."""


class LatentSum:
    """Evaluates the modules once and forms the latents of every decoder slot.

    What a module gives that is not a number or lies beyond ±LIMIT is taken as 0, so that z is
    always finite. Sends, matrices and reshaping are one matrix, made anew when one of them changes.
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
        sends = [f"/decoder/{{slot}}/send/{m.name}" for m in modules]
        routes = [f"/{m.name}/{{slot}}/route/{{source}}/{{channel}}" for m in modules]
        reshape = "/decoder/{slot}/reshape/{channel}"
        routed = [row for row in routes if row in values.table.rows]
        self._sends = [values.view(row)[:slots, None, None] for row in sends]
        identity = np.broadcast_to(np.eye(LATENT_CHANNELS), (slots, *[LATENT_CHANNELS] * 2))
        # Each (slots, channels, sources).
        self._routes = [
            values.view(row)[:slots].transpose(0, 2, 1) if row in routed else identity
            for row in routes
        ]
        self._reshape = values.view(reshape)[:slots, :, None]
        self._watch = Watch(values, *sends, *routed, reshape)
        self._matrix = Matrix(slots * LATENT_CHANNELS, len(modules) * LATENT_CHANNELS)
        self._weights = self._matrix.weights.reshape(
            slots, LATENT_CHANNELS, len(modules), LATENT_CHANNELS
        )
        self._weigh()
        self._outputs = np.zeros((len(modules), LATENT_CHANNELS, max_instants))
        self._last = np.zeros((len(modules), LATENT_CHANNELS))
        self._last_view = self._last.view()
        self._last_view.flags.writeable = False
        self.outputs = self._outputs[:, :, :0]
        """What each module gave at the instants of the last call, float64 (modules, 8, n)."""
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
        # Not a number makes both comparisons false.
        if not (outputs.max() <= LIMIT and outputs.min() >= -LIMIT):
            self.faults += 1
            np.copyto(outputs, 0.0, where=~(np.abs(outputs) <= LIMIT))
        self._last[:] = outputs[:, :, n - 1]
        self.outputs = outputs
        if self._watch.changed():
            self._weigh()
        self._matrix.apply(outputs, out)

    def _weigh(self) -> None:
        """Form the one matrix, float64 (slots, channels, modules, sources)."""
        for number, (send, route) in enumerate(zip(self._sends, self._routes, strict=True)):
            weights = self._weights[:, :, number]
            np.multiply(route, send, out=weights)
            np.multiply(weights, self._reshape, out=weights)
