"""The kinds of files a player brings, and what each must be like."""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import soundfile

from appliance.errors import IntakeError, LatentError, PresetError
from appliance.jam.arrays import read_latents
from appliance.presets.archive import MAX_FILE, MAX_TOTAL
from appliance.presets.preset import parse_preset
from appliance.terrain.chart import read_chart
from appliance.yaml_file import MAX_BYTES, legible

_LONGEST = 3600  # seconds of a sample
_RATES = range(8000, 192001)
_MEMBERS = 100_000
_CHANNELS = 8
_DAMAGE = (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError)


@dataclass(frozen=True, slots=True)
class Kind:
    """`folder` keeps them, None if they go elsewhere; `most` is in bytes.

    `check` reads a whole file, whose own name is given too, and says in a few words what it is, or
    raises IntakeError.
    """

    name: str
    folder: str | None
    suffixes: tuple[str, ...]
    most: int
    check: Callable[[Path, str], str]


def _check_preset(path: Path, name: str) -> str:
    try:
        preset = parse_preset(path.read_bytes(), source=legible(name))
    except PresetError as error:
        raise IntakeError(str(error)) from None
    return f"{preset.name}, {len(preset.parameters)} settings"


def _check_bank(path: Path, name: str) -> str:
    with _zip(path, name) as archive:
        presets = [n for n in archive.namelist() if n.endswith((".yaml", ".yml"))]
    if not presets:
        raise IntakeError(
            f"'{legible(name)}' holds no presets, which are called 01.yaml to 64.yaml."
        )
    return f"{len(presets)} presets"


def _check_model(path: Path, name: str) -> str:
    with _zip(path, name) as archive:
        members = archive.namelist()
    heads = {member.partition("/")[0] for member in members}
    scripted = len(heads) == 1 and any(m.partition("/")[2] == "constants.pkl" for m in members)
    if not scripted:
        raise IntakeError(
            f"'{legible(name)}' is no TorchScript file, as nn~ plays. Export the model again."
        )
    return f"TorchScript of {path.stat().st_size / 1e6:.1f} MB"


def _check_sample(path: Path, name: str) -> str:
    try:
        about = soundfile.info(str(path))
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise IntakeError(
            f"'{legible(name)}' is no audio file that can be read ({legible(str(error))}). Convert "
            "it to WAV or FLAC."
        ) from None
    seconds = about.frames / about.samplerate if about.samplerate > 0 else 0
    if about.samplerate not in _RATES or not 0 < seconds <= _LONGEST or about.channels > _CHANNELS:
        raise IntakeError(
            f"'{legible(name)}' has {about.channels} channels of {seconds:.1f} s at "
            f"{about.samplerate} Hz; it must have up to {_CHANNELS} of up to {_LONGEST} s at "
            f"{_RATES[0]} to {_RATES[-1]} Hz."
        )
    return f"{seconds:.1f} s, {about.samplerate} Hz, {about.channels} channels"


def _check_latents(path: Path, name: str) -> str:
    try:
        if path.suffix.lower() == ".npz" and _is_terrain(path):
            return f"terrain of {len(read_chart(path).places)} places"
        return f"{read_latents(path).shape[1]} points"
    except LatentError as error:
        raise IntakeError(str(error).replace(str(path), f"'{legible(name)}'")) from None


def _is_terrain(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return "positions.npy" in archive.namelist()
    except (*_DAMAGE, OSError):
        return False


def _zip(path: Path, name: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
        if len(archive.namelist()) <= _MEMBERS:
            return archive
        archive.close()
    except (*_DAMAGE, OSError):
        pass
    raise IntakeError(f"'{legible(name)}' is not a whole file of its kind. Send it again.")


KINDS = {
    kind.name: kind
    for kind in (
        Kind("preset", None, (".yaml", ".yml"), MAX_BYTES, _check_preset),
        Kind("bank", None, (".zip",), MAX_TOTAL, _check_bank),
        Kind("model", None, (".ts",), 1 << 30, _check_model),
        Kind(
            "sample", "samples", (".wav", ".flac", ".ogg", ".aif", ".aiff"), MAX_FILE, _check_sample
        ),
        Kind("latents", "latents", (".npy", ".npz"), MAX_FILE, _check_latents),
    )
}
"""By name, as in an address: /files/sample/voice.wav."""
