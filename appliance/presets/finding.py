"""Presets found by what a person calls them: a slot, a name or a path."""

from pathlib import Path

from appliance.errors import PresetError
from appliance.places import data_folder, factory_folder
from appliance.presets.preset import SUFFIX
from appliance.presets.shelf import Shelf, slot_of
from appliance.suggestion import did_you_mean

FACTORY = "factory"


def user_shelf() -> Shelf:
    """Return the player's bank, which may not exist yet."""
    return Shelf(data_folder() / "presets" / "bank")


def factory_shelf() -> Shelf:
    """Return the read-only bank that the instrument ships with."""
    return Shelf(factory_folder("presets"))


def shelf(name: str | None) -> Shelf:
    """Return the bank "user" (the default), "factory", or one in a folder.

    Raises PresetError if there is no such folder.
    """
    if name in (None, "user"):
        return user_shelf()
    if name == FACTORY:
        return factory_shelf()
    found = Shelf(Path(str(name)).expanduser())
    if not found.exists:
        raise PresetError(f"There is no bank {name}. Say 'user', 'factory' or a folder.")
    return found


def find_preset(name: str) -> Path:
    """Return the file of a preset.

    `name` is a path, a slot of the player's bank ("7") or of the factory's ("factory:7"), or a
    name: of a file in the player's presets folder, of one in the bank or of a factory preset
    ("factory:dust" means only that one). Raises PresetError naming the nearest known preset.
    """
    path = Path(name).expanduser()
    if path.suffix == SUFFIX or "/" in name:
        if path.is_file():
            return path
        raise PresetError(f"There is no preset file {path}. Check the path.")
    bank, _, word = name.rpartition(":")
    if word.isdecimal() and bank in ("", "user", FACTORY):
        return _in_slot(int(word), bank)
    folders = [factory_shelf().folder]
    if bank != FACTORY:
        word = name
        folders += [user_shelf().folder, data_folder() / "presets"]
    known: dict[str, Path] = {}
    for folder in folders:
        if folder.is_dir():
            files = sorted(folder.glob(f"*{SUFFIX}"))
            known.update({_stem(f): f for f in files if not f.stem.isdecimal()})
    if word not in known:
        names = ", ".join(sorted(known)) or "none"
        raise PresetError(
            f"There is no preset '{name}' (known: {names}).{did_you_mean(word, known)}"
        )
    return known[word]


def _in_slot(slot: int, bank: str) -> Path:
    files = shelf(bank or None).files()
    if not bank and not user_shelf().exists:
        files = factory_shelf().files()  # the player's bank begins as a copy of it
    if slot not in files:
        raise PresetError(f"Slot {slot} of the {bank or 'user'} bank is empty.")
    return files[slot]


def _stem(file: Path) -> str:
    """Return what a file is called: `07-still-water.yaml` is still-water."""
    return file.stem[3:] if slot_of(file) and len(file.stem) > 3 else file.stem
