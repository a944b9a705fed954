"""What a box sounds with before any preset: the table's defaults and its own decoder slots."""

from collections.abc import Mapping, Sequence

from appliance.config import Config
from appliance.decoders.condition import Condition
from appliance.parameters import Table, Values

OWN_ROWS = ("on", "level_db", "pan")
"""What the configuration says of a slot; a stored preset always names these."""


def box_values(config: Config, conditions: Sequence[Sequence[Condition]] = ()) -> Values:
    """Return the values of a box with this configuration.

    `conditions` are those that each slot's model reads, if they are known.
    """
    named = named_conditions(dict(enumerate(conditions, 1)))
    values = Values(Table(len(config.decoders), named))
    for number, slot in enumerate(config.decoders, 1):
        values.set(f"/decoder/{number}/on", slot.on)
        values.set(f"/decoder/{number}/level_db", slot.level_db)
        values.set(f"/decoder/{number}/pan", slot.pan)
    return values


def named_conditions(slots: Mapping[int, Sequence[Condition]]) -> dict[str, tuple[str, float]]:
    """Return address to name and highest value of the conditions of `slots`, from 1."""
    return {
        f"/decoder/{slot}/condition/{number}": (condition.name.capitalize(), condition.highest)
        for slot, conditions in slots.items()
        for number, condition in enumerate(conditions, 1)
    }
