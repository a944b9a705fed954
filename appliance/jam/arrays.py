"""Latents in files: numpy's .npy and .npz in every layout that latent tools write.

(8, T) is ours; UnRAVEl and others write (T, 8); RAVE-Latent-Diffusion writes (1, 8, T), brought to
mean 0 and deviation 1, so that it wants a scale. An array of (8, 8) is taken as (8, T).
"""

import io
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.errors import LatentError
from appliance.latent.clip import MAX_POINTS
from appliance.storage import make_folder, write_file

MIN_POINTS = 2
LARGEST = 1000.0
"""Greatest magnitude of a latent that is taken; those in use stay below 100."""

SUFFIXES = (".npy", ".npz")
_NAMES = ("latents", "z", "latent", "arr_0")
_HEAD = 4096  # bytes that hold any head of an array of numbers


def read_latents(path: Path, *, scale: float = 1.0) -> NDArray[np.float32]:
    """Return the latents in a .npy or .npz file times `scale`, float32 (8, points).

    Raises LatentError naming the file, what is wrong with it and what it must be.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise LatentError(f"{path} is no latents file: its name must end in .npy or .npz.")
    try:
        with path.open("rb") as file:
            array = _read_one(path, file) if path.suffix.lower() == ".npy" else _pick(path, file)
    except LatentError:
        raise
    except OSError as error:
        raise LatentError(
            f"{path} cannot be read: {error.strerror or error}. Check its name and the disk."
        ) from None
    except Exception:  # numpy and zipfile raise many kinds for damaged bytes
        raise LatentError(
            f"{path} is damaged or holds something other than numbers. Save it again with numpy."
        ) from None
    return checked_latents(array, str(path), scale=scale)


def checked_latents(
    array: NDArray[np.generic], source: str, *, scale: float = 1.0
) -> NDArray[np.float32]:
    """Return `array` times `scale` as float32 (8, points); raises LatentError, calling it `source`.

    It may be (8, T), (T, 8) or (1, 8, T) of any real kind of number.
    """
    _check_form(array.shape, array.dtype, source)
    if array.ndim == 3:
        array = array[0]
    if array.shape[0] != LATENT_CHANNELS:
        array = array.T
    latents = np.asarray(array, np.float64) * scale
    bad = ~(np.abs(latents) <= LARGEST)  # true for NaN too
    if bad.any():
        channel, point = (int(n) for n in np.argwhere(bad)[0])
        raise LatentError(
            f"{source} holds {latents[channel, point]:g} in channel {channel + 1} at point "
            f"{point}; latents must be numbers from {-LARGEST:g} to {LARGEST:g}."
        )
    return latents.astype(np.float32)


def write_latents(path: Path, latents: NDArray[np.float32]) -> None:
    """Save `latents`, float32 (8, points), as .npy, whole or not at all; raises LatentError."""
    write_layout(path, latents)


def write_layout(path: Path, array: NDArray[np.float32]) -> None:
    """Save latents in any order of axes, as `write_latents` does."""
    data = io.BytesIO()
    np.save(data, np.ascontiguousarray(array, np.float32))
    try:
        make_folder(path.parent)
        write_file(path, data.getvalue())
    except OSError as error:
        raise LatentError(
            f"{path} cannot be written: {error.strerror or error}. Free some space, or check the "
            "disk."
        ) from None


def _check_form(shape: tuple[int, ...], dtype: np.dtype, source: str) -> None:
    """Raise LatentError unless an array of such a form can be latents."""
    if dtype.kind not in "fiu":
        raise LatentError(
            f"{source} holds {dtype} values; latents must be real numbers, such as float32."
        )
    flat = shape[1:] if len(shape) == 3 and shape[0] == 1 else shape
    if len(flat) != 2 or LATENT_CHANNELS not in flat:
        raise LatentError(
            f"{source} has shape {shape}; latents must be (8, T), (T, 8) or (1, 8, T)."
        )
    points = flat[1] if flat[0] == LATENT_CHANNELS else flat[0]
    if not MIN_POINTS <= points <= MAX_POINTS:
        remedy = "Hold a single latent with the offsets." if points < 2 else "Cut it into parts."
        raise LatentError(
            f"{source} has {points} point{'s' * (points != 1)}; a jam slot takes {MIN_POINTS} to "
            f"{MAX_POINTS}. {remedy}"
        )


def _read_one(path: Path, file: IO[bytes]) -> NDArray[np.generic]:
    """Read a .npy, whose head says how much it holds before any of it is taken into memory."""
    head = file.read(_HEAD)
    opened = io.BytesIO(head)
    version = npy.read_magic(opened)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(opened)
    _check_form(shape, dtype, str(path))
    rest = file.read(MAX_POINTS * LATENT_CHANNELS * 8 + _HEAD)
    return npy.read_array(io.BytesIO(head + rest), allow_pickle=False)


def _pick(path: Path, file: IO[bytes]) -> NDArray[np.generic]:
    """Read the array of an archive that holds the latents."""
    with zipfile.ZipFile(file) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        chosen = next((name for name in _NAMES if name in names), names[0] if names else "")
        if not chosen or (len(names) > 1 and chosen not in _NAMES):
            raise LatentError(
                f"{path} holds the arrays {', '.join(names) or '(none)'}; one must be called "
                f"{_NAMES[0]}."
            )
        with archive.open(f"{chosen}.npy") as member:
            return _read_one(path, member)
