"""Listens to a whole bank: is each preset heard soon, at a fit level, and unlike the others?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.engine.instrument import Instrument
from appliance.engine.offline import take_files
from appliance.presets.bank import Bank, Entry
from appliance.presets.fingerprint import distance_db, fingerprint
from appliance.presets.loudness import audible_after, loudness

AUDIBLE_SECONDS = 2.0
LOUDNESS_LUFS = (-24.0, -12.0)
DISTINCT_DB = 2.0
"""Least distance between presets; one without noise is within 1 dB of itself for any seed."""


@dataclass(frozen=True, slots=True)
class Review:
    """What was heard of one preset; `audible` in seconds, None if never."""

    slot: int
    name: str
    loudness: float
    peak: float
    audible: float | None
    nearest: int | None
    distance: float | None

    @property
    def faults(self) -> list[str]:
        """What a bank that ships must not have."""
        low, high = LOUDNESS_LUFS
        faults: list[str] = []
        if self.audible is None or self.audible > AUDIBLE_SECONDS:
            faults.append(f"not heard within {AUDIBLE_SECONDS:g} s")
        if not low <= self.loudness <= high:
            faults.append(f"level not {low:g} to {high:g} LUFS")
        if self.distance is not None and self.distance < DISTINCT_DB:
            faults.append(f"like slot {self.nearest}")
        return faults


def render_preset(
    instrument: Instrument, entry: Entry, seconds: float, folders: Iterable[Path] = ()
) -> NDArray[np.float32]:
    """Return the first `seconds` of a preset, float32 (2, samples), by a new `instrument`.

    Its files are looked for in `folders`; raises PresetError if one is missing.
    """
    instrument.values.array[:] = entry.settings
    take_files(instrument, entry.preset.files, folders)
    instrument.settle()
    audio = np.zeros((2, round(seconds * instrument.rate)), np.float32)
    instrument.render(audio)
    return audio


def renderings(
    bank: Bank, make: Callable[[], Instrument], seconds: float, folders: Iterable[Path] = ()
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield every filled slot of `bank` with its first `seconds`; `make` gives new instruments."""
    for slot in bank:
        yield slot, render_preset(make(), bank[slot], seconds, folders)


def review(
    bank: Bank, heard: Sequence[tuple[int, NDArray[np.float32]]], rate: float
) -> list[Review]:
    """Return a review of each rendering."""
    prints = {slot: fingerprint(audio, rate) for slot, audio in heard}
    reviews: list[Review] = []
    for slot, audio in heard:
        others = [(distance_db(prints[slot], p), other) for other, p in prints.items()]
        distance, nearest = min((pair for pair in others if pair[1] != slot), default=(None, None))
        reviews.append(
            Review(
                slot,
                bank[slot].preset.name,
                loudness(audio, rate),
                float(np.abs(audio).max(initial=0.0)),
                audible_after(audio, rate),
                nearest,
                distance,
            )
        )
    return reviews
