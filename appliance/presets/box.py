"""What a box sounds with before any preset: the table's defaults and its own decoder slots."""

from appliance.config import Config
from appliance.parameters import Table, Values

OWN_ROWS = ("on", "level_db", "pan")
"""What the configuration says of a slot; a stored preset always names these."""


def box_values(config: Config) -> Values:
    """Return the values of a box with this configuration."""
    values = Values(Table(len(config.decoders)))
    for number, slot in enumerate(config.decoders, 1):
        values.set(f"/decoder/{number}/on", slot.on)
        values.set(f"/decoder/{number}/level_db", slot.level_db)
        values.set(f"/decoder/{number}/pan", slot.pan)
    return values
