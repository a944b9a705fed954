"""Signals and ways to run them, shared by the tests of the mix."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from appliance.parameters import Table, Values

RATE = 48_000.0
MAX_BLOCK = 8192
SIZES = (1, 7, 64, 256, 1000, 4096, 0)
"""Block sizes to cut a signal into; 0 stands for a random mixture."""

Audio = NDArray[np.float32]
Changes = Mapping[int, Mapping[str, object]]
Process = Callable[[Audio], None]


def settings(changes: Mapping[str, object] | None = None) -> Values:
    values = Values(Table(4))
    values.update(changes or {})
    return values


def noise(rows: int, samples: int, level: float = 0.2, seed: int = 1) -> Audio:
    random = np.random.default_rng(seed)
    return (level * random.standard_normal((rows, samples))).astype(np.float32)


def sine(frequency: float, level: float, samples: int) -> Audio:
    wave = level * np.sin(2 * np.pi * frequency / RATE * np.arange(samples))
    return np.repeat(wave[np.newaxis], 2, axis=0).astype(np.float32)


def cuts(samples: int, size: int, borders: tuple[int, ...] = ()) -> Iterator[tuple[int, int]]:
    random = np.random.default_rng(7)
    start = 0
    while start < samples:
        step = size or int(random.choice([1, 2, 17, 128, 300, 1025, 2048]))
        end = min([start + step, samples, *(b for b in borders if b > start)])
        yield start, end
        start = end


def run(
    process: Process,
    signal: Audio,
    size: int = 256,
    *,
    values: Values | None = None,
    changes: Changes | None = None,
) -> Audio:
    """Return `signal` processed in place in blocks of `size`, with parameter changes on the way."""
    out = signal.copy()
    changes = changes or {}
    for start, end in cuts(out.shape[1], size, tuple(changes)):
        if values is not None and start in changes:
            values.update(changes[start])
        process(out[:, start:end])
    return out


def roughness(signal: Audio) -> float:
    """Return the largest second difference: a click stands out in it."""
    return float(np.abs(np.diff(signal.astype(np.float64), 2)).max())
