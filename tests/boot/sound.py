"""What came out of the emulated sound card: the WAV file as QEMU writes it, read while it grows."""

import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE = 48_000
_HEADER = 44
_FRAME = 4
_BANDS = 24

Samples = npt.NDArray[np.float64]


def length(file: Path) -> int:
    """Return how many frames there are by now."""
    return max(0, file.stat().st_size - _HEADER) // _FRAME if file.exists() else 0


def frames(file: Path, start: int, count: int) -> Samples:
    """Return up to `count` frames from `start`, mono, -1 to 1."""
    with file.open("rb") as opened:
        opened.seek(_HEADER + start * _FRAME)
        data = np.frombuffer(opened.read(count * _FRAME // _FRAME * _FRAME), np.int16)
    return data[: data.size // 2 * 2].reshape(-1, 2).mean(axis=1) / 32768


def level_db(samples: Samples) -> float:
    """Return the RMS level in dBFS; silence is -120."""
    return (
        float(20 * np.log10(max(1e-6, np.sqrt(np.mean(samples**2, dtype=float)))))
        if samples.size
        else -120.0
    )


def spectrum_db(samples: Samples) -> Samples:
    """Return the mean level in each of 24 bands from 60 Hz to 15 kHz, in dB."""
    size = 4096
    blocks = samples[: samples.size // size * size].reshape(-1, size) * np.hanning(size)
    power = (np.abs(np.fft.rfft(blocks, axis=1)) ** 2).mean(axis=0)
    edges = np.geomspace(60, 15_000, _BANDS + 1) * size / RATE
    bands = [power[int(a) : max(int(a) + 1, int(b))].mean() for a, b in itertools.pairwise(edges)]
    return 10 * np.log10(np.maximum(np.array(bands), 1e-9))


def difference_db(one: Samples, two: Samples) -> float:
    """Return how far two sounds lie apart: the mean difference of their bands in dB."""
    return float(np.abs(spectrum_db(one) - spectrum_db(two)).mean())
