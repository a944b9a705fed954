"""Asks for the power to be cut or turned round: a file that root's own unit waits for.

No privilege is needed for it; see systemd/neural-synth-poweroff.path.
"""

import contextlib
from pathlib import Path
from typing import Literal

from appliance.errors import DeviceError
from appliance.places import runtime_folder

Wish = Literal["poweroff", "reboot"]


def ask_for(wish: Wish, folder: Path | None = None) -> None:
    """Ask for `wish`; raises DeviceError where nobody could hear it."""
    target = folder or runtime_folder()
    try:
        (target / wish).touch()
    except OSError as error:
        raise DeviceError(
            f"Nobody here can {wish}: {target} cannot be written ({error.strerror}). Unplug the "
            "box; nothing is lost by it."
        ) from error


def asked(folder: Path | None = None) -> bool:
    """Return whether somebody has asked and nobody has heard yet."""
    target = folder or runtime_folder()
    with contextlib.suppress(OSError):
        return (target / "poweroff").exists() or (target / "reboot").exists()
    return False
