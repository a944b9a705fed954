"""The parameter table as a page needs it."""

from typing import Any

from appliance.parameters import Table


def table_rows(table: Table) -> list[dict[str, Any]]:
    """Return a mapping of JSON types for every parameter, in the order of the table."""
    return [
        {
            "address": p.address,
            "name": p.name,
            "unit": p.unit,
            "minimum": p.minimum,
            "maximum": p.maximum,
            "default": p.default,
            "curve": str(p.curve),
            "choices": list(p.choices),
            "description": p.description,
        }
        for p in table
    ]
