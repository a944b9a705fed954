"""Care for a display that burns in: less light when nobody plays, and never all in one place."""

from dataclasses import dataclass

SHIFTS = ((0, 0), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1))
"""Where the picture wanders to, in pixels."""
SHIFT_SECONDS = 60.0
WANDER_SECONDS = 10.0
"""How long the resting picture stays in one place."""


@dataclass(frozen=True, slots=True)
class Light:
    """How to show: `contrast` is 0 to 255; `resting` calls for the resting screen."""

    contrast: int
    shift: tuple[int, int]
    resting: bool
    place: int


@dataclass(frozen=True, slots=True)
class Care:
    """Seconds without a touch after which the display dims and rests; 0 is never."""

    bright: int = 255
    dim: int = 40
    dim_after: float = 60.0
    rest_after: float = 600.0

    def light(self, idle: float, now: float) -> Light:
        """Return how to show `idle` seconds after the last touch."""
        dimmed = 0 < self.dim_after <= idle
        resting = 0 < self.rest_after <= idle
        return Light(
            self.dim if dimmed else self.bright,
            SHIFTS[int(now / SHIFT_SECONDS) % len(SHIFTS)],
            resting,
            int(now / WANDER_SECONDS),
        )
