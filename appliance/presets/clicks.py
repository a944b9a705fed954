"""Listens for clicks where one preset gives way to another.

What the instrument does at a recall is heard on steady tones in place of the decoders' voices: the
whole way of every parameter through morph, mixer and master. A click is what the third difference
of the sound has there and neither sound has by itself: steps and corners stand out in it, tones do
not. It is given relative to the sound's peak, as the height of a step that would be as sharp.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from appliance.mixing import Master, Mixer
from appliance.parameters import Values
from appliance.presets.bank import Bank
from appliance.presets.morph import Morph
from appliance.presets.order import Kind, Order

How = Literal["hard", "timed", "manual"]
HOWS: tuple[How, ...] = ("hard", "timed", "manual")
LIMIT_DB = -60.0

TONES = (110.0, 146.8, 196.0, 261.6, 130.8, 164.8, 220.0, 98.0)
"""What the decoders' slots sound like, in Hz."""

_LEVEL = 0.05
_LEAD, _REST, _AFTER = 0.5, 0.5, 0.4  # seconds of the old sound, of the new, and after a change
_MORPH = 0.6
_BLOCK = 256
_STEP = 2.0  # of the third difference of a unit step


@dataclass(frozen=True, slots=True)
class Recall:
    """One recall that was listened to: the slots, how, and the click in dB, -200 if none."""

    start: int
    end: int
    how: How
    click_db: float


def listen(bank: Bank, pairs: Iterable[tuple[int, int]], rate: int) -> Iterable[Recall]:
    """Yield every way of going from one slot of `bank` to another, at `rate` Hz."""
    for start, end in pairs:
        for how in HOWS:
            yield Recall(start, end, how, click_db(*heard(bank, start, end, how, rate)))


def click_db(sound: NDArray[np.float32], moments: slice, before: slice, after: slice) -> float:
    """Return the click of `sound`, (2, n), in the samples `moments`, in dB; -200 for none.

    `before` and `after` are samples in which only the old and only the new sound is heard.
    """
    sharpness = np.abs(np.diff(sound.astype(np.float64), 3, axis=1)).max(axis=0)
    usual = max(sharpness[before].max(initial=0), sharpness[after].max(initial=0))
    there = sharpness[moments].max(initial=0)
    peak = np.abs(sound).max(initial=0)
    over = math.sqrt(max(0.0, there**2 - usual**2)) / _STEP
    return 20 * math.log10(max(over / max(float(peak), 1e-9), 1e-10))


def heard(
    bank: Bank, start: int, end: int, how: How, rate: int
) -> tuple[NDArray[np.float32], slice, slice, slice]:
    """Return what is heard at one recall, float32 (2, n), and its parts as `click_db` wants them.

    They are the samples of the change, those before it and those after it.
    """
    one, other = bank[start].settings, bank[end].settings
    values = Values(bank.table)
    values.array[:] = one
    morph = Morph(values)
    slots = bank.table.slots
    mixer, master = Mixer(values, slots, rate, _BLOCK), Master(values, rate, _BLOCK)
    go = Order(Kind.GO, end=other)
    hand = Order(Kind.BETWEEN, start=one, end=other, share=0.0)
    seconds = {"hard": 0.0, "timed": _MORPH, "manual": _MORPH}[how]
    moment, change, rest = (
        -(-round(s * rate) // _BLOCK) * _BLOCK for s in (2 * _LEAD, seconds + _AFTER, _REST)
    )
    orders = {
        "hard": {moment: go},
        "timed": {moment: replace(go, samples=round(seconds * rate))},
        "manual": {moment: hand, moment + 40 * _BLOCK: Order(Kind.SHARE, share=1.0)},
    }[how]
    time = np.arange(moment + change + rest) / rate
    voices = _LEVEL * np.sin(2 * np.pi * np.outer(TONES[:slots], time))
    sound = np.zeros((2, len(time)), np.float32)
    for sample in range(0, len(time), _BLOCK):
        if sample in orders:
            morph.take(orders[sample])
        done = sample
        while done < sample + _BLOCK:
            morph.step(done)
            part = slice(done, done + morph.stretch(done, sample + _BLOCK - done))
            mixer.process(voices[:, part].astype(np.float32), sound[:, part])
            master.process(sound[:, part])
            done = part.stop
    ends = (moment // 2, moment, moment + change, len(time))
    return sound, slice(*ends[1:3]), slice(*ends[:2]), slice(*ends[2:])
