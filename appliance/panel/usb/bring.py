"""One visit of a stick, from the first look to the last word.

Look, copy, check, decide, write the decision down, carry it out. Until it is written down nothing
has changed; from then on it will be carried out, whatever happens to the stick or the power.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.decoders.card import read_card
from appliance.errors import ApplianceError, DeviceError, IntakeError, ModelError, PresetError
from appliance.imports.queue import ImportQueue
from appliance.panel.usb.luggage import copy_item
from appliance.panel.usb.placing import Placing
from appliance.panel.usb.plan import Plan, Stage
from appliance.panel.usb.survey import CONFIG, Item, Survey, survey
from appliance.panel.usb.visit import VisitReport
from appliance.parameters import Values
from appliance.presets.archive import export_bank, import_bank
from appliance.presets.bank import Bank, read_bank
from appliance.presets.finding import factory_shelf
from appliance.presets.preset import every_slot
from appliance.presets.shelf import Shelf

_BLOCK = 1 << 20


@dataclass(slots=True)
class Outcome:
    """What came of a visit: sentences for the player."""

    taken: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    known: int = 0
    """Files that were here already."""
    wants_export: bool = False

    @property
    def text(self) -> str:
        """All of it, for a file."""
        lines = [*self.taken, *(f"Refused: {line}" for line in self.refused)]
        if self.known:
            lines.append(f"{self.known} files were here already.")
        return "\n".join(lines or ["Nothing new."]) + "\n"

    @property
    def short(self) -> tuple[str, ...]:
        """Two lines for a small display."""
        taken, refused = len(self.taken), len(self.refused)
        first = f"{taken} new" if taken else "nothing new"
        return (first, f"{refused} refused: see report" if refused else f"{self.known} known")


def bring(stick: Path, folder: Path, report: VisitReport, queue: ImportQueue) -> Outcome:
    """Take over what the stick mounted at `stick` brings into the player's `folder`.

    Raises DeviceError or PresetError if that had to end early; then nothing has changed, or the
    plan waits to be carried out by `resume`.
    """
    resume(folder)
    report.say("looking")
    found = survey(stick)
    outcome = Outcome(wants_export=found.wants_export)
    if not found.is_ours:
        outcome.refused.append("There is no folder neural-synth on the stick.")
        return outcome
    stage = Stage(folder)
    seen = stage.seen()
    fresh = [item for item in found.items if item.key not in seen]
    outcome.known = len(found.items) - len(fresh)
    models = [item for item in fresh if item.kind is not None and item.kind.name == "model"]
    others = [item for item in fresh if item not in models]
    stage.empty()
    luggage = _Luggage(found, stage, report, sum(item.size for item in fresh))
    copies = {item: copy for item in others if (copy := luggage.copy(item)) is not None}
    plan = _decide(copies, folder, stage, found)
    for item in models:
        if luggage.model(item, queue):
            plan.lines.append(f"{Path(item.name).name} is being imported.")
            plan.seen.append(item.key)
    report.say("taking", "taking it over", share=1.0)
    stage.commit(plan)
    stage.carry_out(plan)
    outcome.taken = plan.lines
    outcome.refused = found.refused
    if found.more_refused:
        outcome.refused.append(f"{found.more_refused} more files were refused.")
    return outcome


def resume(folder: Path) -> bool:
    """Carry out a plan that an earlier visit wrote down; return whether there was one."""
    stage = Stage(folder)
    plan = stage.waiting()
    if plan is not None:
        stage.carry_out(plan)
    return plan is not None


class _Luggage:
    """Copies item by item, telling how far it is; what is refused is noted."""

    def __init__(self, found: Survey, stage: Stage, report: VisitReport, total: int) -> None:
        self._found, self._stage, self._report = found, stage, report
        self._total = max(1, total)
        self._done = 0

    def copy(self, item: Item) -> Path | None:
        """Return the checked copy of `item`, None if it is refused."""
        self._say(item)
        try:
            return copy_item(item, self._found.home, self._stage.path, self._hear)
        except (IntakeError, PresetError) as error:
            self._found.refused.append(str(error))
        return None

    def model(self, item: Item, queue: ImportQueue) -> bool:
        """Put a model into the queue of imports; return whether it will be imported."""
        self._say(item)
        path = self._found.home / item.name
        try:
            assert item.kind is not None
            item.kind.check(path, path.name)
            name = _free_model_name(path, queue)
            if name is not None:
                queue.submit(path, name=name)
            self._hear(item.size)
        except (IntakeError, ModelError) as error:
            self._found.refused.append(str(error))
            return False
        except OSError as error:
            raise DeviceError(
                f"{path.name} cannot be read ({error.strerror}). Plug the stick in again."
            ) from error
        return True

    def _hear(self, count: int) -> None:
        self._done += count

    def _say(self, item: Item) -> None:
        self._report.say("copying", item.name, share=self._done / self._total)


def _decide(copies: dict[Item, Path], folder: Path, stage: Stage, found: Survey) -> Plan:
    """Return what to do with the copies; what turns out to be unfit is refused."""
    placing = Placing(folder, stage.path)
    kinds: dict[str, list[Item]] = {}
    for item in copies:
        kinds.setdefault(item.kind.name if item.kind else CONFIG, []).append(item)
    seen = {item.key for item in copies}

    def each(kind: str, place: Callable[[Item], None]) -> None:
        for item in kinds.get(kind, ()):
            try:
                place(item)
            except ApplianceError as error:
                # Where a copy lies is nothing that a player has seen.
                found.refused.append(str(error).replace(f"{stage.path}/", ""))
                seen.discard(item.key)

    for kind in ("sample", "latents"):
        each(kind, lambda item: placing.file(copies[item], item.name))
    if len(kinds.get("bank", ())) == 1:
        each("bank", lambda item: _take_bank(placing, copies[item], stage))
    else:
        each("bank", lambda item: _store_bank(placing, copies[item], stage))
    each("preset", lambda item: placing.preset(copies[item], Path(item.name).name))
    each(CONFIG, lambda item: _take_config(placing, copies[item]))
    counted = len(kinds.get("sample", ())) + len(kinds.get("latents", ()))
    lines = placing.lines + ([f"{counted} samples and latents."] if counted else [])
    return Plan(
        moves=placing.moves, slots=placing.slots, seen=sorted(seen), lines=[s[:300] for s in lines]
    )


def _take_bank(placing: Placing, copy: Path, stage: Stage) -> None:
    """Let the zip `copy` be the bank; the one before is kept as a zip beside it."""
    bank = _empty_bank()
    inside = stage.path / "bank"
    entries = import_bank(copy, bank, inside)
    for file in sorted(inside.rglob("*")):
        if file.is_file():
            placing.file(file, file.relative_to(inside).as_posix())
    presets = {slot: entry.data for slot, entry in entries.items()}
    if placing.renamed:
        presets = {slot: placing.with_new_names(data) for slot, data in presets.items()}
    if placing.differs:
        old = _empty_bank()
        shelf = Shelf(placing.folder / "presets" / "bank")
        read_bank(old, shelf if shelf.exists else factory_shelf())
        kept = stage.path / "before.zip"
        export_bank(old, kept, (placing.folder, factory_shelf().folder))
        name = placing.dated("presets/banks/bank.zip")
        placing.move(kept, name)
        placing.lines.append(f"The bank before is kept as {name}.")
    placing.bank(presets)


def _store_bank(placing: Placing, copy: Path, stage: Stage) -> None:
    """Keep one of several banks, to be chosen by the player."""
    import_bank(copy, _empty_bank(), stage.path / "tried" / copy.stem)
    name = f"presets/banks/{copy.name}"
    placing.file(copy, name)
    placing.lines.append(f"{copy.name} is kept; /preset/import takes it.")


def _take_config(placing: Placing, copy: Path) -> None:
    before = placing.folder / CONFIG
    if before.is_file():
        if before.read_bytes() == copy.read_bytes():
            return
        kept = placing.stage / "before.yaml"
        kept.write_bytes(before.read_bytes())
        name = placing.dated(CONFIG)
        placing.move(kept, name)
        placing.lines.append(f"The configuration before is kept as {name}.")
    placing.move(copy, CONFIG)
    placing.lines.append("The configuration is new; it is used from the next start on.")


def _empty_bank() -> Bank:
    table = every_slot()
    return Bank(table, Values(table).array)


def _free_model_name(path: Path, queue: ImportQueue) -> str | None:
    """Return the name to import a model by: its own, or a dated one; None if it is here."""
    name = path.stem
    home = queue.models / name
    if not home.is_dir():
        return name
    try:
        card = read_card(home)
    except ModelError:
        return name  # what lies there cannot play: let it be replaced
    if card.source.sha256 == _digest(path):
        return None
    return f"{name}-{Placing(queue.models, queue.models).today}"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
