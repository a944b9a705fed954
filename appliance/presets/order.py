"""What the engine can be told to do with its parameters as a whole."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Settings = NDArray[np.float64]


class Kind(IntEnum):
    """What to do."""

    GO = 0
    """Walk from here to `end` in `samples`; at once if that is 0."""
    BETWEEN = 1
    """Stand at `share` of the way from `start` to `end` and wait for the hand."""
    SHARE = 2
    """Glide to `share` of the way that BETWEEN has laid."""
    PAUSE = 3
    RESUME = 4
    REVERSE = 5
    """Walk back to where the walk began, or forth again."""
    BAR = 6
    """A bar begins: start what waits for it."""
    CANCEL = 7
    """Forget what waits for a bar."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `start` and `end` are values of all parameters and are not changed any more.

    `number` tells orders apart. Switched parameters change at `switch_at` of the way, 0 to 1. An
    order `on_bar` is carried out when the next bar begins.
    """

    kind: Kind
    number: int = 0
    end: Settings | None = None
    start: Settings | None = None
    samples: int = 0
    share: float = 0.0
    switch_at: float = 0.5
    on_bar: bool = False
