"""Makes fewer layers of many without changing what they compute."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from appliance.decoders.layers import Affine, Array, Chain, Convolution, Dense, Layer


def flat(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers in order, chains opened."""
    out: list[Layer] = []
    for layer in layers:
        out += flat(layer.layers) if isinstance(layer, Chain) else [layer]
    return out


def folded(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers in order, each normalisation inside the matrix or convolution before it."""
    out: list[Layer] = []
    for layer in flat(layers):
        before = out[-1] if out else None
        if isinstance(layer, Affine) and isinstance(before, Dense | Convolution):
            bias: Array | np.float32 = np.float32(0) if before.bias is None else before.bias
            scale = layer.scale.reshape(-1, *[1] * (before.weight.ndim - 1))
            out[-1] = replace(
                before, weight=before.weight * scale, bias=bias * layer.scale + layer.shift
            )
        else:
            out.append(layer)
    return out
