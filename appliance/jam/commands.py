"""The messages of the jam slots: one table that is parsed, answered and documented from.

What a slot plays is changed by the studio's thread, in the order the messages came.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from appliance.errors import LatentError, ParameterError
from appliance.jam.arrays import read_latents, write_latents
from appliance.jam.edits import EDITS, edited
from appliance.jam.filling import KINDS, random_latents
from appliance.jam.takes import MANNERS
from appliance.jam.task import Task
from appliance.latent.clip import clip_of
from appliance.parameters.table import JAMS
from appliance.presets.arguments import share_of, text_of, whole_of
from appliance.presets.file_name import check_file, find_file
from appliance.suggestion import did_you_mean

if TYPE_CHECKING:
    from appliance.jam.studio import Reply, Studio

Arguments = Sequence[Any]
_COLUMNS = 256


@dataclass(frozen=True, slots=True)
class Command:
    """One row: what follows /jam/, its arguments, what it does, and the doing for a slot from 0."""

    name: str
    arguments: str
    description: str
    run: "Callable[[Studio, int, Arguments, Reply], None]"
    at_once: bool = False
    """True if the doing is short enough for the thread that brings the message."""


def perform(studio: "Studio", address: str, arguments: Arguments, reply: "Reply") -> None:
    """Carry out the message `address`; raises ApplianceError."""
    command = _BY_NAME.get(address.removeprefix("/jam/"))
    if command is None:
        known = [f"/jam/{name}" for name in _BY_NAME]
        raise ParameterError(f"There is no message '{address}'.{did_you_mean(address, known)}")
    words = command.arguments.split()
    least = sum(not word.startswith("[") for word in words)
    most = 99 if words[-1].endswith("...]") else len(words)
    if not least <= len(arguments) <= most:
        raise ParameterError(
            f"{address} takes {command.arguments}, not {len(arguments)} arguments."
        )
    slot = slot_of(arguments[0])
    if command.at_once:
        command.run(studio, slot, arguments[1:], reply)
    else:
        studio.submit(slot, lambda: command.run(studio, slot, arguments[1:], reply), reply)


def slot_of(value: object) -> int:
    """Return a jam slot, from 0, for its number from 1; raises ParameterError."""
    slot = whole_of(value, "SLOT")
    if not 1 <= slot <= JAMS:
        raise ParameterError(f"There is no jam slot {slot}: there are 1 to {JAMS}.")
    return slot - 1


def number_of(value: object, what: str) -> float:
    """Return a number; raises ParameterError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(f"{what} cannot be {value!r}: it must be a number.")
    return float(value)


def _fill(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    kind = text_of(arguments[0], "KIND")
    points = whole_of(arguments[1], "POINTS") if len(arguments) > 1 else 64
    width = number_of(arguments[2], "WIDTH") if len(arguments) > 2 else 1.0
    seed = whole_of(arguments[3], "SEED") if len(arguments) > 3 else 0
    if seed < 0:
        raise ParameterError(f"SEED cannot be {seed}: it must be a whole number from 0.")
    studio.put(slot, random_latents(kind, points, width, seed), f"{kind} {seed}")
    reply("/jam/filled", slot + 1, points)


def _load(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    name = text_of(arguments[0], "NAME")
    scale = number_of(arguments[1], "SCALE") if len(arguments) > 1 else 1.0
    path, file = Path(name).expanduser(), ""
    if check_file("/jam/1/file", name) is None:
        path, file = find_file(name, studio.shelves.folders), name
    latents = read_latents(path, scale=scale)
    studio.hold(slot, clip_of(latents, path.stem), file if scale == 1.0 else "")
    if len(arguments) > 2:
        studio.turn(slot, rate=number_of(arguments[2], "RATE"))
    reply("/jam/loaded", slot + 1, latents.shape[1])


def _save(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    name = text_of(arguments[0], "NAME")
    file = f"latents/{name.removeprefix('latents/').removesuffix('.npy')}.npy"
    rule = check_file("/jam/1/file", file)
    if rule is not None:
        raise LatentError(rule)
    write_latents(studio.shelves.folder / file, studio.latents(slot))
    studio.name_file(slot, file)
    reply("/jam/saved", slot + 1, file)


def _record(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    manner = text_of(arguments[0], "MANNER")
    if manner == "off":
        slot = studio.takes.end(studio)
        reply("/jam/recorded", slot + 1, studio.latents(slot).shape[1])
        return
    if manner not in MANNERS:
        known = ("off", *MANNERS)
        raise ParameterError(
            f"MANNER cannot be '{manner}': it must be one of {', '.join(known)}."
            f"{did_you_mean(manner, known)}"
        )
    seconds = number_of(arguments[1], "SECONDS") if len(arguments) > 1 else 0.0
    source = text_of(arguments[2], "SOURCE") if len(arguments) > 2 else "all"
    studio.takes.begin(studio, slot, manner, seconds or None, source)


def _edit(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    if studio.takes.manner(slot) is not None:
        raise LatentError(
            f"Jam slot {slot + 1} is being recorded. Stop that first: /jam/record {slot + 1} off."
        )
    name = text_of(arguments[0], "EDIT")
    numbers = [number_of(each, "A number") for each in arguments[1:]]
    latents, cursor = studio.latents(slot), studio.jam.cursor(slot)
    if name == "freeze" and not numbers and cursor is not None:
        latents = np.roll(latents, -int(cursor * latents.shape[1]), axis=1)  # what sounds now
    clip = studio.slots[slot].clip
    studio.put(slot, edited(latents, name, numbers), clip.name if clip else "")
    reply("/jam/edited", slot + 1, studio.latents(slot).shape[1])


def _undo(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    del arguments, reply
    if not studio.slots[slot].undo():
        raise LatentError(f"There is nothing to undo in jam slot {slot + 1}.")
    studio.play(slot)


def _redo(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    del arguments, reply
    if not studio.slots[slot].redo():
        raise LatentError(f"There is nothing to do again in jam slot {slot + 1}.")
    studio.play(slot)


def _clear(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    del arguments, reply
    studio.hold(slot, None)


def _copy(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    del reply
    target = slot_of(arguments[0])
    if target == slot:
        raise LatentError(f"Source and target are the same jam slot, {slot + 1}. Name two.")
    studio.latents(slot)
    studio.hold(target, studio.slots[slot].clip, studio.slots[slot].file)


def _encode(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    name = text_of(arguments[0], "FILE")
    path = Path(name).expanduser()
    if check_file("/jam/1/file", name) is None:
        path = find_file(name, studio.shelves.folders)
    if not path.is_file():
        raise LatentError(f"There is no audio file {path}. Check its name.")
    model = text_of(arguments[1], "MODEL") if len(arguments) > 1 else studio.shelves.model
    task = Task("encode", model, studio.shelves.models, file=str(path.resolve()))
    studio.begin(slot, task, reply)


def _generate(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    seconds = number_of(arguments[0], "SECONDS") if arguments else 12.0
    seed = whole_of(arguments[1], "SEED") if len(arguments) > 1 else 0
    spread = number_of(arguments[2], "SPREAD") if len(arguments) > 2 else 1.0
    model = text_of(arguments[3], "MODEL") if len(arguments) > 3 else studio.shelves.model
    for what, value, most in (("SECONDS", seconds, 3600), ("SPREAD", spread, 2)):
        if not 0 < value <= most:
            raise ParameterError(f"{what} cannot be {value:g}: it must be over 0, up to {most}.")
    if seed < 0:
        raise ParameterError(f"SEED cannot be {seed}: it must be a whole number from 0.")
    task = Task("generate", model, studio.shelves.models, seconds=seconds, seed=seed, spread=spread)
    studio.begin(slot, task, reply)


def _cancel(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    del arguments, reply
    studio.cancel(slot)


def _cursor(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    if arguments:
        studio.jam.jump(slot, share_of(arguments[0]))
        return
    cursor = studio.jam.cursor(slot)
    reply("/jam/cursor", slot + 1, -1.0 if cursor is None else cursor)


def _route(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    del reply
    kind = text_of(arguments[0], "GAINS")
    gains = {"identity": np.eye(8), "all": np.ones((8, 8)), "clear": np.zeros((8, 8))}
    if kind not in gains:
        raise ParameterError(
            f"GAINS cannot be '{kind}': it must be one of {', '.join(gains)}."
            f"{did_you_mean(kind, gains)}"
        )
    for (source, channel), gain in np.ndenumerate(gains[kind]):
        studio.turn(slot, **{f"route/{source + 1}/{channel + 1}": float(gain)})


def _points(studio: "Studio", slot: int, arguments: Arguments, reply: "Reply") -> None:
    columns = whole_of(arguments[0], "COLUMNS") if arguments else 64
    if not 1 <= columns <= _COLUMNS:
        raise ParameterError(f"COLUMNS cannot be {columns}: it must be 1 to {_COLUMNS}.")
    latents = studio.latents(slot)
    count = latents.shape[1]
    middles = ((np.arange(columns) + 0.5) * (count / columns)).astype(np.int64)
    rows = [[round(float(v), 3) for v in row] for row in latents[:, middles]]
    reply("/jam/points", slot + 1, count, json.dumps(rows))


COMMANDS = (
    Command(
        "fill",
        "SLOT KIND [POINTS] [WIDTH] [SEED]",
        f"fills with random latents: {', '.join(KINDS)}",
        _fill,
    ),
    Command("load", "SLOT NAME [SCALE] [RATE]", "reads a .npy or .npz file", _load),
    Command("save", "SLOT NAME", "saves as latents/NAME.npy for presets", _save),
    Command("encode", "SLOT FILE [MODEL]", "encodes an audio file beside the sound", _encode),
    Command(
        "generate",
        "SLOT [SECONDS] [SEED] [SPREAD] [MODEL]",
        "makes latents up, by a model's prior, beside the sound",
        _generate,
    ),
    Command("cancel", "SLOT", "ends what is under way for a slot", _cancel),
    Command(
        "record",
        "SLOT MANNER [SECONDS] [SOURCE]",
        f"takes the latents down: {', '.join(MANNERS)} or off",
        _record,
    ),
    Command(
        "edit",
        "SLOT EDIT [NUMBERS...]",
        f"edits while it plays: {', '.join(f'{e.name} {e.arguments}' for e in EDITS)}",
        _edit,
    ),
    Command("undo", "SLOT", "takes the last change back", _undo),
    Command("redo", "SLOT", "does it again", _redo),
    Command("clear", "SLOT", "empties a slot", _clear),
    Command("copy", "SLOT SLOT", "copies the first slot into the second", _copy),
    Command("cursor", "SLOT [SHARE]", "goes to a share of the clip, or tells it", _cursor, True),
    Command("route", "SLOT GAINS", "sets all gains: identity, all or clear", _route, True),
    Command("points", "SLOT [COLUMNS]", "answers with the points, as JSON for a picture", _points),
)
_BY_NAME = {command.name: command for command in COMMANDS}
