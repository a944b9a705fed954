"""The engine's messages that a page may send: those that name no path of the box's disk."""

from appliance.errors import ParameterError
from appliance.suggestion import did_you_mean

_PRESETS = (
    *("recall", "next", "previous", "morph", "pause", "reverse", "bar", "cancel", "compare"),
    *("store", "copy", "swap", "clear", "undo", "redo", "restore", "rename", "tag", "file"),
    *("seconds", "switch_at", "wrap", "quantize"),
)
PERMITTED = frozenset((*(f"/preset/{name}" for name in _PRESETS), "/clock/tap"))


def check_command(address: str) -> None:
    """Raise ParameterError unless a page may send the message `address`."""
    if address not in PERMITTED:
        raise ParameterError(f"A page may not send '{address}'.{did_you_mean(address, PERMITTED)}")
