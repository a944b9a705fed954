"""Render a training corpus: random phrases of one family in one key, through a free soundfont.

The phrases are written as a Standard MIDI File and rendered with fluidsynth, so a corpus is a seed,
a family and a font: it is rebuilt in seconds and never stored. Every note lies in one pentatonic
scale, which is why the latents learned from it sound consonant wherever they are played.
"""

import hashlib
import math
import random
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.training.levelling import level

SAMPLE_RATE = 44_100
FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

_TICKS_PER_QUARTER = 480
_MICROSECONDS_PER_QUARTER = 500_000
_TICKS_PER_SECOND = _TICKS_PER_QUARTER * 1_000_000 // _MICROSECONDS_PER_QUARTER
_BEND_CENTRE = 8192
_INTERVALS = (0, 3, 4, 5, 7, 9, 10, 12, 14, 16)


class CorpusError(RuntimeError):
    """The corpus cannot be rendered here; the message says what is missing."""


@dataclass(frozen=True)
class Family:
    """What a corpus plays: General MIDI programs from 0, note range, chord size, lengths in s."""

    programs: tuple[int, ...]
    low: int
    high: int
    voices: tuple[int, int]
    note_seconds: tuple[float, float]
    rest_seconds: tuple[float, float]
    root: int
    scale: tuple[int, ...]


# Choir aahs, voice oohs, synth voice, both string ensembles, synth strings, choir pad, warm pad.
FAMILIES = {
    "choir": Family(
        (52, 53, 54, 48, 49, 50, 91, 89),
        40,
        79,
        (1, 4),
        (1.0, 5.0),
        (0.0, 0.6),
        2,
        (0, 3, 5, 7, 10),
    ),
}

Event = tuple[float, bytes]


def render(
    family: str, seconds: float, seed: int, scratch: Path, font: Path = FONT
) -> NDArray[np.float32]:
    """Return a levelled mono corpus, float32 (samples,), 44.1 kHz.

    Raises CorpusError naming what is missing.
    """
    if family not in FAMILIES:
        raise CorpusError(f"family {family!r} is not known; known: {', '.join(sorted(FAMILIES))}")
    if not font.is_file():
        raise CorpusError(f"soundfont {font} is missing (Debian package fluid-soundfont-gm)")
    synth = shutil.which("fluidsynth")
    if synth is None:
        raise CorpusError("fluidsynth is not installed (Debian package fluidsynth)")
    scratch.mkdir(parents=True, exist_ok=True)
    score, raw = scratch / f"{family}-{seed}.mid", scratch / f"{family}-{seed}.raw.wav"
    dice = random.Random(seed)  # noqa: S311 (music, not secrets)
    score.write_bytes(midi_file(phrases(FAMILIES[family], seconds, dice)))
    options = [
        "-ni",
        "-q",
        "-r",
        str(SAMPLE_RATE),
        "-g",
        "0.8",
        "-C",
        "0",
        "-R",
        "1",
        "-F",
        str(raw),
    ]
    done = subprocess.run(  # noqa: S603 (the program was found by name, no shell)
        [synth, *options, str(font), str(score)], capture_output=True, text=True, check=False
    )
    if done.returncode or not raw.is_file():
        raise CorpusError(f"fluidsynth failed ({done.returncode}): {done.stderr.strip()[-300:]}")
    stereo, _ = soundfile.read(raw, dtype="float32", always_2d=True)
    raw.unlink()
    score.unlink()
    return level(stereo.mean(1)[: round(seconds * SAMPLE_RATE)], SAMPLE_RATE)


def font_sha256(font: Path = FONT) -> str:
    """Return the hex SHA-256 of the soundfont, read in blocks."""
    digest = hashlib.sha256()
    with font.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def phrases(family: Family, seconds: float, dice: random.Random) -> list[Event]:
    """Return MIDI channel messages as (seconds, bytes), in time order, over the given length."""
    events: list[Event] = []
    now = 0.0
    while now < seconds:
        end = min(now + dice.uniform(8.0, 20.0), seconds)
        events.append((now, bytes([0xC0, dice.choice(family.programs)])))
        events.append((now, bytes([0xB0, 91, dice.choice((0, 40, 90))])))
        while now < end:
            length = dice.uniform(*family.note_seconds)
            events += _chord(family, now, length, dice)
            events += _expression(now, length, dice)
            events += _vibrato(now, length, dice) if dice.random() < 0.25 else [(now, _bend(0))]
            now += length + dice.uniform(*family.rest_seconds)
    return sorted(events, key=lambda event: event[0])


def _chord(family: Family, start: float, length: float, dice: random.Random) -> list[Event]:
    """Return note on and note off messages of one chord within the scale."""
    count, velocity = dice.randint(*family.voices), dice.randint(45, 120)
    base = dice.randint(family.low, family.high)
    pitches: set[int] = set()
    for _ in range(count):
        pitch = min(family.high, base + dice.choice(_INTERVALS))
        while (pitch - family.root) % 12 not in family.scale:
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
