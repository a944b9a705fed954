"""Reads layers out of a scripted module tree, by the names its classes had when it was scripted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from appliance.decoders.layers import (
    Activation,
    Affine,
    Array,
    Chain,
    Convolution,
    Dense,
    Layer,
    LayerNormalization,
    LeakyRelu,
    Recurrence,
    Snake,
    Sum,
    TransposedConvolution,
)

Module = Any  # torch.jit.RecursiveScriptModule, whose attributes only the file knows


class UnknownTreeError(Exception):
    """A part of the tree that no rule reads; the model plays through TorchScript instead."""


def kind(module: Module) -> str:
    """Return the class name a scripted module had."""
    return str(module.original_name)


def child(module: Module, name: str) -> Module:
    """Return a named child; raises UnknownTreeError if it is missing."""
    found = dict(module.named_children()).get(name)
    if found is None:
        raise UnknownTreeError(f"{kind(module)} has no part '{name}'")
    return found


def children(module: Module) -> list[Module]:
    """Return the children in order."""
    return [part for _, part in module.named_children()]


def has(module: Module, name: str) -> bool:
    """Return whether a scripted module has the attribute or child `name`, not None."""
    return hasattr(module, name) and getattr(module, name) is not None


def array(tensor: torch.Tensor) -> Array:
    """Return a parameter or buffer as a float32 array."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy().astype(np.float32))


def scalar(value: Any) -> float:  # noqa: ANN401
    """Return a number that the file stores as a number or as a one-element tensor."""
    return float(value.reshape(-1)[0]) if isinstance(value, torch.Tensor) else float(value)


def read(module: Module) -> Layer:
    """Return the layer a scripted module stands for; raises UnknownTreeError if none is known."""
    reader = _READERS.get(kind(module))
    if reader is None:
        raise UnknownTreeError(f"no rule reads a module of class {kind(module)}")
    return reader(module)


def delays(align: Module) -> tuple[int, ...]:
    """Return the steps by which a module of branches delays each one's input."""
    if kind(align) == "Branches":
        return (0,) * len(children(child(align, "branches")))
    return tuple(int(part.padding) for part in children(child(align, "paddings")))


def _bias(module: Module) -> Array | None:
    return array(module.bias) if has(module, "bias") else None


def _chain(module: Module) -> Layer:
    return Chain(tuple(read(part) for part in children(module)))


def _net(module: Module) -> Layer:
    return read(child(module, "net"))


def _cached_convolution(module: Module) -> Layer:
    return Convolution(
        _weight(module),
        _bias(module),
        stride=int(module.stride[0]),
        dilation=int(module.dilation[0]),
        history=int(child(module, "cache").padding),
        delay=int(child(module, "downsampling_delay").padding),
    )


def _centred_convolution(module: Module) -> Layer:
    """Read a convolution that stands between zeros, as exports without --streaming have it."""
    before, after = (int(n) for n in module._pad)
    return Convolution(
        _weight(module),
        _bias(module),
        stride=int(module.stride[0]),
        dilation=int(module.dilation[0]),
        history=before + after,
        ahead=after,
    )


def _weight(module: Module) -> Array:
    """Return a convolution's weight (out, in, taps), with zeros where groups do not meet."""
    weight, groups = array(module.weight), int(module.groups)
    if groups == 1:
        return weight
    outputs, inputs, taps = weight.shape
    full = np.zeros((outputs, groups * inputs, taps), np.float32)
    for group, rows in enumerate(np.split(np.arange(outputs), groups)):
        full[rows, group * inputs : (group + 1) * inputs] = weight[rows]
    return full


def _transposed(module: Module) -> Layer:
    stride = int(module.stride[0])
    kernel = int(module.weight.shape[-1])
    if kernel != 2 * stride or 2 * int(module.padding[0]) != stride or int(module.groups) != 1:
        raise UnknownTreeError(f"a transposed convolution of kernel {kernel}, stride {stride}")
    return TransposedConvolution(array(module.weight), _bias(module), stride)


def _leaky(module: Module) -> Layer:
    return LeakyRelu(float(getattr(module, "negative_slope", 0.01)))


def _softplus(module: Module) -> Layer:
    if float(getattr(module, "beta", 1.0)) != 1.0:
        raise UnknownTreeError(f"a Softplus with beta {module.beta}")
    return Activation("softplus")


def _elu(module: Module) -> Layer:
    if float(getattr(module, "alpha", 1.0)) != 1.0:
        raise UnknownTreeError(f"an ELU with alpha {module.alpha}")
    return Activation("elu")


def _sum(module: Module) -> Layer:
    return Sum(tuple(read(b) for b in children(child(module, "branches"))), delays(module))


def _stack(net: Module) -> Layer:
    """Read branches to be summed, or, in the earliest exports, a plain sequence."""
    return _sum(net) if kind(net) in ("AlignBranches", "Branches") else read(net)


def _snake(module: Module) -> Layer:
    return Snake(array(module.alpha).reshape(-1))


def _adaptive(module: Module) -> Layer:
    """Read a transfer of statistics; it does nothing until a source and a target are learnt."""
    if not (scalar(module.num_update_x) and scalar(module.num_update_y)):
        return Chain(())
    mean_x, std_x, mean_y, std_y = (
        array(tensor[0, :, 0])
        for tensor in (module.mean_x, module.std_x, module.mean_y, module.std_y)
    )
    scale: Array = (std_y / (std_x + np.float32(1e-5))).astype(np.float32)
    shift: Array = (mean_y - mean_x * scale).astype(np.float32)
    return Affine(scale, shift)


def _recurrence(module: Module) -> Layer:
    """Read stacked gated recurrent units, which start anew at each call."""
    if not bool(module.enabled):
        return Chain(())
    units = child(module, "gru")
    if bool(units.bidirectional):
        raise UnknownTreeError("a recurrence in both directions")
    return Chain(
        tuple(
            Recurrence(
                array(getattr(units, f"weight_ih_l{place}")),
                array(getattr(units, f"weight_hh_l{place}")),
                array(getattr(units, f"bias_ih_l{place}")),
                array(getattr(units, f"bias_hh_l{place}")),
            )
            for place in range(int(units.num_layers))
        )
    )


def _batch_norm(module: Module) -> Layer:
    spread = np.sqrt(array(module.running_var) + np.float32(module.eps))
    scale: Array = (array(module.weight) / spread).astype(np.float32)
    shift: Array = (array(module.bias) - array(module.running_mean) * scale).astype(np.float32)
    return Affine(scale, shift)


def _layer_norm(module: Module) -> Layer:
    return LayerNormalization(array(module.weight), array(module.bias), float(module.eps))


def _linear(module: Module) -> Layer:
    return Dense(array(module.weight), _bias(module))


_READERS: dict[str, Callable[[Module], Layer]] = {
    "CachedSequential": _chain,
    "Sequential": _chain,
    "CachedConv1d": _cached_convolution,
    "CachedConvTranspose1d": _transposed,
    "Conv1d": _centred_convolution,
    "ConvTranspose1d": _transposed,
    "LeakyReLU": _leaky,
    "Snake": _snake,
    "GRU": _recurrence,
    "AdaptiveInstanceNormalization": _adaptive,
    "ReLU": lambda _: Activation("relu"),
    "Tanh": lambda _: Activation("tanh"),
    "Sigmoid": lambda _: Activation("sigmoid"),
    "SiLU": lambda _: Activation("silu"),
    "Softplus": _softplus,
    "ELU": _elu,
    "Identity": lambda _: Chain(()),
    "Dropout": lambda _: Chain(()),
    "Residual": lambda m: _sum(child(m, "aligned")),
    "DilatedUnit": _net,
    "Encoder": _net,
    "EncoderV2": _net,
    "ResidualLayer": _net,
    "ResidualBlock": _net,
    "UpsampleLayer": _net,
    "ResidualStack": lambda m: _stack(child(m, "net")),
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "Linear": _linear,
}
