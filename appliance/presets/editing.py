"""Slots edited without being heard: their text, their name and tags, a preset from a file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from appliance.errors import PresetError
from appliance.presets.arguments import slot_number_of, text_of
from appliance.presets.keeper import Keeper, Reply
from appliance.presets.preset import Preset, read_preset

_MOST = 60_000  # bytes of text in one datagram


def text(keeper: Keeper, arguments: Sequence[Any], reply: Reply) -> None:
    """Answer with the YAML of a slot; raises PresetError if it is empty or too long to be told."""
    slot = slot_number_of(arguments[0])
    data = keeper.bank[slot].data
    if len(data) > _MOST:
        raise PresetError(
            f"Slot {slot} holds {len(data)} bytes, too many to tell. Export the bank."
        )
    reply("/preset/text", slot, data.decode())


def rename(keeper: Keeper, arguments: Sequence[Any], reply: Reply) -> None:
    """Give a slot another name; raises PresetError."""
    del reply
    slot = slot_number_of(arguments[0])
    preset = keeper.bank[slot].preset
    _describe(keeper, slot, preset, text_of(arguments[1], "NAME").strip(), preset.tags)


def tag(keeper: Keeper, arguments: Sequence[Any], reply: Reply) -> None:
    """Give a slot other tags, in one text with commas; raises PresetError."""
    del reply
    slot = slot_number_of(arguments[0])
    preset = keeper.bank[slot].preset
    tags = [word.strip() for word in str(arguments[1]).split(",") if word.strip()]
    _describe(keeper, slot, preset, preset.name, list(dict.fromkeys(tags)))


def take(keeper: Keeper, arguments: Sequence[Any], reply: Reply) -> None:
    """Fill a slot with the preset in a file; the disk is read by the keeper's thread."""
    slot = slot_number_of(arguments[0])
    file = Path(text_of(arguments[1], "FILE")).expanduser()

    def job() -> None:
        entry = keeper.bank.entry(read_preset(file))
        with keeper.lock:
            keeper.bench.fill({slot: entry})
            keeper.save([slot], reply)

    keeper.submit(job, reply)


def files_of(keeper: Keeper) -> Mapping[str, str]:
    """Return the relative names of the files that the sound plays from, by address."""
    with keeper.lock:
        return keeper.stage.here.files


def note_file(keeper: Keeper, address: str, name: str) -> None:
    """Let the sound play from the file `name` at `address`, which has it already; undoable."""
    with keeper.lock:
        keeper.stage.use_file(address, name)
        keeper.followed = keeper.stage.here.files


def _describe(keeper: Keeper, slot: int, preset: Preset, name: str, tags: list[str]) -> None:
    changed = msgspec.structs.replace(preset, name=name, tags=tags)
    entry = keeper.bank.read(keeper.bank.entry(changed).data, source=f"slot {slot}")
    keeper.bench.fill({slot: entry})
    keeper.stage.describe(slot, name, tuple(tags))
