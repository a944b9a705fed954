"""What the prior inside a TorchScript export gives."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from appliance.decoders.contract import Model


def drawn(
    model: Model, points: int, spread: float = 1.0, seed: int | None = None
) -> NDArray[np.float32]:
    """Return what the method ``prior`` of `model` gives next, float32 (latents, points).

    `spread` is its temperature; a `seed` begins the random numbers anew.
    """
    if seed is not None:
        torch.manual_seed(seed)
    # The file makes softplus(x) / log 2 its temperature; this x makes that `spread`.
    wanted = math.log(math.expm1(max(spread, _COLDEST) * math.log(2)))
    with torch.inference_mode():
        return model.prior(torch.full((1, 1, points), wanted))[0].float().numpy()


_COLDEST = 0.02  # of temperature: it divides
