"""Edits of latents: each gives new ones and leaves the old as they are, for undo and the sound.

A channel is 1 to 8, or 0 for all; points count from 0 and the last one belongs to the range.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.errors import LatentError
from appliance.jam.arrays import LARGEST
from appliance.suggestion import did_you_mean

Latents = NDArray[np.float32]
_WHOLE = frozenset({"CHANNEL", "FIRST", "LAST", "POINTS", "SEED"})


@dataclass(frozen=True, slots=True)
class Edit:
    """One row: the edit's name, its numbers, what it does, and the doing on float32 (8, points)."""

    name: str
    arguments: str
    description: str
    run: Callable[[Latents, Sequence[float]], None]

    @property
    def words(self) -> list[str]:
        """The names of its numbers; those in brackets may be left out."""
        return [word.strip("[]") for word in self.arguments.split()]

    @property
    def least(self) -> int:
        """How many numbers it needs."""
        return sum(not word.startswith("[") for word in self.arguments.split())


def edited(latents: Latents, name: str, numbers: Sequence[float]) -> Latents:
    """Return what an edit makes of `latents`, float32 (8, points).

    Raises LatentError naming the edit, the number that is wrong and the rule.
    """
    edit = _BY_NAME.get(name)
    if edit is None:
        known = ", ".join(_BY_NAME)
        raise LatentError(
            f"There is no edit '{name}': it must be one of {known}.{did_you_mean(name, _BY_NAME)}"
        )
    words = edit.words
    if not edit.least <= len(numbers) <= len(words):
        raise LatentError(f"The edit {name} takes {edit.arguments}, not {len(numbers)} numbers.")
    for word, number in zip(words, numbers, strict=False):
        _check(word, number, latents.shape[1])
    changed = latents.copy()
    edit.run(changed, numbers)
    np.clip(changed, -LARGEST, LARGEST, out=changed)
    return changed


def resampled(latents: Latents, points: int) -> Latents:
    """Return `latents`, float32 (8, points before), as a loop of another number of points.

    Between two points they follow the same curve as when they are played.
    """
    before = latents.shape[1]
    place = np.arange(points) * (before / points)
    index = place.astype(np.int64)
    t = place - index
    taps = [latents[:, (index + k) % before].astype(np.float64) for k in (-1, 0, 1, 2)]
    t2, t3 = t * t, t * t * t
    weights = (t2 - 0.5 * (t + t3), 1 - 2.5 * t2 + 1.5 * t3, 0.5 * t + 2 * t2 - 1.5 * t3)
    curve = sum(w * p for w, p in zip((*weights, 0.5 * (t3 - t2)), taps, strict=True))
    return np.asarray(curve, np.float32)


def _check(word: str, number: float, points: int) -> None:
    least, most = {
        "CHANNEL": (0, LATENT_CHANNELS),
        "FIRST": (0, points - 1),
        "LAST": (0, points - 1),
        "POINTS": (-points, points),
        "SHARE": (0, 1),
        "SEED": (0, 2**32 - 1),
    }.get(word, (-LARGEST, LARGEST))
    if not least <= number <= most or (word in _WHOLE and number != int(number)):
        kind = "a whole number" if word in _WHOLE else "a number"
        raise LatentError(f"{word} cannot be {number:g}: it must be {kind} from {least} to {most}.")


def _part(latents: Latents, numbers: Sequence[float]) -> Latents:
    """Return a view of the channels and points that CHANNEL FIRST LAST name, all by default."""
    channel = int(numbers[0]) if numbers else 0
    rows = slice(channel - 1, channel) if channel else slice(None)
    first = int(numbers[1]) if len(numbers) > 1 else 0
    last = int(numbers[2]) if len(numbers) > 2 else latents.shape[1] - 1
    return latents[rows, min(first, last) : max(first, last) + 1]


def _set(latents: Latents, numbers: Sequence[float]) -> None:
    _part(latents, numbers)[:] = numbers[3]


def _nudge(latents: Latents, numbers: Sequence[float]) -> None:
    _part(latents, numbers)[:] += np.float32(numbers[3])


def _scale(latents: Latents, numbers: Sequence[float]) -> None:
    _part(latents, numbers[1:])[:] *= np.float32(numbers[0])


def _freeze(latents: Latents, numbers: Sequence[float]) -> None:
    part = _part(latents, numbers)
    part[:] = part[:, :1].copy()


def _reverse(latents: Latents, numbers: Sequence[float]) -> None:
    part = _part(latents, numbers)
    part[:] = part[:, ::-1].copy()


def _rotate(latents: Latents, numbers: Sequence[float]) -> None:
    part = _part(latents, numbers[1:])
    part[:] = np.roll(part, int(numbers[0]), axis=1)


def _smooth(latents: Latents, numbers: Sequence[float]) -> None:
    """Take the mean of the points around each, round the loop."""
    part = _part(latents, numbers[1:])
    count = part.shape[1]
    reach = min(abs(int(numbers[0])), (count - 1) // 2)
    around = np.concatenate((part[:, count - reach :], part, part[:, :reach]), axis=1)
    sums = np.cumsum(np.pad(around.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    width = 2 * reach + 1
    part[:] = (sums[:, width:] - sums[:, :-width]) / width


def _randomise(latents: Latents, numbers: Sequence[float]) -> None:
    """Draw a share of the points anew, each channel from its own mean and deviation."""
    random = np.random.default_rng(int(numbers[1]))
    mean = latents.mean(axis=1, keepdims=True)
    deviation = np.maximum(latents.std(axis=1, keepdims=True), 1e-3)
    drawn = (mean + deviation * random.standard_normal(latents.shape)).astype(np.float32)
    drawn = np.where(random.random(latents.shape) < numbers[0], drawn, latents)
    _part(latents, numbers[2:])[:] = _part(drawn, numbers[2:])


RANGE = "[CHANNEL] [FIRST] [LAST]"
EDITS = (
    Edit("set", "CHANNEL FIRST LAST VALUE", "gives points a value", _set),
    Edit("nudge", "CHANNEL FIRST LAST AMOUNT", "adds an amount to points", _nudge),
    Edit("scale", f"FACTOR {RANGE}", "multiplies points", _scale),
    Edit("freeze", RANGE, "holds the first point of the range", _freeze),
    Edit("reverse", RANGE, "turns the points round", _reverse),
    Edit("rotate", f"POINTS {RANGE}", "moves the points on, round the loop", _rotate),
    Edit("smooth", f"POINTS {RANGE}", "takes means of so many points to each side", _smooth),
    Edit("randomise", f"SHARE SEED {RANGE}", "draws a share of the points anew", _randomise),
)
_BY_NAME = {edit.name: edit for edit in EDITS}
