"""Trains the terrain's network on the places of a chart: seconds on one core, seeded.

Each place is a target for its mean latents; around it, on a small circle, lies the sound's way, so
that circling a place plays how it moved. Positions go through random Fourier features, since a
plain network of two numbers learns only slow changes (Tancik and others, 2020).
"""

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.errors import LatentError
from appliance.latent.terrain import Net
from appliance.terrain.chart import LEAST, Chart

FEATURES, WIDTH, STEPS, BATCH = 48, 64, 1000, 128
_BANDWIDTH = 6.0  # deviation of the features' waves, in radians across the plane
_RADIUS = 0.05
_RATE, _BETA1, _BETA2 = 4e-3, 0.9, 0.999

Floats = NDArray[np.float64]


def trained(
    chart: Chart,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
    *,
    steps: int = STEPS,
) -> Net:
    """Return a network for the places of `chart`; raises LatentError if there are too few."""
    if len(chart.places) < LEAST:
        raise LatentError(
            f"A network is trained on at least {LEAST} places, not {len(chart.places)}. Place more."
        )
    random = np.random.default_rng(seed)
    position, target = _examples(chart)
    mean, scale = target.mean(axis=0), np.maximum(target.std(axis=0), 1e-3)
    target = (target - mean) / scale
    waves = random.normal(0.0, _BANDWIDTH, (FEATURES, 2))
    angle = position @ waves.T
    features = np.concatenate((np.sin(angle), np.cos(angle)), axis=1)
    sizes = (2 * FEATURES, WIDTH, WIDTH, LATENT_CHANNELS)
    parts: list[Floats] = []
    for inputs, outputs in itertools.pairwise(sizes):
        parts += [random.normal(0, inputs**-0.5, (outputs, inputs)), np.zeros(outputs)]
    first, second = [np.zeros_like(p) for p in parts], [np.zeros_like(p) for p in parts]
    for step in range(1, steps + 1):
        rows = random.integers(0, len(target), BATCH)
        slopes = _slopes(parts, features[rows], target[rows])
        rate = _RATE * (1 - (step - 1) / steps)
        for n, slope in enumerate(slopes):
            first[n] += (1 - _BETA1) * (slope - first[n])
            second[n] += (1 - _BETA2) * (slope * slope - second[n])
            mean_slope, power = first[n] / (1 - _BETA1**step), second[n] / (1 - _BETA2**step)
            parts[n] -= rate * mean_slope / (np.sqrt(power) + 1e-8)
        if step % 50 == 0:
            progress(step / steps)
    layers = tuple((parts[n], parts[n + 1]) for n in range(0, len(parts), 2))
    return Net(waves, layers, mean, scale)


def _examples(chart: Chart) -> tuple[Floats, Floats]:
    """Return positions (examples, 2) and latents (examples, 8)."""
    spots = np.array([(p.x, p.y) for p in chart.places])
    apart = np.linalg.norm(spots[:, None] - spots, axis=2) + np.eye(len(spots))
    radius = np.minimum(_RADIUS, apart.min(axis=1) / 4)
    position: list[Floats] = []
    target: list[Floats] = []
    for place, spot, reach in zip(chart.places, spots, radius, strict=True):
        count = place.way.shape[1]
        turn = 2 * np.pi * np.arange(count) / count
        position += [np.tile(spot, (count, 1)), spot + reach * np.c_[np.cos(turn), np.sin(turn)]]
        target += [np.tile(place.latents, (count, 1)), place.way.T]
    return np.concatenate(position), np.concatenate(target)


def _slopes(parts: list[Floats], features: Floats, target: Floats) -> list[Floats]:
    """Return the slopes of the mean squared error by each of `parts`."""
    signals = [features]
    for weights, bias in zip(parts[0:-2:2], parts[1:-2:2], strict=True):
        signals.append(np.tanh(signals[-1] @ weights.T + bias))
    error = (signals[-1] @ parts[-2].T + parts[-1] - target) * (2 / target.size)
    slopes: list[Floats] = []
    for layer in range(len(signals) - 1, -1, -1):
        slopes[:0] = [error.T @ signals[layer], error.sum(axis=0)]
        if layer:
            error = (error @ parts[2 * layer]) * (1 - signals[layer] ** 2)
    return slopes
