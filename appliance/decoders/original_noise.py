"""Random numbers as a TorchScript original draws them, for comparisons with its rebuild."""

import numpy as np
import torch
from numpy.typing import NDArray

from appliance.decoders.runtime import GraphRuntime


def drawn(kind: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Draw (1, *shape) from torch's generator as the original does."""
    if kind == "normal":  # torch draws channels before steps
        return torch.randn(1, *shape[:-2], shape[-1], shape[-2]).transpose(-1, -2).numpy()
    values = torch.rand(1, *shape)
    return (values * 2 - 1 if kind == "symmetric" else values).numpy()


def whole_noises(runtime: GraphRuntime, frames: int) -> list[list[NDArray[np.float32]]]:
    """Draw as one call for all `frames` does; return each random input frame by frame."""
    noises: list[list[NDArray[np.float32]]] = []
    for (kind, shape), delay in zip(runtime.noise_inputs, runtime.noise_delays, strict=True):
        if len(shape) == 1:  # drawn afresh for every frame, in time order
            noises.append([drawn(kind, shape) for _ in range(frames)])
            continue
        steps = len(shape) - (2 if kind == "normal" else 3)
        long = (*shape[:steps], frames * shape[steps], *shape[steps + 1 :])
        # What wraps around is heard only before the memory has settled.
        late = np.roll(drawn(kind, long), delay, steps + 1)
        noises.append(np.split(late, frames, steps + 1))
    return noises
