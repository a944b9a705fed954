"""The stick as a part of the panel: finishes, at start, what a power cut has interrupted."""

import subprocess
import sys

from appliance.panel.part import Desk, ThreadPart
from appliance.panel.usb.plan import Stage
from appliance.places import data_folder

_LONGEST = 300.0  # seconds


class StickPart(ThreadPart):
    """Looks once whether a plan waits; sticks themselves are taken in by a unit of their own."""

    name = "stick"

    def __init__(self, desk: Desk) -> None:
        """Prepare; nothing in the desk is needed."""
        super().__init__()
        del desk

    def run(self) -> None:
        """Carry out the plan that waits, in a process of its own, then rest."""
        if Stage(data_folder()).waiting() is not None:
            subprocess.run(
                [sys.executable, "-m", "appliance", "stick", "resume"],
                check=False,
                timeout=_LONGEST,
                stdin=subprocess.DEVNULL,
            )
        self.stopping.wait()
