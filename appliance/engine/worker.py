"""Real-time: the threads that decode. Each serves its groups in the order of their deadlines."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from appliance.engine.realtime import Scheduling, enter_real_time


class Frames(Protocol):
    """Frames that wait to be worked on: those of a group of decoders, or of the encoder."""

    model: str

    @property
    def frame_samples(self) -> float:
        """Samples of the engine's clock from frame to frame."""
        ...

    @property
    def last_seconds(self) -> float:
        """Time that the last frame took."""
        ...

    @property
    def pending(self) -> bool:
        """True if a frame waits."""
        ...

    @property
    def oldest_start(self) -> int:
        """The sample at which the oldest waiting frame starts, if one is pending."""
        ...

    def work(self, due: Callable[[], int]) -> None:
        """Do the oldest waiting frame; `due` gives the engine's clock less its headroom."""
        ...

    def fail(self) -> None:
        """Give silence for the frame in hand and for all that follow."""
        ...


class Service:
    """Does the posted frames of some groups, in the thread that asks for it.

    A model that fails mutes its group instead of ending the thread: `failed` names it.
    """

    def __init__(self, groups: Sequence[Frames], due: Callable[[], int]) -> None:
        """Serve `groups`; `due` gives the engine's clock less its headroom."""
        self.groups = tuple(groups)
        self.failed: dict[str, str] = {}
        """Model name to the reason why it no longer decodes."""
        self._due = due

    @property
    def pending(self) -> bool:
        """True if a frame waits."""
        return any(group.pending for group in self.groups)

    def serve(self) -> None:
        """Do all frames that wait."""
        while self._one():
            pass

    def _one(self) -> bool:
        """Do one frame of the group whose frame is due first; return whether there was one."""
        earliest: Frames | None = None
        for group in self.groups:
            if group.pending and (earliest is None or group.oldest_start < earliest.oldest_start):
                earliest = group
        if earliest is None:
            return False
        try:
            earliest.work(self._due)
        except Exception as error:  # a decoder of unknown code must not end the sound
            self.failed[earliest.model] = " ".join(str(error).split())[:200]
            earliest.fail()
        return True


class Worker:
    """A thread for a service; woken, it never polls."""

    def __init__(
        self, groups: Sequence[Frames], due: Callable[[], int], scheduling: Scheduling
    ) -> None:
        """Serve `groups`; `due` gives the engine's clock less its headroom."""
        self.service = Service(groups, due)
        self.flags: tuple[str, ...] = ()
        self._scheduling = scheduling
        self._bell = threading.Lock()
        self._bell.acquire()
        self._stopping = False
        names = "+".join(dict.fromkeys(g.model for g in groups))
        self._thread = threading.Thread(target=self._run, name=f"decode {names}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Let the thread look for posted frames; never blocks."""
        if self._bell.locked():
            self._bell.release()

    def stop(self) -> None:
        """End the thread after the frame in hand."""
        self._stopping = True
        self.wake()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        self.flags = enter_real_time(self._scheduling)
        while True:
            self._bell.acquire()
            if self._stopping:
                return
            self.service.serve()
