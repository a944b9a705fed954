"""Names of the files a preset plays from: relative, and the same on every box and stick."""

import re
from collections.abc import Iterable
from pathlib import Path

from appliance.errors import PresetError
from appliance.yaml_file import legible

FOLDERS = ("latents", "samples")
"""The folders such files lie in, below the player's folder or the factory presets'."""

MAX_NAME = 200
_ADDRESS = re.compile(r"(/[a-z0-9_]{1,32}){1,6}")
_FORBIDDEN = set('\\:*?"<>|')  # what a FAT stick or Windows refuses
_DEPTH = 4


def check_file(address: str, name: str) -> str | None:
    """Return the rule that a preset's file `name` at `address` breaks, or None."""
    if not _ADDRESS.fullmatch(address):
        return (
            f"'{legible(address)}' is no address of a file: it must be such as /jam/1/file, in "
            "small letters, digits and _."
        )
    wrong = check_name(name)
    if wrong is None:
        return None
    return (
        f"{address} is '{legible(name)}', which {wrong}; it must be a relative name such as "
        "latents/breath.npy or samples/voice.wav."
    )


def check_name(name: str) -> str | None:
    """Return the rule that a file's relative `name` breaks, to follow "which", or None."""
    parts = name.split("/")
    hidden = any(not part or part.startswith(".") or part.endswith((".", " ")) for part in parts)
    rules = (
        (not 0 < len(name) <= MAX_NAME, f"has {len(name)} characters, not 1 to {MAX_NAME}"),
        (name.startswith("/"), "is an absolute path"),
        (
            not name.isprintable() or _FORBIDDEN & set(name),
            "holds a character that not every disk takes",
        ),
        (
            parts[0] not in FOLDERS or len(parts) < 2,
            f"is not in {' or '.join(f'{folder}/' for folder in FOLDERS)}",
        ),
        (len(parts) > _DEPTH, f"lies more than {_DEPTH} folders deep"),
        (hidden, "has a part that is empty, begins with a dot or ends with a dot or space"),
    )
    return next((sentence for broken, sentence in rules if broken), None)


def find_file(name: str, folders: Iterable[Path]) -> Path:
    """Return the first file `name` in `folders`; links out of a folder are not followed.

    Raises PresetError if there is none.
    """
    looked = list(folders)
    for folder in looked:
        path = folder / name
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            return path
    places = " or ".join(str(folder) for folder in looked)
    raise PresetError(f"There is no file {name} in {places}. Copy it there, or name another.")
