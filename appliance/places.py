"""Where the instrument keeps its files: what it ships with and what its player adds."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).parent
_CHECKOUT = {
    "models": Path("models/factory"),
    "presets": Path("presets"),
    "hardware": Path("hardware"),
}


def factory_folder(kind: str) -> Path:
    """Return the read-only folder of shipped "models", "presets" or "hardware"."""
    installed = _PACKAGE / "factory" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / _CHECKOUT[kind]


def data_folder() -> Path:
    """Return the player's folder: $NEURAL_SYNTH_DATA, or one under the XDG data folder."""
    override = os.environ.get("NEURAL_SYNTH_DATA")
    if override:
        return Path(override)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "neural-synth"


def runtime_folder() -> Path:
    """Return the folder of what only this power-on needs; it may not exist.

    It is $NEURAL_SYNTH_RUNTIME, or one under the XDG runtime folder, or /run/neural-synth.
    """
    override = os.environ.get("NEURAL_SYNTH_RUNTIME")
    if override:
        return Path(override)
    return Path(os.environ.get("XDG_RUNTIME_DIR") or "/run") / "neural-synth"
