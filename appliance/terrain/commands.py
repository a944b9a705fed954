"""The messages of the terrain: one table that is parsed, answered and documented from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.errors import LatentError, ParameterError, PresetError
from appliance.jam.arrays import SUFFIXES, read_latents
from appliance.jam.commands import number_of
from appliance.jam.errand import outcome
from appliance.jam.task import Task
from appliance.presets.arguments import share_of, text_of, whole_of
from appliance.presets.file_name import check_file, find_file
from appliance.presets.finding import find_preset
from appliance.presets.preset import read_preset
from appliance.presets.shelf import SLOTS
from appliance.suggestion import did_you_mean
from appliance.terrain.chart import Chart, place_of, read_chart, write_chart

if TYPE_CHECKING:
    from appliance.terrain.atlas import Atlas, Reply

Arguments = Sequence[Any]
_SOUNDS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
_SIDE = 8  # pads in a row


@dataclass(frozen=True, slots=True)
class Command:
    """One row: what follows /terrain/, its arguments as text, what it does, and the doing."""

    name: str
    arguments: str
    description: str
    run: "Callable[[Atlas, Arguments, Reply], None]"


def perform(atlas: "Atlas", address: str, arguments: Arguments, reply: "Reply") -> None:
    """Carry out the message `address`; raises ApplianceError."""
    command = _BY_NAME.get(address.removeprefix("/terrain/"))
    if command is None:
        known = [f"/terrain/{name}" for name in _BY_NAME]
        raise ParameterError(f"There is no message '{address}'.{did_you_mean(address, known)}")
    words = command.arguments.split()
    least = sum(not word.startswith("[") for word in words)
    if not least <= len(arguments) <= len(words):
        wanted = command.arguments or "no arguments"
        raise ParameterError(f"{address} takes {wanted}, not {len(arguments)} arguments.")
    atlas.submit(lambda: command.run(atlas, arguments, reply), reply)


def _place(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    name = text_of(arguments[0], "NAME")
    x, y = _coordinate(arguments[1], "X"), _coordinate(arguments[2], "Y")
    weight = _weight(arguments[3]) if len(arguments) > 3 else 1.0
    suffix = Path(name).suffix.lower()
    if suffix in _SOUNDS:
        _encode(atlas, _file(atlas, name), (x, y, weight), reply)
        return
    if suffix in SUFFIXES:
        latents = read_latents(_file(atlas, name))
        place = place_of(Path(name).stem, x, y, weight, latents)
    else:
        preset = read_preset(find_preset(name))
        place = place_of(preset.name, x, y, weight, atlas.preset_latents(preset))
    _add(atlas, atlas.chart.with_place(place), reply)


def _encode(atlas: "Atlas", path: Path, spot: tuple[float, float, float], reply: "Reply") -> None:
    if not path.is_file():
        raise LatentError(f"There is no audio file {path}. Check its name.")

    def done(made: Path) -> None:
        place = place_of(path.stem, *spot, outcome(made).latents)
        _add(atlas, atlas.chart.with_place(place), reply)

    task = Task("encode", atlas.shelves.model, atlas.shelves.models, file=str(path.resolve()))
    atlas.begin(task, done, reply)


def _add(atlas: "Atlas", chart: Chart, reply: "Reply") -> None:
    atlas.draw(chart)
    reply("/terrain/placed", len(chart.places), chart.places[-1].name)


def _bank(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    """Place every preset of the player's bank where its pad is."""
    del arguments
    chart = Chart()
    for slot in range(1, SLOTS + 1):
        try:
            file = find_preset(str(slot))
        except PresetError:
            continue  # an empty slot
        preset = read_preset(file)
        row, column = divmod(slot - 1, _SIDE)
        spot = ((column + 0.5) / _SIDE, 1 - (row + 0.5) / _SIDE)
        chart = chart.with_place(place_of(preset.name, *spot, 1.0, atlas.preset_latents(preset)))
    if chart.ground is None:
        raise LatentError(f"The bank has {len(chart.places)} presets; a terrain needs 4 or more.")
    _add(atlas, chart, reply)


def _move(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    del reply
    x, y = _coordinate(arguments[1], "X"), _coordinate(arguments[2], "Y")
    atlas.draw(atlas.chart.changed(whole_of(arguments[0], "NUMBER"), x=x, y=y))


def _weigh(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    del reply
    number = whole_of(arguments[0], "NUMBER")
    atlas.draw(atlas.chart.changed(number, weight=_weight(arguments[1])))


def _remove(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    del reply
    atlas.draw(atlas.chart.without(whole_of(arguments[0], "NUMBER")))


def _clear(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    del arguments, reply
    atlas.draw(Chart())


def _train(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    seed = whole_of(arguments[0], "SEED") if arguments else 0
    if seed < 0:
        raise ParameterError(f"SEED cannot be {seed}: it must be a whole number from 0.")
    atlas.train(seed, reply)


def _smooth(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    del arguments, reply
    atlas.draw(Chart(atlas.chart.places))


def _save(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    name = text_of(arguments[0], "NAME").removeprefix("latents/").removesuffix(".npz")
    file = f"latents/{name}.npz"
    rule = check_file("/terrain/file", file)
    if rule is not None:
        raise LatentError(rule)
    write_chart(atlas.shelves.folder / file, atlas.chart)
    atlas.name_file(file)
    reply("/terrain/saved", file)


def _load(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    name = text_of(arguments[0], "NAME")
    path = _file(atlas, name)
    chart = read_chart(path)
    atlas.draw(chart, name if check_file("/terrain/file", name) is None else "")
    reply("/terrain/loaded", len(chart.places))


def _list(atlas: "Atlas", arguments: Arguments, reply: "Reply") -> None:
    del arguments
    for number, place in enumerate(atlas.chart.places, 1):
        reply("/terrain/place", number, place.name, place.x, place.y, place.weight)
    reply("/terrain/list/end", len(atlas.chart.places))


def _coordinate(value: object, what: str) -> float:
    try:
        return share_of(value)
    except ParameterError:
        raise ParameterError(f"{what} cannot be {value!r}: it must be from 0 to 1.") from None


def _weight(value: object) -> float:
    weight = number_of(value, "WEIGHT")
    if not 0.01 <= weight <= 100:
        raise ParameterError(f"WEIGHT cannot be {weight:g}: it must be from 0.01 to 100.")
    return weight


def _file(atlas: "Atlas", name: str) -> Path:
    """Return the file that a relative name of presets or a path means; raises PresetError."""
    if check_file("/terrain/file", name) is None:
        return find_file(name, atlas.shelves.folders)
    return Path(name).expanduser()


COMMANDS = (
    Command("place", "NAME X Y [WEIGHT]", "places a preset, latents or a sound file", _place),
    Command("bank", "", "places every preset of the bank where its pad is", _bank),
    Command("move", "NUMBER X Y", "moves a place", _move),
    Command("weigh", "NUMBER WEIGHT", "lets a place reach further, or less far", _weigh),
    Command("remove", "NUMBER", "takes a place away", _remove),
    Command("clear", "", "empties the terrain", _clear),
    Command("undo", "", "takes the last change back", lambda atlas, _, __: atlas.undo()),
    Command("train", "[SEED]", "trains a small network on the places", _train),
    Command("smooth", "", "goes back from the network to smooth interpolation", _smooth),
    Command("cancel", "", "ends what is under way", lambda atlas, _, __: atlas.cancel()),
    Command("save", "NAME", "saves as latents/NAME.npz for presets", _save),
    Command("load", "NAME", "reads a terrain", _load),
    Command("list", "", "answers with a /terrain/place for each place", _list),
)
_BY_NAME = {command.name: command for command in COMMANDS}
