"""Keeps the player's presets: commands come in, orders go to the engine, the disk follows.

Commands are carried out in memory, in the thread that brings them, in microseconds: a recall never
waits for a disk. A thread of its own does all that reads or writes files, one job after the other,
and saves the sound as it stands every few seconds.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError, PresetError
from appliance.parameters import Values
from appliance.presets.bank import Bank, Entry, read_bank, remember, spans
from appliance.presets.bench import Bench, sound_of
from appliance.presets.diary import Diary
from appliance.presets.door import Door
from appliance.presets.file_name import find_file
from appliance.presets.finding import find_preset
from appliance.presets.morph import Morph
from appliance.presets.presence import Presence
from appliance.presets.preset import read_preset
from appliance.presets.session import CRASHES, STEADY_SECONDS
from appliance.presets.shelf import Shelf, slot_of
from appliance.presets.sound import Sound
from appliance.presets.stage import Stage

Reply = Callable[..., object]
"""Answers whoever sent a command: an OSC address, then its arguments."""

Receiver = Callable[[Path], None]
"""Takes a file that a preset plays from."""

LOOK_SECONDS = 0.25
AUTOSAVE_SECONDS = 5.0
RECALLED_SECONDS = 1.0  # after a recall, so that a crash comes back to it
REFRESH_SECONDS = 2.0
_RETRY_SECONDS = 10.0
_JOBS = 64


class Keeper:
    """The presets of one box. `folder` is the player's, `factory` the bank it begins with.

    `receivers` take the files at the addresses that presets name.
    """

    def __init__(
        self,
        values: Values,
        door: Door,
        morph: Morph,
        *,
        rate: int,
        folder: Path,
        factory: Shelf,
        receivers: Mapping[str, Receiver] | None = None,
    ) -> None:
        """Read the bank and the last session; `values` are those of a box without a preset."""
        self.lock = threading.RLock()
        """Held while stage and bench are used; never while the disk is."""
        self.bank = Bank(values.table, values.array.copy())
        self.shelf = Shelf(folder / "presets" / "bank")
        self.folders = (folder, factory.folder)
        """Where the files that presets play from are looked for."""
        self._problems: dict[str, tuple[str, ...]] = {}
        self._values, self._door, self._morph, self._rate = values, door, morph, rate
        self._receivers = dict(receivers or {})
        self._note("bank", *read_bank(self.bank, self.shelf, repair=True))
        fresh = self._fresh = not self.shelf.exists
        if fresh:
            read_bank(self.bank, factory)
        self._diary = Diary(folder / "session.yaml")
        self._note("session", *self._diary.problems)
        base = Sound(self.bank.base, None, "Nothing")
        self.stage = Stage(values, door, morph, self.bank, rate, base)
        self.bench = Bench(self.stage)
        self.bench.unsaved.update(self.bank if fresh else ())
        self._known = self.shelf.signatures()
        self.followed: Mapping[str, str] = {}
        """The files that were handed over last."""
        self._presence = Presence(self.folders)
        self._jobs: queue.Queue[tuple[Callable[[], None], Reply]] = queue.Queue(_JOBS)
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._begun = self._saved = self._refreshed = time.monotonic()
        self._written: Sound | None = None
        self._retry = 0.0

    def begin(self, preset: str | None, wish: str | None, default: str) -> str:
        """Choose the first sound, before the engine plays, and return its name.

        `preset` was asked for and comes first; `wish` is the configuration's; all are names as
        `find_preset` knows them. Raises PresetError if `preset` cannot be used; for anything else
        there is a way out.
        """
        session = None if preset else self._diary.resumed(wish=wish is not None)
        if self._diary.last is not None:
            self.stage.manner = self._diary.last.manner
        self._note("session", *self._diary.problems)
        if session is not None and session.sound is not None:
            sound = sound_of(self.bank.entry(session.sound), session.slot or None)
        elif preset is not None:
            sound = self._first(preset)
        else:
            # What the configuration wishes for may be what the starts died of.
            sound = self._wished(wish if self._diary.crashes < CRASHES else None, default)
        self._values.array[:] = sound.settings
        manner, unsaved = self.stage.manner, self.bench.unsaved
        self.stage = Stage(self._values, self._door, self._morph, self.bank, self._rate, sound)
        self.stage.manner = manner
        self.bench = Bench(self.stage)
        self.bench.unsaved = unsaved
        return sound.name

    def start(self, prepare: Callable[[], object] = lambda: None) -> None:
        """Start the thread that does the disk's work; it calls `prepare` first."""

        def run() -> None:
            prepare()
            self._run()

        self._thread = threading.Thread(target=run, name="presets", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is to be saved and note that this was an orderly end."""
        self._stopping = True
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._jobs.put_nowait((lambda: None, _nobody))
            self._thread.join(timeout=10)
        with self.lock:
            self.stage.look(flush=True)
        with contextlib.suppress(PresetError):
            self._save()
        self._write_session(clean=True)

    def submit(self, job: Callable[[], None], reply: Reply) -> None:
        """Let the thread do `job`; an ApplianceError in it is answered.

        Raises PresetError if too many wait already.
        """
        try:
            self._jobs.put_nowait((job, reply))
        except queue.Full:
            raise PresetError(
                f"{_JOBS} changes wait for the disk already. Wait a moment and try again."
            ) from None

    def save(self, slots: Iterable[int], reply: Reply) -> None:
        """Let the thread bring `slots` to the disk, and answer when they are there."""
        saved = sorted(slots)

        def job() -> None:
            self._save()
            reply("/preset/saved", *saved)

        with contextlib.suppress(PresetError):  # it will look for them by itself
            self.submit(job, reply)

    def follow_files(self) -> None:
        """Let the thread hand over the files of the present sound, if they are other ones."""
        files = self.stage.here.files
        if files != self.followed:
            with contextlib.suppress(PresetError):  # tried again at the next look
                self.submit(lambda: self._hand_over(files), _nobody)
                self.followed = files

    def status(self) -> dict[str, Any]:
        """Return the state of the presets: JSON types only."""
        with self.lock:
            stage, morph = self.stage, self._morph
            stage.look()
            here = stage.here
            walking = stage.walking
            current = stage.origin if walking else here
            state = "rest"
            if walking:
                state = "hand" if stage.by_hand else "paused" if morph.paused else "morph"
            undo, redo = stage.undo.depth
            manner = stage.manner
            return {
                "current": current.slot,
                "name": current.name,
                "state": state,
                "target": here.slot if walking else None,
                "target_name": here.name if walking else None,
                "progress": round(morph.share if stage.forth else 1 - morph.share, 4)
                if walking
                else None,
                "queued": stage.queued.slot if stage.queued else None,
                "queued_name": stage.queued.name if stage.queued else None,
                "edited": stage.edited,
                "side": self.bench.side,
                "filled": list(self.bank),
                "unsaved": sorted(self.bench.unsaved),
                "version": self.bank.version,
                "undo": undo,
                "redo": redo,
                "seconds": manner.seconds,
                "switch_at": manner.switch_at,
                "wrap": manner.wrap,
                "quantize": manner.quantize,
                "problems": [s for each in self._problems.values() for s in each],
            }

    def _wished(self, *names: str | None) -> Sound:
        """Return the first of `names` that can be used, or the box without a preset."""
        wrong: list[str] = []
        for name in names:
            try:
                if name:
                    return self._first(name)
            except PresetError as error:
                wrong.append(str(error))
                self._note("wish", *wrong)
        return self.stage.here

    def _first(self, name: str) -> Sound:
        file = find_preset(name)
        preset, slot = read_preset(file), slot_of(file)
        entry = self.bank.get(slot or 0)
        return sound_of(self.bank.entry(preset), slot if entry and entry.preset == preset else None)

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            if self.shelf.exists:
                remember(self.bank, self.shelf)
        self._write_session(clean=False)
        looked = 0.0
        while not self._stopping:
            with contextlib.suppress(queue.Empty):
                self._do(*self._jobs.get(timeout=LOOK_SECONDS))
            if time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                self._do(self._look, _nobody)

    def _do(self, job: Callable[[], None], reply: Reply) -> None:
        try:
            job()
        except ApplianceError as error:
            reply("/error", str(error))
        except OSError as error:
            reply("/error", f"The disk failed: {error}. Try again, or check it.")

    def _look(self) -> None:
        now = time.monotonic()
        with self.lock:
            self.stage.look()
            self.follow_files()
        self._note("gone", *self._presence.look(self.followed.values()))
        if self._diary.crashes and now - self._begun > STEADY_SECONDS:
            self._diary.crashes = 0
        if self.bench.unsaved and now >= self._retry:
            self._save()
        if now - self._refreshed >= REFRESH_SECONDS:
            self._refreshed = now
            self._refresh()
        recalled = self.stage.here is not self._written
        if now - self._saved >= (RECALLED_SECONDS if recalled else AUTOSAVE_SECONDS):
            self._saved = now
            self._write_session(clean=False)

    def _save(self) -> None:
        """Bring the unsaved slots to the disk in one change; raises PresetError."""
        with self.lock:
            if self._fresh and self.shelf.exists:  # another process has filled some slots
                self.bench.unsaved.difference_update(self.shelf.files())
            self._fresh = False
            entries = {slot: self.bank.get(slot) for slot in sorted(self.bench.unsaved)}
        if not entries:
            return
        changes = {slot: entry.data if entry else None for slot, entry in entries.items()}
        try:
            self.shelf.write(changes)
        except PresetError as error:
            self._retry = time.monotonic() + _RETRY_SECONDS
            kept = f"{error} Until then slot {spans(list(entries))} is kept in memory."
            self._note("save", kept)
            raise PresetError(kept) from error
        self._note("save")
        with self.lock:
            for slot, entry in entries.items():
                if self.bank.get(slot) is entry:
                    self.bench.unsaved.discard(slot)
        others = {slot: known for slot, known in self._known.items() if slot not in entries}
        written = {s: known for s, known in self.shelf.signatures().items() if s in entries}
        self._known = others | written
        with contextlib.suppress(OSError):
            for slot, data in changes.items():
                if data is not None:
                    self.shelf.history.keep(slot, data)

    def _refresh(self) -> None:
        """Take over what others have changed in the folder: a person with an editor, a command."""
        known = self.shelf.signatures()
        changed = {s for s in {*known, *self._known} if known.get(s) != self._known.get(s)}
        if not changed:
            return
        self._known = known
        found = self.shelf.read()
        for slot in changed - self.bench.unsaved:
            data = found.get(slot)
            entry: Entry | None = None
            self._note(f"slot {slot}")
            try:
                if isinstance(data, OSError):
                    raise PresetError(f"Slot {slot} cannot be read: {data.strerror}.")
                if data is not None:
                    entry = self.bank.read(data, source=str(self.shelf.files().get(slot, slot)))
            except PresetError as error:
                self._note(f"slot {slot}", f"{error} Until then the version before is used.")
                continue
            with self.lock:
                self.bank.put(slot, entry)

    def _write_session(self, *, clean: bool) -> None:
        with self.lock:
            preset = self.bench.present()
            here, manner = self.stage.here, self.stage.manner
        try:
            self._diary.write(preset, here.slot, manner, clean=clean)
            self._written = here
            self._note("autosave")
        except OSError as error:
            self._note(
                "autosave",
                f"The sound as it stands cannot be saved: {error.strerror or error}. Free some "
                "space, or check the disk.",
            )

    def _hand_over(self, files: Mapping[str, str]) -> None:
        wrong: list[str] = []
        for address, name in files.items():
            try:
                receiver = self._receivers.get(address)
                path = find_file(name, self.folders)
                if receiver is None:
                    raise PresetError(f"Nothing here plays from {address}, where {name} belongs.")
                receiver(path)
            except (ApplianceError, OSError) as error:
                wrong.append(str(error))
        self._note("files", *wrong)

    def _note(self, what: str, *sentences: str) -> None:
        """Keep sentences for the status, in place of earlier ones about the same."""
        with self.lock:
            self._problems.pop(what, None)
            if sentences:
                self._problems[what] = sentences


def _nobody(*_: object) -> None:
    """Answer nobody."""
