"""Draws the terrain while the engine plays it: sounds placed, moved, trained on, saved."""

import contextlib
import functools
import queue
import threading
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.errors import ApplianceError, LatentError
from appliance.jam.errand import Errand
from appliance.jam.shelves import Shelves
from appliance.jam.studio import relative_name
from appliance.jam.task import Task
from appliance.latent.terrain import Terrain
from appliance.parameters import Table
from appliance.presets.preset import Preset
from appliance.storage import write_through
from appliance.terrain.chart import ADDRESS, LEAST, Chart, chart_bytes, read_chart, write_chart
from appliance.terrain.commands import perform
from appliance.terrain.sounds import preset_latents

Reply = Callable[..., object]
"""Answers whoever sent a command: an OSC address, then its arguments."""

MADE = "latents/terrain"
"""Where terrains that have no name yet are saved, below the player's folder."""

_LOOK_SECONDS = 0.2
_JOBS = 64
_KEPT = 50


class Atlas:
    """The chart that the terrain module plays; a part of the engine.

    `base` are the values of a box without a preset. `keep` and `kept` are as the studio's.
    """

    name = "terrain"

    def __init__(
        self,
        terrain: Terrain,
        table: Table,
        base: NDArray[np.float64],
        shelves: Shelves,
        *,
        rate: int,
    ) -> None:
        """Begin with an empty plane."""
        self.chart = Chart()
        self.file = ""
        self.version = 0
        self.errand: Errand | None = None
        self.keep: Callable[[str, str], object] = lambda _, __: None
        self.kept: Callable[[], Mapping[str, str]] = dict[str, str]
        self.shelves = shelves
        self._terrain = terrain
        self._latents_of = functools.partial(
            preset_latents, table=table, base=base, rate=rate, folders=shelves.folders
        )
        self._before: deque[Chart] = deque(maxlen=_KEPT)
        self._problem = ""
        self._jobs: queue.Queue[tuple[Callable[[], None], Reply]] = queue.Queue(_JOBS)
        self._stopping = False
        self._thread: threading.Thread | None = None

    @property
    def receivers(self) -> dict[str, Callable[[Path], None]]:
        """What takes the file that a preset names."""
        return {ADDRESS: self._receive}

    def perform(self, address: str, arguments: Sequence[Any], reply: Reply) -> None:
        """Carry out a message; see `appliance.terrain.commands`."""
        perform(self, address, arguments, reply)

    def start(self) -> None:
        """Start the thread that does what takes longer than a moment."""
        self._thread = threading.Thread(target=self._run, name="terrain", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Save what was drawn and end."""
        self._stopping = True
        if self.errand is not None:
            self.errand.cancel()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def submit(self, job: Callable[[], None], reply: Reply) -> None:
        """Let the thread do `job`; an ApplianceError in it is answered. Raises LatentError."""
        try:
            self._jobs.put_nowait((job, reply))
        except queue.Full:
            raise LatentError(
                f"{_JOBS} changes of the terrain wait already. Wait a moment and try again."
            ) from None

    def draw(self, chart: Chart, file: str = "") -> None:
        """Let the engine play `chart`, undoably; only in the thread."""
        self._before.append(self.chart)
        self._take(chart, file)

    def undo(self) -> None:
        """Return to the chart before; raises LatentError if there is none."""
        if not self._before:
            raise LatentError("There is nothing to undo on the terrain.")
        self._take(self._before.pop(), "")

    def preset_latents(self, preset: Preset) -> NDArray[np.float64]:
        """Return what a preset's modules give, float64 (8, instants)."""
        return self._latents_of(preset)

    def name_file(self, file: str) -> None:
        """Note that the chart lies at `file`; only in the thread."""
        self.file = file
        if self.kept().get(ADDRESS) != file:
            self.keep(ADDRESS, file)

    def begin(self, task: Task, done: Callable[[Path], None], reply: Reply) -> None:
        """Start an errand; `done` takes its file in the thread. Raises LatentError."""
        if self.errand is not None:
            raise LatentError(
                f"The terrain waits for '{self.errand.what}' already. Stop it with "
                "/terrain/cancel, or wait."
            )
        finished = threading.Event()

        def ended(path: Path | None, wrong: str) -> None:
            def job() -> None:
                try:
                    self.errand = None
                    if path is None:
                        raise LatentError(wrong)
                    done(path)
                finally:
                    finished.set()

            with contextlib.suppress(LatentError):
                self.submit(job, reply)
                finished.wait(10)  # the file goes when this returns

        self.errand = Errand(task, ended)

    def train(self, seed: int, reply: Reply) -> None:
        """Train a network on the chart in a process of its own; raises LatentError."""
        if len(self.chart.places) < LEAST:
            raise LatentError(
                f"A network is trained on at least {LEAST} places, not {len(self.chart.places)}. "
                "Place more."
            )
        source = self.shelves.folder / MADE / ".training.npz"
        source.parent.mkdir(parents=True, exist_ok=True)
        write_through(source, chart_bytes(Chart(self.chart.places)))

        def done(path: Path) -> None:
            self.draw(read_chart(path))
            reply("/terrain/trained", seed)

        self.begin(Task("train", "", file=str(source), seed=seed), done, reply)

    def cancel(self) -> None:
        """End what is under way; raises LatentError if nothing is."""
        errand, self.errand = self.errand, None
        if errand is None:
            raise LatentError("Nothing is under way for the terrain.")
        errand.cancel()

    def status(self) -> dict[str, Any]:
        """Return the state: JSON types only."""
        chart, errand = self.chart, self.errand
        x, y = self._terrain.place
        return {
            "places": len(chart.places),
            "kind": "net" if chart.net else "places" if chart.ground else None,
            "x": round(x, 4),
            "y": round(y, 4),
            "file": self.file,
            "version": self.version,
            "undo": len(self._before),
            "working": errand.what if errand else None,
            "progress": round(errand.progress, 3) if errand else None,
            "problems": [self._problem] if self._problem else [],
        }

    def _take(self, chart: Chart, file: str) -> None:
        self.chart, self.file = chart, file
        self._terrain.ground = chart.ground
        self.version += 1
        self._problem = ""
        if file:
            self.name_file(file)

    def _run(self) -> None:
        enter_real_time(BACKGROUND)
        while not self._stopping:
            self._look()
        with contextlib.suppress(LatentError):
            self._save()

    def _look(self) -> None:
        reply: Reply = _nobody
        try:
            try:
                job, reply = self._jobs.get(timeout=_LOOK_SECONDS)
                job()
            except queue.Empty:
                self._save()
        except ApplianceError as error:
            self._problem = str(error)
            reply("/error", self._problem)
        except OSError as error:
            self._problem = f"The disk failed: {error}. Try again, or check it."
            reply("/error", self._problem)

    def _save(self) -> None:
        """Save a chart that has no file yet under a name of its contents."""
        if self.file or self.chart.ground is None:
            return
        data = chart_bytes(self.chart)
        file = f"{MADE}/{zlib.crc32(data):08x}-{len(self.chart.places)}.npz"
        if not (self.shelves.folder / file).is_file():
            write_chart(self.shelves.folder / file, self.chart)
        self.name_file(file)

    def _receive(self, path: Path) -> None:
        """Take the file that a preset plays from; raises LatentError."""
        file = relative_name(path, self.shelves.folders)
        if file and file == self.file:
            return
        chart = read_chart(path)
        self._terrain.ground = chart.ground  # at once: the sound has been recalled already

        def job() -> None:
            self._before.clear()
            self.chart, self.file, self._problem = chart, file, ""
            self._terrain.ground = chart.ground
            self.version += 1

        self.submit(job, _nobody)


def _nobody(*_: object) -> None:
    """Answer nobody."""
