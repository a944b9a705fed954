"""Real-time: carries out orders: recalls, timed morphs and the hand between two presets.

Values change at multiples of a tick and nowhere else, so that the sound does not depend on how time
is cut into blocks. A tick is two to eight instants of the control grid, more in longer morphs:
each step makes the modules and the mixer work, and 20 ms ramps join the steps anyway. Nothing here
waits or reads a file: presets come as arrays.
"""

from collections.abc import Callable

import numpy as np

from appliance.latent.grid import CONTROL_PERIOD
from appliance.parameters import Values
from appliance.presets.order import Kind, Order
from appliance.presets.path import Path

TICKS = (2 * CONTROL_PERIOD, 4 * CONTROL_PERIOD, 8 * CONTROL_PERIOD)
"""Samples between two steps, in short, middling and long morphs."""

GLIDE = 16 * CONTROL_PERIOD
"""Samples in which a hand's new place between two presets is reached."""

_STEPS = 64  # of a short or middling morph: with the ramps between them, enough to be smooth
_HAND = 65536.0  # length of the way that a hand covers


def tick_of(samples: int) -> int:
    """Return the tick of a morph that takes `samples`."""
    return next((tick for tick in TICKS if tick * _STEPS >= samples), TICKS[-1])


class Morph:
    """Moves `values` along a path. Its attributes may be read from any thread."""

    def __init__(self, values: Values) -> None:
        """Stand still."""
        self._values = values.array
        self._path = Path(values.table)
        self._held: Order | None = None
        self._place = 0.0  # on the way, in samples for a timed morph
        self._length = 0.0
        self._goal = 0.0
        self._speed = 1.0
        self._tick = TICKS[0]
        self._moment = -1  # sample at which the place held, -1 if it has yet to start
        self.bar_line: Callable[[int], int] | None = None
        """Returns the first bar line at or after a sample; None without a clock."""
        self.hand: Callable[[int], None] | None = None
        """Hears which parameter has been set by hand; None if nobody listens."""
        self.number = 0
        """The highest number of the orders that were carried out."""
        self.began = 0
        """Number of the order that the present walk began with."""
        self.moving = False
        self.paused = False
        self.manual = False

    @property
    def share(self) -> float:
        """The share of the way behind it, 0 to 1."""
        return self._place / self._length if self._length else float(self._goal > 0)

    @property
    def waiting(self) -> int:
        """Number of the order that waits for the next bar, 0 if none does."""
        held = self._held
        return held.number if held is not None else 0

    def take(self, order: Order) -> None:
        """Carry out `order`, or keep it for the next bar."""
        if order.on_bar:
            self._held = order
        elif order.kind == Kind.BAR:
            self._start_held()
        elif order.kind == Kind.CANCEL:
            self._held = None
        else:
            self._carry_out(order)

    def release(self, index: int) -> None:
        """Leave the parameter at `index` to whoever has just set it."""
        if self.moving or self.paused or self.manual:
            self._path.release(index)
        if self.hand is not None:
            self.hand(index)

    def step(self, sample: int) -> None:
        """Bring the values to where they are to be from `sample` on."""
        if self._held is not None and self.bar_line is not None and self.bar_line(sample) == sample:
            self._start_held()
        if not self.moving:
            return
        if self._moment < 0:
            self._moment = sample
        if sample % self._tick:
            return
        reach = self._speed * (sample - self._moment)
        self._moment = sample
        left = self._goal - self._place
        if abs(left) <= reach:
            self._place = self._goal
            self._arrive()
        else:
            self._place += reach if left > 0 else -reach
            self._path.walk(self.share, self._values)

    def stretch(self, sample: int, count: int) -> int:
        """Return for how many of the `count` samples from `sample` on the values will hold."""
        if self.moving:
            count = min(count, self._tick - sample % self._tick)
        if self._held is not None and self.bar_line is not None:
            line = self.bar_line(sample + 1)
            count = min(count, line - sample)
        return count

    def _start_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._carry_out(held)

    def _carry_out(self, order: Order) -> None:
        match order.kind:
            case Kind.GO:
                self._go(order)
            case Kind.BETWEEN:
                self._stand(order)
            case Kind.SHARE if self.manual:
                self._goal = order.share * self._length
                self._speed = abs(self._goal - self._place) / GLIDE
                self._set_off()
            case Kind.PAUSE:
                self.paused = self.paused or self.moving
                self.moving = False
            case Kind.RESUME if self.paused:
                self._set_off()
            case Kind.REVERSE if not self.manual:
                self._goal = 0.0 if self._goal > 0 else max(self._length, 1.0)
                self._set_off()
            case _:
                pass
        if order.kind in (Kind.GO, Kind.BETWEEN):
            self.began = order.number
        self.number = max(self.number, order.number)  # last: now others may look

    def _go(self, order: Order) -> None:
        assert order.end is not None
        self._held = None
        self._path.lay(self._values, order.end, order.switch_at)
        self.manual = False
        self._place = 0.0
        self._speed = 1.0
        self._length = float(order.samples)
        self._tick = tick_of(order.samples)
        self._goal = max(self._length, 1.0)
        if order.samples == 0:
            self._arrive()
        else:
            self._set_off()

    def _stand(self, order: Order) -> None:
        assert order.start is not None
        assert order.end is not None
        self._held = None
        self._path.lay(order.start, order.end, order.switch_at)
        self.manual = True
        self.moving = self.paused = False
        self._length = _HAND
        self._tick = TICKS[1]
        self._place = self._goal = order.share * _HAND
        # What neither preset moves may still stand where the sound before had it.
        np.copyto(self._values, order.end)
        self._path.walk(self.share, self._values)

    def _set_off(self) -> None:
        self.paused = False
        if self._length == 0:
            self._arrive()
            return
        self.moving = True
        self._moment = -1

    def _arrive(self) -> None:
        self._path.walk(self.share, self._values)
        self.moving = self.paused = False  # last: now others may look
