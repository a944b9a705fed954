"""The door to the engine's parameters: what presets need of it, and nothing else."""

from typing import Protocol

from appliance.presets.order import Order, Settings


class Door(Protocol):
    """Takes changes for the engine; neither call waits."""

    def put(self, index: int, value: float) -> bool:
        """Set one parameter; return False if it could not be taken."""
        ...

    def order(self, order: Order) -> bool:
        """Pass an order on; return False if it could not be taken."""
        ...

    def ahead(self, values: Settings) -> Settings:
        """Return a copy of the engine's `values` as they will be once all that waits is done."""
        ...
