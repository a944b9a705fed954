"""The messages of the presets: one table that is parsed, answered and documented from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from appliance.errors import ParameterError, PresetError
from appliance.presets import editing
from appliance.presets.archive import export_bank, import_bank
from appliance.presets.arguments import (
    quantize_of,
    seconds_of,
    share_of,
    slot_number_of,
    switch_of,
    text_of,
    whole_of,
)
from appliance.presets.bench import sound_of
from appliance.presets.file_name import check_file
from appliance.presets.finding import find_preset
from appliance.presets.history import KEPT
from appliance.presets.keeper import Keeper, Reply
from appliance.presets.preset import parse_preset, read_preset
from appliance.suggestion import did_you_mean

Arguments = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One row: what follows /preset/, its arguments as text, what it does, and the doing."""

    name: str
    arguments: str
    description: str
    run: Callable[[Keeper, Arguments, Reply], None]

    @property
    def counts(self) -> tuple[int, ...]:
        """How many arguments it may have."""
        least = most = 0
        counts: list[int] = []
        for form in self.arguments.split(" | "):
            words = form.split()
            least = sum(not word.startswith("[") for word in words)
            most = len(words)
            counts.extend(range(least, most + 1))
        return tuple(sorted(set(counts)))


def perform(keeper: Keeper, address: str, arguments: Arguments, reply: Reply) -> None:
    """Carry out the message `address`; raises ApplianceError. Called from one thread."""
    command = _BY_NAME.get(address.removeprefix("/preset/"))
    if command is None:
        known = [f"/preset/{name}" for name in _BY_NAME]
        raise ParameterError(f"There is no message '{address}'.{did_you_mean(address, known)}")
    if len(arguments) not in command.counts:
        wanted = command.arguments or "no arguments"
        raise ParameterError(f"{address} takes {wanted}, not {len(arguments)} arguments.")
    with keeper.lock:
        keeper.bench.changed.clear()
        command.run(keeper, arguments, reply)
        keeper.follow_files()
        if keeper.bench.changed:
            keeper.save(keeper.bench.changed, reply)


def _recall(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    del reply
    _play(keeper, slot_number_of(arguments[0]), arguments[1:])


def _next(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    del reply
    _step(keeper, 1, arguments)


def _previous(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    del reply
    _step(keeper, -1, arguments)


def _step(keeper: Keeper, by: int, arguments: Arguments) -> None:
    stage = keeper.stage
    slot = (stage.queued or stage.here).slot
    _play(keeper, keeper.bank.step(slot, by, wrap=stage.manner.wrap), arguments)


def _play(keeper: Keeper, slot: int, seconds: Arguments) -> None:
    keeper.stage.recall(keeper.bench.sound(slot), seconds_of(seconds[0]) if seconds else None)
    keeper.bench.forget_other()


def _load(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    name, seconds = text_of(arguments[0], "NAME"), arguments[1:]
    time = seconds_of(seconds[0]) if seconds else None

    def job() -> None:
        entry = keeper.bank.entry(read_preset(find_preset(name)))
        with keeper.lock:
            keeper.stage.recall(sound_of(entry, None), time)
            keeper.bench.forget_other()
            keeper.follow_files()

    keeper.submit(job, reply)


def _morph(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    del reply
    share = share_of(arguments[-1])
    if len(arguments) == 1:
        keeper.stage.share(share)
        return
    one, other = (keeper.bench.sound(slot_number_of(each)) for each in arguments[:2])
    keeper.stage.between(one, other, share)
    keeper.bench.forget_other()


def _pause(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    del reply
    keeper.stage.pause(switch_of(arguments[0]) if arguments else None)


def _store(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    del reply
    slot = slot_number_of(arguments[0]) if arguments else keeper.stage.here.slot
    if slot is None:
        raise PresetError("The sound came from no slot. Say where to store it: /preset/store SLOT.")
    keeper.bench.store(slot, text_of(arguments[1], "NAME") if len(arguments) > 1 else None)


def _versions(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    slot = slot_number_of(arguments[0])

    def job() -> None:
        count = 0
        for version in _overwritten(keeper, slot):
            try:
                name = parse_preset(version.data, source="version").name
            except PresetError:
                name = "(damaged)"
            reply("/preset/version", slot, version.number, name)
            count += 1
        reply("/preset/versions/end", slot, count)

    keeper.submit(job, reply)


def _overwritten(keeper: Keeper, slot: int) -> list[Any]:
    entry = keeper.bank.get(slot)
    versions = keeper.shelf.history.versions(slot)
    return [v for v in versions if entry is None or v.data != entry.data][:KEPT]


def _restore(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    slot, number = slot_number_of(arguments[0]), whole_of(arguments[1], "NUMBER")

    def job() -> None:
        data = next((v.data for v in _overwritten(keeper, slot) if v.number == number), None)
        if data is None:
            raise PresetError(f"Slot {slot} has no version {number}. See /preset/versions {slot}.")
        entry = keeper.bank.read(data, source=f"version {number} of slot {slot}")
        with keeper.lock:
            keeper.bench.fill({slot: entry})
            keeper.save([slot], reply)

    keeper.submit(job, reply)


def _file(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    address = text_of(arguments[0], "ADDRESS")
    if len(arguments) == 1:
        reply("/preset/file", address, keeper.stage.here.files.get(address, ""))
        return
    name = str(arguments[1])
    rule = check_file(address, name) if name else None
    if rule is not None:
        raise PresetError(rule)
    keeper.stage.use_file(address, name or None)


def _export(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    target = Path(text_of(arguments[0], "FILE")).expanduser()

    def job() -> None:
        missing = export_bank(keeper.bank, target, keeper.folders)
        for sentence in missing:
            reply("/error", sentence)
        reply("/preset/exported", str(target), len(list(keeper.bank)))

    keeper.submit(job, reply)


def _import(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    source = Path(text_of(arguments[0], "FILE")).expanduser()

    def job() -> None:
        entries = import_bank(source, keeper.bank, keeper.folders[0])
        with keeper.lock:
            keeper.bench.fill(entries)
            keeper.save(entries, reply)

    keeper.submit(job, reply)


def _list(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
    del arguments
    for slot in keeper.bank:
        preset = keeper.bank[slot].preset
        reply("/preset/slot", slot, preset.name, ", ".join(preset.tags))
    reply("/preset/list/end", len(list(keeper.bank)))


def _manner(name: str, parse: Callable[[Any], Any]) -> Callable[[Keeper, Arguments, Reply], None]:
    """Return the doing of a message that sets or tells one habit of recalling."""

    def run(keeper: Keeper, arguments: Arguments, reply: Reply) -> None:
        manner = keeper.stage.manner
        if not arguments:
            value = getattr(manner, name)
            reply(f"/preset/{name}", value if isinstance(value, str) else float(value))
            return
        keeper.stage.manner = msgspec.structs.replace(manner, **{name: parse(arguments[0])})

    return run


COMMANDS = (
    Command("recall", "SLOT [SECONDS]", "recalls a slot, at once or in so many seconds", _recall),
    Command("load", "NAME [SECONDS]", "recalls a preset by name or file", _load),
    Command("next", "[SECONDS]", "recalls the next filled slot", _next),
    Command("previous", "[SECONDS]", "recalls the previous filled slot", _previous),
    Command("morph", "SLOT SLOT SHARE | SHARE", "stands between two slots; then moves", _morph),
    Command("pause", "[ON]", "halts a timed morph, or lets it go on", _pause),
    Command("reverse", "", "turns a morph round, or goes back", lambda k, _, __: k.stage.reverse()),
    Command("bar", "", "tells that a bar begins now", lambda k, _, __: k.stage.bar()),
    Command("cancel", "", "forgets what waits for a bar", lambda k, _, __: k.stage.cancel()),
    Command("compare", "", "changes between two sounds", lambda k, _, __: k.bench.compare()),
    Command("store", "[SLOT] [NAME]", "stores the sound as it stands", _store),
    Command(
        "copy",
        "SLOT SLOT",
        "copies the first slot over the second",
        lambda k, a, _: k.bench.copy(slot_number_of(a[0]), slot_number_of(a[1])),
    ),
    Command(
        "swap",
        "SLOT SLOT",
        "exchanges two slots",
        lambda k, a, _: k.bench.swap(slot_number_of(a[0]), slot_number_of(a[1])),
    ),
    Command("clear", "SLOT", "empties a slot", lambda k, a, _: k.bench.clear(slot_number_of(a[0]))),
    Command("text", "SLOT", "answers with a slot's YAML", editing.text),
    Command("rename", "SLOT NAME", "gives a slot another name", editing.rename),
    Command("tag", "SLOT TAGS", "gives a slot other tags, in one text with commas", editing.tag),
    Command("take", "SLOT FILE", "fills a slot with the preset in a file", editing.take),
    Command("undo", "", "takes the last edit or change back", lambda k, _, __: k.bench.undo()),
    Command("redo", "", "does it again", lambda k, _, __: k.bench.redo()),
    Command("versions", "SLOT", f"lists up to {KEPT} overwritten versions", _versions),
    Command("restore", "SLOT NUMBER", "brings a version back", _restore),
    Command("file", "ADDRESS [NAME]", "lets the sound play from a file; '' is none", _file),
    Command("export", "FILE", "writes the bank as one zip", _export),
    Command("import", "FILE", "takes over the slots of such a zip", _import),
    Command("list", "", "answers with a /preset/slot per filled slot", _list),
    Command("seconds", "[SECONDS]", "time of every recall", _manner("seconds", seconds_of)),
    Command("switch_at", "[SHARE]", "where switches change", _manner("switch_at", share_of)),
    Command("wrap", "[ON]", "whether next goes round", _manner("wrap", switch_of)),
    Command("quantize", "[QUANTIZE]", "when recalls begin", _manner("quantize", quantize_of)),
)
_BY_NAME = {command.name: command for command in COMMANDS}
