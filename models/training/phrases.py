"""Random phrases in one scale, written as a Standard MIDI File: same seed, same bytes."""

import math
import random
import struct
from dataclasses import dataclass

_TICKS_PER_QUARTER = 480
_MICROSECONDS_PER_QUARTER = 500_000
_TICKS_PER_SECOND = _TICKS_PER_QUARTER * 1_000_000 // _MICROSECONDS_PER_QUARTER
_BEND_CENTRE = 8192
_INTERVALS = (0, 3, 4, 5, 7, 9, 10, 12, 14, 16)


@dataclass(frozen=True)
class Ensemble:
    """What plays: General MIDI programs from 0, note range, chord size, lengths in seconds.

    `root` counts semitones above C, `scale` semitones above the root.
    """

    programs: tuple[int, ...]
    low: int
    high: int
    voices: tuple[int, int]
    note_seconds: tuple[float, float]
    rest_seconds: tuple[float, float]
    root: int = 2
    scale: tuple[int, ...] = (0, 3, 5, 7, 10)


Event = tuple[float, bytes]


def phrases(ensemble: Ensemble, seconds: float, dice: random.Random) -> list[Event]:
    """Return MIDI channel messages as (seconds, bytes), in time order, over the given length."""
    events: list[Event] = []
    now = 0.0
    while now < seconds:
        end = min(now + dice.uniform(8.0, 20.0), seconds)
        events.append((now, bytes([0xC0, dice.choice(ensemble.programs)])))
        events.append((now, bytes([0xB0, 91, dice.choice((0, 40, 90))])))
        while now < end:
            length = dice.uniform(*ensemble.note_seconds)
            events += _chord(ensemble, now, length, dice)
            events += _expression(now, length, dice)
            events += _vibrato(now, length, dice) if dice.random() < 0.25 else [(now, _bend(0))]
            now += length + dice.uniform(*ensemble.rest_seconds)
    return sorted(events, key=lambda event: event[0])


def _chord(ensemble: Ensemble, start: float, length: float, dice: random.Random) -> list[Event]:
    """Return note on and note off messages of one chord within the scale."""
    count, velocity = dice.randint(*ensemble.voices), dice.randint(45, 120)
    base = dice.randint(ensemble.low, ensemble.high)
    pitches: set[int] = set()
    for _ in range(count):
        pitch = min(ensemble.high, base + dice.choice(_INTERVALS))
        while (pitch - ensemble.root) % 12 not in ensemble.scale:
            pitch -= 1
        pitches.add(pitch)
    on = [(start, bytes([0x90, pitch, velocity])) for pitch in sorted(pitches)]
    return on + [(start + length, bytes([0x80, pitch, 0])) for pitch in sorted(pitches)]


def _expression(start: float, length: float, dice: random.Random) -> list[Event]:
    """Return a linear expression ramp (controller 11), 20 steps a second."""
    first, last = dice.uniform(50, 127), dice.uniform(50, 127)
    steps = int(length * 20) + 1
    return [
        (start + i / 20, bytes([0xB0, 11, int(first + (last - first) * i / steps)]))
        for i in range(steps)
    ]


def _vibrato(start: float, length: float, dice: random.Random) -> list[Event]:
    """Return a pitch-bend vibrato that sets in over 0.7 s, 30 steps a second."""
    rate, depth = dice.uniform(4.5, 5.5), dice.uniform(1200, 2400)
    wave = (
        (i, math.sin(2 * math.pi * rate * i / 30) * min(1.0, i / 20))
        for i in range(int(length * 30))
    )
    return [(start + i / 30, _bend(depth * value)) for i, value in wave]


def _bend(amount: float) -> bytes:
    value = int(_BEND_CENTRE + amount)
    return bytes([0xE0, value & 127, value >> 7])


def midi_file(events: list[Event]) -> bytes:
    """Return a single-track Standard MIDI File of time-ordered (seconds, message) events."""
    track = bytearray(b"\x00\xff\x51\x03" + _MICROSECONDS_PER_QUARTER.to_bytes(3, "big"))
    last = 0
    for seconds, message in events:
        tick = int(seconds * _TICKS_PER_SECOND)
        track += _variable_length(tick - last) + message
        last = tick
    track += _variable_length(_TICKS_PER_SECOND) + b"\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS_PER_QUARTER)
    return head + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def _variable_length(number: int) -> bytes:
    """Return a MIDI variable-length quantity: seven bits a byte, high bit on all but the last."""
    digits = [number & 127]
    while number := number >> 7:
        digits.insert(0, (number & 127) | 128)
    return bytes(digits)
