"""Recordings into jam slots, from the order to the finished clip."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from appliance.errors import LatentError
from appliance.jam.edits import resampled
from appliance.latent.clip import MAX_POINTS, Clip
from appliance.latent.grid import CONTROL_PERIOD
from appliance.latent.jam import Jam
from appliance.latent.recording import Manner, Recording
from appliance.suggestion import did_you_mean

if TYPE_CHECKING:
    from appliance.jam.studio import Studio

MANNERS = {"new": Manner.NEW, "loop": Manner.REPLACE, "overdub": Manner.OVERDUB}
MIN_SECONDS = 0.05

_ROOM_SECONDS = 600.0
_SETTLING = 0.05  # seconds after which the audio thread has left a recording


class Takes:
    """At most one recording at a time, at the rate of the control grid: every latent as it was."""

    def __init__(self, jam: Jam, rate: int, modules: Sequence[str]) -> None:
        """Prepare for an engine at `rate` whose modules are called `modules`, in their order."""
        self.grid = rate / CONTROL_PERIOD
        """Points a second."""
        self._jam = jam
        self._modules = tuple(modules)
        self._name = ""

    def manner(self, slot: int) -> str | None:
        """Return how `slot`, from 0, is recorded into, None if it is not."""
        recording = self._jam.recording
        if recording is None or recording.slot != slot:
            return None
        return next(name for name, manner in MANNERS.items() if manner == recording.manner)

    def written(self, slot: int) -> int:
        """Return how many points were recorded into `slot`."""
        recording = self._jam.recording
        return recording.written if recording is not None and recording.slot == slot else 0

    def begin(
        self, studio: "Studio", slot: int, manner: str, seconds: float | None, source: str
    ) -> None:
        """Record what `source` gives into `slot`; raises LatentError.

        "all" is every module but jam itself, anything else the name of one.
        """
        sources = self._sources(source)
        if self._jam.recording is not None:
            self.end(studio)
        if manner == "new":
            points = self._room(_ROOM_SECONDS if seconds is None else seconds)
            self._jam.recording = Recording(slot, points, Manner.NEW, sources)
            return
        points = self._loop(studio, slot, seconds)
        studio.hold(slot, Clip(points, "recorded"))
        studio.turn(slot, rate=self.grid, start=0, end=1, loop=1, play=1)
        self._jam.recording = Recording(slot, points, MANNERS[manner], sources)

    def end(self, studio: "Studio") -> int:
        """End the recording; return its slot. Raises LatentError if there is none."""
        recording, self._jam.recording = self._jam.recording, None
        if recording is None:
            raise LatentError("Nothing is recorded. Begin with /jam/record SLOT new.")
        time.sleep(_SETTLING)
        slot = recording.slot
        if recording.manner != Manner.NEW:
            recording.points.flags.writeable = False
            studio.play(slot)
            return slot
        if recording.written < MIN_SECONDS * self.grid:
            raise LatentError(
                f"The recording into jam slot {slot + 1} was shorter than {MIN_SECONDS:g} s; it is "
                "not kept. Record again."
            )
        points = recording.points[: recording.written].copy()
        points.flags.writeable = False
        studio.hold(slot, Clip(points, "recorded"))
        studio.turn(slot, rate=self.grid, speed=1, stretch=1, start=0, end=1, loop=1, play=1)
        return slot

    def look(self, studio: "Studio") -> None:
        """End a recording whose room is full."""
        recording = self._jam.recording
        if recording is not None and recording.full:
            self.end(studio)

    def _loop(self, studio: "Studio", slot: int, seconds: float | None) -> NDArray[np.float32]:
        """Return the points to record over: those of the slot, or new ones of a given length."""
        clip = studio.slots[slot].clip
        if seconds is not None or clip is None:
            if seconds is None:
                raise LatentError(
                    f"Jam slot {slot + 1} is empty, so its loop has no length. Say how many "
                    f"seconds: /jam/record {slot + 1} loop 4."
                )
            return self._room(seconds)
        count = round(len(clip) * self.grid / studio.value(slot, "rate"))
        if not MIN_SECONDS * self.grid <= count <= MAX_POINTS:
            raise LatentError(
                f"The loop of jam slot {slot + 1} lasts {count / self.grid:.3g} s; one that is "
                f"recorded over lasts {MIN_SECONDS:g} to {MAX_POINTS / self.grid:.0f} s. Change "
                "its rate."
            )
        return np.array(resampled(clip.points.T, count).T, np.float32, order="C")

    def _room(self, seconds: float) -> NDArray[np.float32]:
        most = MAX_POINTS / self.grid
        if not MIN_SECONDS <= seconds <= most:
            raise LatentError(
                f"SECONDS cannot be {seconds:g}: a recording lasts {MIN_SECONDS:g} to {most:.0f} s."
            )
        points = np.empty((round(seconds * self.grid), 8), np.float32)
        points.fill(0.0)  # touched now, so that the audio thread meets no page for the first time
        return points

    def _sources(self, source: str) -> list[int]:
        if source == "all":
            return [n for n, name in enumerate(self._modules) if name != "jam"]
        if source not in self._modules:
            known = ", ".join(("all", *self._modules))
            raise LatentError(
                f"SOURCE cannot be '{source}': it must be one of {known}."
                f"{did_you_mean(source, self._modules)}"
            )
        return [self._modules.index(source)]
