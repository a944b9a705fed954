"""What an import must keep: TorchScript's samples, in any chunks; the quality rule; no seams."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from appliance.decoders.card import Card
from appliance.decoders.contract import Contract, Model, open_model
from appliance.decoders.families import Architecture, recognise
from appliance.decoders.importer import import_model
from appliance.decoders.layers import Chain, Layer, Recurrence, Sum
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.rave import RaveDecoder
from appliance.decoders.trials import trial_latents, trial_noise
from appliance.decoders.verification import offline_error, relative_error
from tests.decoders.rave_player import Player

FRAMES = 100
_AT_ONCE = 4  # frames of the larger chunks
_CHUNKS = 1e-4  # relative: products of other sizes round otherwise
_SEAM = 2.0  # third difference at frame borders over that anywhere


@dataclass(frozen=True, slots=True)
class Examined:
    """One file: its card and what was measured; `faults` are sentences."""

    card: Card
    error: float
    chunks: float | None
    seam: float
    faults: tuple[str, ...]


def examine(source: Path, folder: Path) -> Examined:
    """Import `source` into `folder` and measure; raises ModelError if it cannot play at all."""
    card = import_model(source, folder, codes=True)
    faults: list[str] = []
    if card.runtime != "onnx":
        return Examined(card, float("nan"), None, float("nan"), tuple(card.notes))
    model, contract = open_model(source)
    architecture = recognise(model, contract.latents)
    home = folder / card.name
    exact = OnnxDecoder(home / card.variants["fp32"].file, [0])
    error = _error(model, contract, exact, architecture)
    chunks = _chunks(architecture, contract)
    seam = _seam(OnnxDecoder(home / card.variants[card.precision].file, [0]), architecture.codes)
    if not error <= 1e-4:
        faults.append(f"differs from TorchScript by {error:.1e}")
    if chunks is not None and not chunks <= _CHUNKS:
        faults.append(f"{_AT_ONCE} frames at once differ by {chunks:.1e}")
    if not seam <= _SEAM:
        faults.append(f"a seam of {seam:.1f} at frame borders")
    for precision, variant in card.variants.items():
        least = 35.0 if card.variation_db is None else min(card.variation_db + 10, 35)
        if variant.snr_db is not None and not variant.snr_db >= least - 0.1:
            faults.append(f"{precision} has {variant.snr_db} dB where {least:.0f} are due")
        if variant.mel_db is not None and not variant.mel_db <= 0.5:
            faults.append(f"{precision} is {variant.mel_db} dB off in log-mel")
    return Examined(card, error, chunks, seam, tuple(faults))


def _error(
    model: Model, contract: Contract, decoder: OnnxDecoder, architecture: Architecture
) -> float:
    codes = architecture.codes
    if architecture.delay:
        return offline_error(model, contract, decoder, architecture.delay, codes=codes)
    return relative_error(model, contract, decoder, codes=codes, frames=FRAMES)


def _chunks(architecture: Architecture, contract: Contract) -> float | None:
    """Return how far several frames at once are from one by one, None if that cannot be written."""
    if not isinstance(architecture, RaveDecoder) or _forgets(architecture.net):
        return None  # a spectral decoder is written for one frame; a recurrence is one call long
    singly, at_once = (Player(architecture, 1, frames=frames) for frames in (1, _AT_ONCE))
    random = np.random.default_rng(0)
    z = trial_latents(contract.latents, FRAMES, seed=7, codes=architecture.codes)
    parts: list[NDArray[np.float32]] = []
    wholes: list[NDArray[np.float32]] = []
    for first in range(0, FRAMES, _AT_ONCE):
        latents = torch.from_numpy(z[first : first + _AT_ONCE, 0].T[None].copy())
        noises: dict[str, NDArray[np.float32]] = {}
        for part, whole in zip(singly.graph.noises, at_once.graph.noises, strict=True):
            noises[part.name] = trial_noise(random, part.distribution, (1, *whole.shape))
        wholes.append(at_once.decode(latents, noises))
        for frame in range(_AT_ONCE):
            own = {
                part.name: _piece(noises[part.name], part.shape, whole.shape, frame)
                for part, whole in zip(singly.graph.noises, at_once.graph.noises, strict=True)
            }
            parts.append(singly.decode(latents[:, :, frame : frame + 1], own))
    ours, theirs = np.concatenate(parts, axis=1), np.concatenate(wholes, axis=1)
    return float(np.abs(ours - theirs).max() / max(float(np.abs(theirs).max()), 1e-6))


def _forgets(layer: Layer) -> bool:
    """Return whether a network begins anew at each call, as a recurrence in RAVE does."""
    match layer:
        case Recurrence():
            return True
        case Chain(parts) | Sum(parts):
            return any(_forgets(part) for part in parts)
        case _:
            return False


def _piece(
    noise: NDArray[np.float32], part: tuple[int, ...], whole: tuple[int, ...], frame: int
) -> NDArray[np.float32]:
    """Return one frame's share of random numbers that were drawn for several."""
    (axis,) = (n for n, sizes in enumerate(zip(part, whole, strict=True)) if len(set(sizes)) > 1)
    return np.split(noise, _AT_ONCE, axis + 1)[frame]


def _seam(decoder: OnnxDecoder, codes: int) -> float:
    """Return the third difference at frame borders over that everywhere, as powers' roots."""
    decoder.reset_all()
    random = np.random.default_rng(1)
    heard: list[NDArray[np.float32]] = []
    for z in trial_latents(decoder.latents, FRAMES, seed=8, codes=codes):
        noises = [trial_noise(random, k, (1, *shape)) for k, shape in decoder.runtime.noise_inputs]
        heard.append(decoder.run(z, noises)[0].copy())
    rough = np.square(np.diff(np.concatenate(heard[8:]).astype(np.float64), 3))
    borders = np.concatenate([rough[decoder.ratio - 3 + n :: decoder.ratio] for n in range(3)])
    return float(np.sqrt(borders.mean() / max(rough.mean(), 1e-30)))
