"""The operators of rebuilt graphs, as torch computes them.

Each entry of `OPERATORS` gets a node's attributes and the arrays among its inputs that are stored,
and returns a function of the tensors of all inputs. Whatever shapes or places depend on is read
from stored arrays beforehand, so that a GPU never waits for the processor.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from numpy.typing import NDArray
from torch import Tensor

Attributes = Mapping[str, Any]
Stored = Sequence[NDArray[Any] | None]
Apply = Callable[..., Any]
Operator = Callable[[Attributes, Stored], Apply]

_TYPES = {1: torch.float32, 6: torch.int32, 7: torch.int64, 9: torch.bool, 10: torch.float16}


def _plain(function: Apply) -> Operator:
    """Return an operator without attributes that `function` computes."""
    return lambda _attributes, _stored: function


def _numbers(stored: Stored, place: int) -> list[int]:
    array = stored[place]
    assert array is not None, "a shape that is computed"
    return [int(number) for number in array.ravel()]


def _reshape(_: Attributes, stored: Stored) -> Apply:
    shape = _numbers(stored, 1)
    return lambda x, _shape: x.reshape([x.shape[n] if s == 0 else s for n, s in enumerate(shape)])


def _slice(_: Attributes, stored: Stored) -> Apply:
    starts, ends = _numbers(stored, 1), _numbers(stored, 2)
    axes = _numbers(stored, 3) if len(stored) > 3 else list(range(len(starts)))
    steps = _numbers(stored, 4) if len(stored) > 4 else [1] * len(starts)
    cuts = dict(zip(axes, map(slice, starts, ends, steps), strict=True))

    def apply(x: Tensor, *_bounds: Tensor) -> Tensor:
        return x[tuple(cuts.get(axis, slice(None)) for axis in range(x.ndim))]

    return apply


def _pad(attributes: Attributes, stored: Stored) -> Apply:
    pads = _numbers(stored, 1)
    axes = len(pads) // 2
    ends = [pads[axis + side * axes] for axis in reversed(range(axes)) for side in (0, 1)]
    if attributes.get("mode", b"constant") == b"edge":
        return lambda x, _pads: F.pad(x[None], ends[:2], mode="replicate")[0]
    return lambda x, _pads, *_value: F.pad(x, ends)


def _gather(attributes: Attributes, _: Stored) -> Apply:
    axis = int(attributes.get("axis", 0))

    def apply(x: Tensor, places: Tensor) -> Tensor:
        taken = x.index_select(axis, places.reshape(-1))
        return taken.reshape([*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]])

    return apply


def _split(attributes: Attributes, stored: Stored) -> Apply:
    axis = int(attributes.get("axis", 0))
    if len(stored) > 1:
        sizes = _numbers(stored, 1)
        return lambda x, _sizes: torch.split(x, sizes, axis)
    count = int(attributes["outputs"])
    return lambda x: torch.chunk(x, count, axis)


def _gemm(attributes: Attributes, _: Stored) -> Apply:
    assert not attributes.get("transA"), "a turned left side"
    turned = bool(attributes.get("transB"))

    def apply(x: Tensor, y: Tensor, bias: Tensor | float = 0.0) -> Tensor:
        return x @ (y.mT if turned else y) + bias

    return apply


def _reduce(function: Callable[..., Tensor]) -> Operator:
    def operator(attributes: Attributes, stored: Stored) -> Apply:
        axes = _numbers(stored, 1) if len(stored) > 1 else attributes.get("axes")
        keep = bool(attributes.get("keepdims", 1))

        def apply(x: Tensor, *_axes: Tensor) -> Tensor:
            wanted = list(range(x.ndim)) if axes is None else [int(axis) for axis in axes]
            return function(x, wanted, keepdim=keep)

        return apply

    return operator


def _pool(attributes: Attributes) -> tuple[int, list[int]]:
    (size,) = attributes["kernel_shape"]
    return int(size), [int(n) for n in attributes.get("pads", (0, 0))]


def _max_pool(attributes: Attributes, _: Stored) -> Apply:
    size, pads = _pool(attributes)
    return lambda x: F.max_pool1d(F.pad(x, pads, value=-torch.inf), size, 1)


def _average_pool(attributes: Attributes, _: Stored) -> Apply:
    size, pads = _pool(attributes)

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool1d(F.pad(x, pads), size, 1)

    return lambda x: mean(x) / mean(torch.ones_like(x))


def _gru(attributes: Attributes, _: Stored) -> Apply:
    assert attributes.get("linear_before_reset"), "a recurrence of another order"
    hidden = int(attributes["hidden_size"])

    def apply(x: Tensor, forward: Tensor, recurrent: Tensor, bias: Tensor) -> Tensor:
        given = bias[0, : 3 * hidden] + x @ forward[0].mT
        state, states = x.new_zeros(x.shape[1], hidden), list[Tensor]()
        for step in given:
            back = bias[0, 3 * hidden :] + state @ recurrent[0].mT
            update, reset, new = step.split(hidden, -1)
            old_update, old_reset, old = back.split(hidden, -1)
            share = torch.sigmoid(update + old_update)
            fresh = torch.tanh(new + torch.sigmoid(reset + old_reset) * old)
            state = (1 - share) * fresh + share * state
            states.append(state)
        return torch.stack(states)[:, None]  # (steps, directions, batch, hidden)

    return apply


def _norm(attributes: Attributes, _: Stored) -> Apply:
    epsilon = float(attributes.get("epsilon", 1e-5))
    return lambda x, gain, shift: F.layer_norm(x, gain.shape, gain, shift, epsilon)


def _arg_max(attributes: Attributes, _: Stored) -> Apply:
    axis, keep = int(attributes.get("axis", 0)), bool(attributes.get("keepdims", 1))
    return lambda x: torch.argmax(x, axis, keepdim=keep)


def _squeeze(_: Attributes, stored: Stored) -> Apply:
    (axis,) = _numbers(stored, 1)
    return lambda x, _axis: x.squeeze(axis)


def _unsqueeze(_: Attributes, stored: Stored) -> Apply:
    (axis,) = _numbers(stored, 1)
    return lambda x, _axis: x.unsqueeze(axis)


def _fold(function: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    def apply(first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = function(first, other)
        return first

    return _plain(apply)


OPERATORS: dict[str, Operator] = {
    **{
        name: _plain(function)
        for name, function in {
            "Abs": torch.abs,
            "Acos": torch.acos,
            "Add": torch.add,
            "And": torch.logical_and,
            "Clip": torch.clamp,
            "Cos": torch.cos,
            "Div": torch.div,
            "Elu": F.elu,
            "Equal": torch.eq,
            "Exp": torch.exp,
            "Floor": torch.floor,
            "Greater": torch.gt,
            "GreaterOrEqual": torch.ge,
            "Identity": torch.clone,
            "Less": torch.lt,
            "LessOrEqual": torch.le,
            "Log": torch.log,
            "MatMul": torch.matmul,
            "Mul": torch.mul,
            "Neg": torch.neg,
            "Not": torch.logical_not,
            "Pow": torch.pow,
            "Relu": torch.relu,
            "Sigmoid": torch.sigmoid,
            "Sin": torch.sin,
            "Softplus": F.softplus,
            "Sqrt": torch.sqrt,
            "Sub": torch.sub,
            "Tanh": torch.tanh,
            "Where": torch.where,
        }.items()
    },
    "Sum": _fold(torch.add),
    "Max": _fold(torch.maximum),
    "Min": _fold(torch.minimum),
    "Reshape": _reshape,
    "Slice": _slice,
    "Pad": _pad,
    "Gather": _gather,
    "Split": _split,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Gemm": _gemm,
    "FusedMatMul": _gemm,
    "ReduceMax": _reduce(torch.amax),
    "ReduceMean": _reduce(torch.mean),
    "ReduceSum": _reduce(torch.sum),
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "GRU": _gru,
    "LayerNormalization": _norm,
    "ArgMax": _arg_max,
    "Cast": lambda a, _: lambda x: x.to(_TYPES[int(a["to"])]),
    "Concat": lambda a, _: lambda *xs: torch.cat(xs, int(a["axis"])),
    "GatherElements": lambda a, _: lambda x, i: torch.gather(x, int(a.get("axis", 0)), i),
    "LeakyRelu": lambda a, _: lambda x: F.leaky_relu(x, float(a.get("alpha", 0.01))),
    "Transpose": lambda a, _: lambda x: x.permute([int(n) for n in a["perm"]]),
}
