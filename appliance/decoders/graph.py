"""An ONNX graph with explicit state and explicit noise, built node by node.

Every signal is float32 (batch, steps, channels) with a free batch axis, so copies of one model run
as one batch. State enters as an input and leaves as an output; the runtime swaps the two. Noise is
an input too, so a decode is a pure function.
"""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from appliance.decoders.precision import Matrix, Plan, Precision, name_of
from appliance.decoders.products import Windows, product, product_of_windows
from appliance.decoders.role import Role

BATCH = "batch"
_OPSET = 17
_IR_VERSION = 9


Distribution = Literal["normal", "uniform", "symmetric"]


@dataclass(frozen=True, slots=True)
class NoiseInput:
    """Fresh random numbers for each frame.

    `shape` is without the batch axis; "normal" is N(0, 1), "uniform" [0, 1), "symmetric" [-1, 1).
    An offline decode uses the numbers `delay` steps of the first axis earlier.
    """

    name: str
    distribution: Distribution
    shape: tuple[int, ...]
    delay: int = 0


@dataclass(frozen=True, slots=True)
class StateTensor:
    """A state's input and output names and its shape without the batch axis; it starts at zero."""

    source: str
    target: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """A tensor in the graph: (batch, steps, channels)."""

    name: str
    steps: int
    channels: int


class Graph:
    """Builds one graph, its large matrices stored by a plan."""

    def __init__(self, plan: Plan = Precision.FP32, *, probed: bool = False) -> None:
        """Start an empty graph; `probed` makes each large matrix's input an output "probe<n>"."""
        self.plan = plan
        self.matrices: list[Matrix] = []
        self.weights: list[NDArray[np.float32]] = []
        self._probed = probed
        self._exact = False
        self.states: list[StateTensor] = []
        self.noises: list[NoiseInput] = []
        self.controls: list[str] = []
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[bytes, str] = {}
        self._initializers: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._kept: dict[str, StateTensor] = {}
        self._copies = 1
        self._count = 0

    def constant(self, value: NDArray[Any]) -> str:
        """Return the name of a stored array; equal arrays are stored once."""
        value = np.ascontiguousarray(value)
        key = f"{value.dtype}{value.shape}".encode() + value.tobytes()
        if key not in self._constants:
            name = self._name("c")
            self._constants[key] = name
            self._initializers.append(numpy_helper.from_array(value, name))
        return self._constants[key]

    def scalar(self, value: float) -> str:
        """Return the name of a stored float32 scalar."""
        return self.constant(np.array(value, np.float32))

    def node(self, operator: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Append an operator with one output and return that output's name."""
        output = self._name("t")
        self._nodes.append(
            helper.make_node(operator, inputs, [output], domain=domain, **attributes)
        )
        return output

    def nodes(self, operator: str, inputs: list[str], outputs: int, **attributes: Any) -> list[str]:  # noqa: ANN401
        """Append an operator with several outputs and return their names."""
        names = [self._name("t") for _ in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def input(self, name: str, steps: int, channels: int) -> Signal:
        """Declare a float32 input (batch, steps, channels)."""
        self._declare(self._inputs, name, (steps, channels))
        return Signal(name, steps, channels)

    def sound(self, samples: int) -> Signal:
        """Declare the float32 input "audio" (batch, samples)."""
        self._declare(self._inputs, "audio", (samples,))
        return Signal(self.reshape("audio", samples, 1), samples, 1)

    def output(self, name: str, tensor: str, shape: tuple[int, ...]) -> None:
        """Declare `tensor` as an output called `name`, `shape` without the batch axis."""
        self._nodes.append(helper.make_node("Identity", [tensor], [name]))
        self._declare(self._outputs, name, shape)

    def multiply(self, x: Signal, copies: int) -> Signal:
        """Let each row be `copies` rows from `x` on, with states and noise of their own."""
        if copies == 1:
            return x
        assert not self.states and not self.noises, "multiplied too late"
        self._copies = copies
        apart = self.reshape(x.name, 1, x.steps, x.channels)
        joined = self.node("Concat", [apart] * copies, axis=1)
        return Signal(self._as_rows(joined, (x.steps, x.channels)), x.steps, x.channels)

    def average(self, x: Signal) -> Signal:
        """Return the mean over what `multiply` made of each row, and go on with one row."""
        if self._copies == 1:
            return x
        apart = self._as_copies(x.name, (x.steps, x.channels))
        self._copies = 1
        return Signal(self.node("ReduceMean", [apart], axes=[1], keepdims=0), x.steps, x.channels)

    def noise(self, distribution: Distribution, shape: tuple[int, ...], *, delay: int = 0) -> str:
        """Declare random numbers of `shape` (without the batch axis) as an input."""
        name = f"noise{len(self.noises)}"
        whole = self._whole(shape)
        self.noises.append(NoiseInput(name, distribution, whole, delay))
        self._declare(self._inputs, name, whole)
        return self._as_rows(name, shape)

    def control(self, name: str) -> str:
        """Declare a number (batch, 1) that the player sets as an input; return its name."""
        self.controls.append(name)
        self._declare(self._inputs, name, (1,))
        return name

    def state(self, shape: tuple[int, ...]) -> str:
        """Declare a state of `shape` and return its tensor; `keep` sets its next value."""
        name = f"state{len(self.states)}"
        entry = StateTensor(name, f"{name}_next", self._whole(shape))
        self.states.append(entry)
        self._declare(self._inputs, name, entry.shape)
        rows = self._as_rows(name, shape)
        self._kept[rows] = entry
        return rows

    def keep(self, state: str, operator: str, inputs: list[str], **attributes: Any) -> None:  # noqa: ANN401
        """Let `operator` compute the next value of `state`."""
        entry = self._kept[state]
        if self._copies > 1:
            inputs = [self._as_copies(self.node(operator, inputs, **attributes), entry.shape[1:])]
            operator, attributes = "Identity", {}
        self._nodes.append(helper.make_node(operator, inputs, [entry.target], **attributes))
        self._declare(self._outputs, entry.target, entry.shape)

    def _whole(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape if self._copies == 1 else (self._copies, *shape)

    def _as_rows(self, tensor: str, shape: tuple[int, ...]) -> str:
        if self._copies == 1:
            return tensor
        return self.node("Reshape", [tensor, self.constant(np.array([-1, *shape], np.int64))])

    def _as_copies(self, tensor: str, shape: tuple[int, ...]) -> str:
        whole = np.array([-1, self._copies, *shape], np.int64)
        return self.node("Reshape", [tensor, self.constant(whole)])

    def cut(self, tensor: str, start: int, stop: int, axis: int) -> str:
        """Return tensor[start:stop] along `axis`."""
        return self.node("Slice", [tensor, *self.bounds(start, stop, axis)])

    def part(self, tensor: str, start: tuple[int, ...], stop: tuple[int, ...]) -> str:
        """Return what lies between `start` and `stop` on the axes behind the batch."""
        axes = np.arange(1, 1 + len(start))
        limits = (np.array(limit, np.int64) for limit in (start, stop, axes))
        return self.node("Slice", [tensor, *(self.constant(limit) for limit in limits)])

    def bounds(self, start: int, stop: int, axis: int, step: int = 1) -> list[str]:
        """Return the constant inputs of a Slice."""
        return [self.constant(np.array([n], np.int64)) for n in (start, stop, axis, step)]

    def reshape(self, tensor: str, *shape: int) -> str:
        """Return `tensor` with `shape` after the batch axis."""
        return self.node("Reshape", [tensor, self.constant(np.array([0, *shape], np.int64))])

    @contextmanager
    def exact(self) -> Generator[None]:
        """Keep every matrix that is written meanwhile in float32."""
        before, self._exact = self._exact, True
        try:
            yield
        finally:
            self._exact = before

    def matrix(
        self,
        x: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32] | None = None,
        *,
        steps: int = 1,
        exact: bool = False,
    ) -> str:
        """Return x @ weight + bias, `x` (batch, steps, in), `weight` (in, out).

        Large matrices are stored by the plan unless they are to be `exact`.
        """
        if exact or self._exact or weight.size < SMALL:
            return product(self, x, weight, bias, Precision.FP32)
        self._probe(weight, steps, lambda: x)
        return product(self, x, weight, bias, self._next(weight, steps))

    def windowed(
        self,
        x: Signal,
        places: NDArray[np.int64],
        weight: NDArray[np.float32],
        bias: NDArray[np.float32] | None = None,
    ) -> str:
        """Return x[places] @ weight + bias, (batch, rows, out), `weight` (taps * channels, out).

        `places` (rows, taps) are steps of `x`, or -1 for zeros. Stored as `matrix` stores.
        """
        windows = Windows(places, x.steps, x.channels)
        rows = len(places)
        if self._exact or weight.size < SMALL:
            return product_of_windows(self, x.name, windows, weight, bias, Precision.FP32)
        self._probe(weight, rows, lambda: windows.gather(self, x.name))
        precision = self._next(weight, rows)
        return product_of_windows(self, x.name, windows, weight, bias, precision)

    def _probe(self, weight: NDArray[np.float32], steps: int, read: Callable[[], str]) -> None:
        """Make what the next large matrix reads an output, if that is wanted."""
        if self._probed:
            self.weights.append(weight)
            self.output(f"probe{len(self.matrices)}", read(), (steps, weight.shape[0]))

    def _next(self, weight: NDArray[np.float32], steps: int) -> Precision:
        """Note a large matrix and return how it is stored."""
        place = len(self.matrices)
        self.matrices.append(Matrix(steps, *weight.shape))
        return self.plan if isinstance(self.plan, Precision) else self.plan[place]

    def either(
        self,
        condition: str,
        shapes: Sequence[tuple[int, ...]],
        then: Callable[[], Sequence[str]],
        otherwise: Callable[[], Sequence[str]],
    ) -> list[str]:
        """Return the tensors of the branch that `condition`, one boolean, calls for.

        `shapes` are theirs, without the batch axis. Branches read tensors from outside, but
        declare no inputs, states or noise; the other branch costs nothing.
        """
        branches = {
            f"{name}_branch": self._branch(name, build, shapes)
            for name, build in (("then", then), ("else", otherwise))
        }
        return self.nodes("If", [condition], len(shapes), **branches)

    def _branch(
        self, name: str, build: Callable[[], Sequence[str]], shapes: Sequence[tuple[int, ...]]
    ) -> onnx.GraphProto:
        outside, self._nodes = self._nodes, []
        given = [self.node("Identity", [tensor]) for tensor in build()]
        infos = [
            helper.make_tensor_value_info(tensor, TensorProto.FLOAT, [BATCH, *shape])
            for tensor, shape in zip(given, shapes, strict=True)
        ]
        inside, self._nodes = self._nodes, outside
        return helper.make_graph(inside, name, [], infos)

    def serialize(self, description: dict[str, Any], role: Role = Role.DECODER) -> bytes:
        """Return the finished model as bytes, `description` and the contract in its metadata."""
        graph = helper.make_graph(
            self._nodes, role, self._inputs, self._outputs, self._initializers
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = _IR_VERSION
        contract = {
            **description,
            "precision": name_of(self.plan),
            "states": [asdict(s) for s in self.states],
            "noises": [asdict(n) for n in self.noises],
            **({"controls": self.controls} if self.controls else {}),
        }
        helper.set_model_props(model, {role: json.dumps(contract)})
        onnx.checker.check_model(model)
        return model.SerializeToString()

    def _declare(self, where: list[onnx.ValueInfoProto], name: str, shape: tuple[int, ...]) -> None:
        where.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *shape]))

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"


SMALL = 4096  # numbers; below, a matrix is cheaper in float32 than its quantization round trip
