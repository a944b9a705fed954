"""Measures what each precision costs and spoils, matrix by matrix, on this machine."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from appliance.decoders.graph import Graph
from appliance.decoders.precision import Matrix, Precision, candidates
from appliance.decoders.quality import LOUDER
from appliance.decoders.role import Role
from appliance.decoders.runtime import session_options
from appliance.decoders.trials import trial_latents, trial_noise, trial_sound

Array = NDArray[np.float32]
Write = Callable[[Graph], None]

_SETTLING, _HEARD = 4, 4  # frames
_RUNS = 16
_MORE_THAN_CACHES = 1 << 26  # bytes
_PASSES = 4
_BYTES = {  # of one weight, a block's scale included
    Precision.FP32: 4.0,
    Precision.FP16: 2.0,
    Precision.BLOCKS8: 1.04,
    Precision.INT8: 1.0,
    Precision.BLOCKS4: 0.54,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A matrix stored in one way: seconds per product, and error power over signal power.

    A product takes no less than reading its weights from memory: between two frames other work
    evicts them, which a product that is repeated for its measurement does not see.
    """

    precision: Precision
    seconds: float
    noise: float


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A matrix and the ways in which it can be stored."""

    matrix: Matrix
    choices: tuple[Choice, ...]


def survey(write: Write, role: Role, codes: int = 0) -> tuple[Surveyed, ...]:
    """Return every large matrix of the graph that `write` appends, in order.

    Each is fed what the exact graph feeds it; a decoder's stands beside a row with louder latents.
    `codes` is the number of codes that an inlet tells apart, 0 if it is continuous.
    """
    graph = Graph(probed=True)
    write(graph)
    heard = _inputs(graph, role, codes)
    seconds: dict[tuple[Matrix, Precision], float] = {}
    found: list[Surveyed] = []
    for matrix, weight, frames in zip(graph.matrices, graph.weights, heard, strict=True):
        choices = [
            _choice(matrix, weight, frames, precision, seconds) for precision in candidates()
        ]
        found.append(Surveyed(matrix, tuple(choices)))
    return tuple(found)


def _inputs(graph: Graph, role: Role, codes: int) -> list[list[Array]]:
    """Return the inputs (rows, steps, in) of each large matrix for some frames."""
    session = _session(graph.serialize({}, role))
    names = [output.name for output in session.get_outputs()]
    rows = 2 if role is Role.DECODER else 1
    states = {s.source: np.zeros((rows, *s.shape), np.float32) for s in graph.states}
    controls = {name: np.zeros((rows, 1), np.float32) for name in graph.controls}
    (source,) = (i for i in session.get_inputs() if i.name in ("z", "audio"))
    shape = [int(n) for n in source.shape[1:]]
    random = np.random.default_rng(0)
    probes: list[list[Array]] = [[] for _ in graph.matrices]
    for frame, sound in enumerate(_feed(shape, rows, role, codes)):
        noises = {
            n.name: trial_noise(random, n.distribution, (rows, *n.shape)) for n in graph.noises
        }
        given: Any = session.run(names, {source.name: sound, **states, **noises, **controls})
        values = dict(zip(names, given, strict=True))
        states = {s.source: values[s.target] for s in graph.states}
        if frame >= _SETTLING:
            for number, probe in enumerate(probes):
                probe.append(values[f"probe{number}"])
    return probes


def _feed(shape: Sequence[int], rows: int, role: Role, codes: int) -> list[Array]:
    frames = _SETTLING + _HEARD
    if role is Role.ENCODER:
        sound = trial_sound(frames * shape[0], 44100, seed=4)
        return [part[None] for part in sound.reshape(frames, -1)]
    z = trial_latents(shape[-1], frames, seed=4, codes=codes)
    loud = z if codes else LOUDER * z
    return [np.stack([a, b][:rows]) for a, b in zip(z, loud, strict=True)]


def _choice(
    matrix: Matrix,
    weight: Array,
    frames: Sequence[Array],
    precision: Precision,
    seconds: dict[tuple[Matrix, Precision], float],
) -> Choice:
    graph = Graph(precision)
    x = graph.input("z", matrix.steps, matrix.inputs)
    y = graph.matrix(x.name, weight, steps=matrix.steps)
    graph.output("audio", y, (matrix.steps, matrix.outputs))
    session = _session(graph.serialize({}))
    if (matrix, precision) not in seconds:
        reading = matrix.inputs * matrix.outputs * _BYTES[precision] / _bytes_per_second()
        seconds[matrix, precision] = max(_seconds(session, frames[0][:1]), reading)
    if precision is Precision.FP32:
        return Choice(precision, seconds[matrix, precision], 0.0)
    error = power = 1e-30
    for frame in frames:
        exact = frame[0] @ weight
        given: Any = session.run(None, {"z": frame})[0]
        error += float(np.square(given[0] - exact).sum())
        power += float(np.square(exact).sum())
    return Choice(precision, seconds[matrix, precision], error / power)


def _seconds(session: ort.InferenceSession, x: Array) -> float:
    """Return the time of one product: the lower quartile, which other programs disturb least."""
    times: list[float] = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        session.run(None, {"z": x})
        times.append(time.perf_counter() - start)
    return float(np.percentile(times, 25))


@cache
def _bytes_per_second() -> float:
    """Return how fast one core reads memory: the best of some passes over more than any cache."""
    memory = np.ones(_MORE_THAN_CACHES // 4, np.float32)
    times: list[float] = []
    for _ in range(_PASSES):
        start = time.perf_counter()
        memory.max()
        times.append(time.perf_counter() - start)
    return memory.nbytes / min(times)


def _session(content: bytes) -> ort.InferenceSession:
    return ort.InferenceSession(content, session_options(1), providers=["CPUExecutionProvider"])
