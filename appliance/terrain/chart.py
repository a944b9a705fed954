"""A chart: what lies where on the plane, as it is drawn, saved and read again."""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.errors import LatentError
from appliance.jam.arrays import LARGEST
from appliance.latent.terrain import Ground, Net, Places
from appliance.storage import make_folder, write_file

ADDRESS = "/terrain/file"
"""Where presets name the file of the terrain."""

LEAST, MOST = 4, 64
"""How many places a map has."""

PATH_POINTS = 64
"""How many points of a sound's way are kept at its place, for training."""

_MAX_BYTES = 8 << 20

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """A sound on the plane: `x` and `y` 0 to 1, its mean `latents` (8,) and its `way`, (8, n)."""

    name: str
    x: float
    y: float
    weight: float
    latents: Floats
    way: Floats


@dataclass(frozen=True, slots=True)
class Chart:
    """Places in their order, and a network that was trained on them, if there is one."""

    places: tuple[Place, ...] = ()
    net: Net | None = None

    @property
    def ground(self) -> Ground | None:
        """The map that the engine plays, None with fewer than 4 places."""
        if self.net is not None or len(self.places) < LEAST:
            return self.net
        return Places(
            np.array([(p.x, p.y) for p in self.places]),
            np.array([p.latents for p in self.places]),
            np.array([p.weight for p in self.places]),
        )

    def with_place(self, place: Place) -> "Chart":
        """Return the chart with one more place; raises LatentError if it is full."""
        if len(self.places) >= MOST:
            raise LatentError(f"The terrain holds {MOST} places already. Remove one first.")
        return Chart((*self.places, place))

    def changed(self, number: int, **changes: float) -> "Chart":
        """Return the chart with place `number`, from 1, changed; raises LatentError."""
        place = self.place(number)
        places = list(self.places)
        places[number - 1] = replace(place, **changes)
        return Chart(tuple(places))

    def without(self, number: int) -> "Chart":
        """Return the chart without place `number`, from 1; raises LatentError."""
        self.place(number)
        return Chart((*self.places[: number - 1], *self.places[number:]))

    def place(self, number: int) -> Place:
        """Return place `number`, from 1; raises LatentError."""
        if not 1 <= number <= len(self.places):
            known = f"1 to {len(self.places)}" if self.places else "none"
            raise LatentError(f"There is no place {number} on the terrain, which has {known}.")
        return self.places[number - 1]


def place_of(name: str, x: float, y: float, weight: float, latents: NDArray[np.floating]) -> Place:
    """Return a place of a sound with these `latents`, (8, points)."""
    picked = np.linspace(0, latents.shape[1] - 1, min(PATH_POINTS, latents.shape[1])).astype(int)
    way = np.asarray(latents[:, picked], np.float64)
    return Place(name, x, y, weight, np.asarray(latents.mean(axis=1), np.float64), way)


def chart_bytes(chart: Chart) -> bytes:
    """Return the .npz file of `chart`."""
    arrays: dict[str, NDArray[np.generic]] = {
        "names": np.frombuffer(msgspec.json.encode([p.name for p in chart.places]), np.uint8),
        "positions": np.array([(p.x, p.y) for p in chart.places]),
        "weights": np.array([p.weight for p in chart.places]),
        "latents": np.array([p.latents for p in chart.places]),
        "lengths": np.array([p.way.shape[1] for p in chart.places]),
        "ways": np.concatenate([p.way.T for p in chart.places]),
    }
    if chart.net is not None:
        net = chart.net
        arrays |= {"waves": net.waves, "mean": net.mean, "scale": net.scale}
        for number, (weights, bias) in enumerate(net.layers):
            arrays |= {f"layer{number}": weights, f"bias{number}": bias}
    data = io.BytesIO()
    np.savez(data, **arrays)  # pyright: ignore[reportArgumentType]
    return data.getvalue()


def write_chart(path: Path, chart: Chart) -> None:
    """Save `chart` whole or not at all; raises LatentError."""
    if len(chart.places) < LEAST:
        raise LatentError(f"A terrain has {LEAST} to {MOST} places, not {len(chart.places)}.")
    try:
        make_folder(path.parent)
        write_file(path, chart_bytes(chart))
    except OSError as error:
        raise LatentError(
            f"{path} cannot be written: {error.strerror or error}. Free some space, or check the "
            "disk."
        ) from None


def read_chart(path: Path) -> Chart:
    """Return the chart in a file; raises LatentError naming the file and what is wrong."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise LatentError(f"{path} is too large for a terrain, over {_MAX_BYTES >> 20} MB.")
        with np.load(path, allow_pickle=False) as file:
            chart = _chart({name: np.asarray(file[name]) for name in file.files})
    except LatentError:
        raise
    except OSError as error:
        raise LatentError(f"{path} cannot be read: {error.strerror or 'it is damaged'}.") from None
    except Exception:  # numpy, zipfile and msgspec raise many kinds for damaged bytes
        raise LatentError(f"{path} is no terrain, or damaged. Save it again.") from None
    if not LEAST <= len(chart.places) <= MOST:
        raise LatentError(
            f"{path} has {len(chart.places)} places; a terrain has {LEAST} to {MOST}."
        )
    return chart


def _chart(arrays: dict[str, NDArray[np.generic]]) -> Chart:
    """Return the chart of a file's arrays; raises LatentError or whatever numpy does."""

    def floats(name: str, *shape: int) -> Floats:
        array = np.asarray(arrays[name], np.float64)
        if not (np.abs(array) <= LARGEST).all():
            raise LatentError(f"A terrain's {name} must be numbers up to {LARGEST:g}.")
        return array.reshape(shape) if shape else array

    names = msgspec.json.decode(arrays["names"].tobytes(), type=list[str])
    count = len(names)
    positions, weights = floats("positions", count, 2), floats("weights", count)
    latents = floats("latents", count, LATENT_CHANNELS)
    if ((positions < 0) | (positions > 1)).any() or (weights <= 0).any():
        raise LatentError("A terrain's places must lie from 0 to 1 and weigh more than 0.")
    ends = np.cumsum(arrays["lengths"].astype(np.int64))
    ways = np.split(floats("ways", -1, LATENT_CHANNELS), ends[:-1])
    places = tuple(
        Place(name[:64], float(x), float(y), float(weight), z, way.T)
        for name, (x, y), weight, z, way in zip(
            names, positions, weights, latents, ways, strict=True
        )
    )
    if "waves" not in arrays:
        return Chart(places)
    layers: list[tuple[Floats, Floats]] = []
    while f"layer{len(layers)}" in arrays:
        number = len(layers)
        layers.append((floats(f"layer{number}"), floats(f"bias{number}")))
    net = Net(floats("waves"), tuple(layers), floats("mean"), floats("scale"))
    net.at(0.5, 0.5, 1.0, np.zeros(LATENT_CHANNELS))  # its parts must fit together
    return Chart(places, net)
