"""The part of the panel that works off the queue of imports, in processes of their own."""

from appliance.imports.queue import ImportQueue
from appliance.imports.runner import ImportRunner
from appliance.panel.part import Desk, ThreadPart


class ImportsPart(ThreadPart):
    """Imports what the stick, the page or the command line put into the queue."""

    name = "imports"

    def __init__(self, desk: Desk) -> None:
        """Prepare for the player's queue."""
        super().__init__()
        memory = desk.config.panel.imports.memory_mb
        self._runner = ImportRunner(ImportQueue(), memory_mb=memory)
        self._runner.stopping = self.stopping

    def run(self) -> None:
        """Work until told to stop; an import in hand waits for the next start."""
        self._runner.serve()
