"""Where the makers of latents look for files and models, and where they save."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shelves:
    """`folder` is the player's; `folders` are looked through for files that presets name.

    `models` are more folders with models; `model` is the one used unless another is named.
    """

    folder: Path
    folders: tuple[Path, ...]
    models: tuple[str, ...] = ()
    model: str = ""
