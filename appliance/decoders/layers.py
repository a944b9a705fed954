"""The parts a streaming decoder is made of, as plain numpy data.

A recognised model file becomes a tree of these; `appliance.decoders.streaming` writes the tree as
a graph. Signals are float32 (batch, steps, channels); convolution weights keep torch's axes.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
ActivationKind = Literal["relu", "tanh", "sigmoid", "silu", "softplus", "elu"]


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A causal convolution over time with a cache of past steps.

    `weight` (out, in, taps); `bias` (out,) or None; `history` past steps stand before the input,
    which is first delayed by `delay` steps so that a stride lands on the right ones. `ahead` counts
    the steps of the window that lie in the future; only `alignment` can make such a one streaming.
    """

    weight: Array
    bias: Array | None = None
    stride: int = 1
    dilation: int = 1
    history: int = 0
    delay: int = 0
    ahead: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class TransposedConvolution:
    """Upsampling by `stride`: `weight` (in, out, 2 * stride), overlap of one step kept as state."""

    weight: Array
    bias: Array | None
    stride: int


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A matrix on the channel axis: `weight` (out, in), `bias` (out,) or None."""

    weight: Array
    bias: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """Per-channel `x * scale + shift`, as a batch normalisation is in use."""

    scale: Array
    shift: Array


@dataclass(frozen=True, slots=True, eq=False)
class LayerNormalization:
    """Normalisation over channels, then per-channel `gain` and `shift`."""

    gain: Array
    shift: Array
    epsilon: float


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """A gated recurrent unit that starts from zero at each call.

    Weights (3 * hidden, in or hidden), biases (3 * hidden,), in torch's order: reset, update, new.
    """

    forward: Array
    recurrent: Array
    forward_bias: Array
    recurrent_bias: Array


@dataclass(frozen=True, slots=True)
class LeakyRelu:
    """x where positive, `slope` * x elsewhere."""

    slope: float


@dataclass(frozen=True, slots=True, eq=False)
class Snake:
    """x + sin(alpha * x) ** 2 / alpha, `alpha` per channel."""

    alpha: Array


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation without parameters."""

    kind: ActivationKind


@dataclass(frozen=True, slots=True)
class Chain:
    """Layers one after another."""

    layers: tuple["Layer", ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of branches, each reading the input `delays` steps late; no layer means the input."""

    branches: tuple["Layer", ...]
    delays: tuple[int, ...]


Layer = (
    Convolution
    | TransposedConvolution
    | Dense
    | Affine
    | Recurrence
    | LayerNormalization
    | LeakyRelu
    | Snake
    | Activation
    | Chain
    | Sum
)
