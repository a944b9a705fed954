"""The sound as it stands, apart from any file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.presets.order import Settings


@dataclass(frozen=True, slots=True)
class Sound:
    """All values, float64 (parameters,), the slot they came from, and what a preset says besides.

    `settings` are not changed any more.
    """

    settings: Settings
    slot: int | None
    name: str
    tags: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])
