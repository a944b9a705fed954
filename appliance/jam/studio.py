"""Where the contents of the jam slots are made, while the engine plays them.

A thread of its own makes, reads, edits and saves latents and hands them to the engine as whole
clips. What it makes is saved under a name of its contents at once, and the presets learn the name:
so a preset, its history and the last session always find what they played.
"""

import contextlib
import functools
import queue
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.engine.realtime import BACKGROUND, enter_real_time
from appliance.errors import ApplianceError, LatentError
from appliance.jam.arrays import read_latents, write_latents
from appliance.jam.commands import perform
from appliance.jam.errand import Errand, outcome
from appliance.jam.pruning import prune
from appliance.jam.shelves import Shelves
from appliance.jam.slot import Slot
from appliance.jam.takes import Takes
from appliance.jam.task import Task
from appliance.latent.clip import Clip, clip_of
from appliance.latent.jam import Jam
from appliance.parameters import Values
from appliance.parameters.table import JAMS
from appliance.presets.door import Door

Reply = Callable[..., object]
"""Answers whoever sent a command: an OSC address, then its arguments."""

MADE = "latents/jam"
"""Where latents that have no name yet are saved, below the player's folder."""

_LOOK_SECONDS = 0.1
_JOBS = 64


class Studio:
    """The contents of the eight slots, with files on `shelves`; a part of the engine.

    `keep` tells the presets which file, by relative name, an address plays from; `kept` gives the
    files of the present sound. `modules` are the names of the engine's modules in their order.
    """

    name = "jam"

    def __init__(
        self,
        jam: Jam,
        values: Values,
        door: Door,
        shelves: Shelves,
        *,
        rate: int,
        modules: Sequence[str],
    ) -> None:
        """Begin with empty slots."""
        self.jam = jam
        self.slots = [Slot() for _ in range(JAMS)]
        self.errands: dict[int, Errand] = {}
        self.takes = Takes(jam, rate, modules)
        self.keep: Callable[[str, str], object] = lambda _, __: None
        self.kept: Callable[[], Mapping[str, str]] = dict[str, str]
        self.shelves = shelves
        self._values, self._door = values, door
        self._problems: dict[int, str] = {}
        self._unsaved: set[int] = set()
        self._jobs: queue.Queue[tuple[Callable[[], None], Reply, int]] = queue.Queue(_JOBS)
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="jam", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Save what was made and end the thread and all that it has begun."""
        self._stopping = True
        for errand in list(self.errands.values()):
            errand.cancel()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def submit(self, slot: int, job: Callable[[], None], reply: Reply) -> None:
        """Let the thread do `job` about `slot`, from 0; an ApplianceError in it is answered.

        Raises LatentError if too many wait already.
        """
        try:
            self._jobs.put_nowait((job, reply, slot))
        except queue.Full:
            raise LatentError(
                f"{_JOBS} changes of jam slots wait already. Wait a moment and try again."
            ) from None

    @property
    def receivers(self) -> dict[str, Callable[[Path], None]]:
        """What takes the files at the addresses that presets name."""
        return {address_of(n): functools.partial(self._receive, n) for n in range(JAMS)}

    def perform(self, address: str, arguments: Sequence[Any], reply: Reply) -> None:
        """Carry out a message; see `appliance.jam.commands`."""
        perform(self, address, arguments, reply)

    def put(self, slot: int, latents: NDArray[np.float32], name: str) -> None:
        """Let `slot` play new `latents`, float32 (8, points), undoably; only in the thread."""
        self.hold(slot, clip_of(latents, name))

    def hold(self, slot: int, clip: Clip | None, file: str = "") -> None:
        """Let `slot` play `clip`, which lies at `file` if that is given; only in the thread."""
        self.slots[slot].hold(clip, file)
        self.play(slot)

    def play(self, slot: int) -> None:
        """Let the engine play what the slot holds; only in the thread."""
        state = self.slots[slot]
        self.jam.put(slot, state.clip)
        self._problems.pop(slot, None)
        if state.clip is not None and not state.file:
            self._unsaved.add(slot)
        elif state.file:
            self._tell(slot, state.file)

    def latents(self, slot: int) -> NDArray[np.float32]:
        """Return a slot's latents, float32 (8, points), not to be changed; LatentError if empty."""
        clip = self.slots[slot].clip
        if clip is None:
            raise LatentError(
                f"Jam slot {slot + 1} is empty. Fill, load or record it first, such as "
                f"/jam/fill {slot + 1} walk."
            )
        return clip.points.T

    def turn(self, slot: int, **settings: float) -> None:
        """Set parameters of a slot, such as `rate`."""
        for name, value in settings.items():
            index = self._values.table.index(f"/jam/{slot + 1}/{name}")
            self._door.put(index, self._values.table.parameters[index].parse(value))

    def value(self, slot: int, name: str) -> float:
        """Return a parameter of a slot."""
        return self._values.get(f"/jam/{slot + 1}/{name}")

    def begin(self, slot: int, task: Task, reply: Reply) -> None:
        """Start an errand whose latents `slot` will play at their rate; raises LatentError."""
        running = self.errands.get(slot)
        if running is not None:
            raise LatentError(
                f"Jam slot {slot + 1} waits for '{running.what}' already. Stop it with "
                f"/jam/cancel {slot + 1}, or wait."
            )

        def done(path: Path | None, wrong: str) -> None:
            made = outcome(path) if path is not None else None

            def job() -> None:
                self.errands.pop(slot, None)
                if made is None:
                    raise LatentError(wrong)
                self.put(slot, made.latents, task.title)
                self.turn(slot, rate=made.rate)
                reply(f"/jam/{task.what}d", slot + 1, made.latents.shape[1])

            with contextlib.suppress(LatentError):
                self.submit(slot, job, reply)

        self.errands[slot] = Errand(task, done)

    def cancel(self, slot: int) -> None:
        """End what is under way for `slot`; raises LatentError if nothing is."""
        errand = self.errands.pop(slot, None)
        if errand is None:
            raise LatentError(f"Nothing is under way for jam slot {slot + 1}.")
        errand.cancel()

    def name_file(self, slot: int, file: str) -> None:
        """Note that what `slot` holds lies at `file`; only in the thread."""
        self.slots[slot].file = file
        self._unsaved.discard(slot)
        self._tell(slot, file)

    def status(self) -> dict[str, Any]:
        """Return the state of the slots: JSON types only."""
        return {
            "slots": [self._slot(number) for number in range(JAMS)],
            "problems": list(self._problems.values()),
        }

    def _slot(self, number: int) -> dict[str, Any]:
        state, errand = self.slots[number], self.errands.get(number)
        clip, cursor = state.clip, self.jam.cursor(number)
        undo, redo = state.depth
        return {
            "points": len(clip) if clip else 0,
            "name": clip.name if clip else "",
            "file": state.file,
            "cursor": None if cursor is None else round(cursor, 5),
            "recording": self.takes.manner(number),
            "recorded": self.takes.written(number),
            "working": errand.what if errand else None,
            "progress": round(errand.progress, 3) if errand else None,
            "version": state.version,
            "undo": undo,
            "redo": redo,
        }

    def _run(self) -> None:
        enter_real_time(BACKGROUND)
        prune(self.shelves.folder, self.kept().values())
        while not self._stopping:
            self._look()
        self._save()

    def _look(self) -> None:
        slot = -1
        reply: Reply = _nobody
        try:
            try:
                job, reply, slot = self._jobs.get(timeout=_LOOK_SECONDS)
                job()
            except queue.Empty:
                self._save()
                self._adopt()
                self.takes.look(self)
        except ApplianceError as error:
            self._wrong(slot, str(error), reply)
        except OSError as error:
            self._wrong(slot, f"The disk failed: {error}. Try again, or check it.", reply)

    def _wrong(self, slot: int, sentence: str, reply: Reply) -> None:
        self._problems[slot] = sentence
        reply("/error", sentence)

    def _save(self) -> None:
        """Save what has no file yet under a name of its contents."""
        for slot in sorted(self._unsaved):
            state = self.slots[slot]
            if self.takes.manner(slot) is not None:
                continue  # it still changes
            self._unsaved.discard(slot)
            if state.clip is None or state.file:
                continue
            points = state.clip.points
            file = f"{MADE}/{zlib.crc32(points.tobytes()):08x}-{len(points)}.npy"
            if not (self.shelves.folder / file).is_file():
                write_latents(self.shelves.folder / file, points.T)
            self.name_file(slot, file)

    def _adopt(self) -> None:
        """Let the present sound know of a slot that was switched on by hand and has a file."""
        kept = self.kept()
        for slot, state in enumerate(self.slots):
            if state.file and address_of(slot) not in kept and self.value(slot, "play"):
                self._tell(slot, state.file)

    def _tell(self, slot: int, file: str) -> None:
        if self.kept().get(address_of(slot)) != file:
            self.keep(address_of(slot), file)

    def _receive(self, slot: int, path: Path) -> None:
        """Take a file that a preset plays from; raises LatentError."""
        file = relative_name(path, self.shelves.folders)
        if file == self.slots[slot].file and self.slots[slot].clip is not None:
            return
        clip = clip_of(read_latents(path), path.stem)
        self.jam.put(slot, clip)  # at once: the sound has been recalled already

        def job() -> None:
            self.slots[slot].load(clip, file)
            self.jam.put(slot, clip)
            self._unsaved.discard(slot)
            self._problems.pop(slot, None)

        self.submit(slot, job, _nobody)


def address_of(slot: int) -> str:
    """Return the address at which presets name the file of `slot`, from 0."""
    return f"/jam/{slot + 1}/file"


def relative_name(path: Path, folders: Iterable[Path]) -> str:
    """Return the name of `path` below the first of `folders` that holds it, "" if none does."""
    for folder in folders:
        with contextlib.suppress(ValueError):
            return path.resolve().relative_to(folder.resolve()).as_posix()
    return ""


def _nobody(*_: object) -> None:
    """Answer nobody."""
