"""A rebuilt graph that torch computes, on the processor or on a GPU."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from appliance.decoders.role import Role
from appliance.decoders.torch_operators import OPERATORS, Apply
from appliance.errors import ModelError

Values = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Node:
    """One operator, or a choice between two lists of them."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    apply: Apply | None
    branches: tuple["Branch", "Branch"] | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """What a choice does, and the names of what it gives."""

    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]


class TorchGraph(nn.Module):
    """The decoder graph that `models import` wrote, in float32.

    Called with the tensors of all inputs it returns those of all outputs. A choice that the graph
    makes is made on the processor before, by `chooses`: a GPU replays one way or the other.
    """

    def __init__(self, path: Path) -> None:
        """Read the graph; raises ModelError if it is none or has an operator that is not known."""
        super().__init__()
        try:
            model = onnx.load(str(path))
            (text,) = (p.value for p in model.metadata_props if p.key == Role.DECODER)
            self.contract: dict[str, Any] = json.loads(text)
        except Exception as error:
            raise ModelError(
                f"{path} is not a decoder graph ({str(error).splitlines()[0]}). "
                "Import the model again with 'neural-synth models import'."
            ) from error
        self._stored = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        for name, array in self._stored.items():
            self.register_buffer(name, torch.from_numpy(array.copy()), persistent=False)
        try:
            self._nodes = self._read(model.graph.node)
        except KeyError as error:
            raise ModelError(
                f"{path} has the operator {error}, which torch does not play here. "
                "Set 'device: cpu' in the configuration's 'engine'."
            ) from error
        self.outputs = tuple(output.name for output in model.graph.output)
        self._before_choice = self._ancestors()
        read = {name for node in self._before_choice for name in node.inputs}
        self._near = {n: torch.from_numpy(a.copy()) for n, a in self._stored.items() if n in read}

    def forward(self, inputs: Mapping[str, Tensor], *, then: bool = False) -> Values:
        """Return all outputs; `then` is the branch that choices take."""
        values = dict(self.named_buffers()) | dict(inputs)
        _run(self._nodes, values, then)
        return {name: values[name] for name in self.outputs}

    @property
    def has_choice(self) -> bool:
        """Whether the graph takes one way or another."""
        return bool(self._before_choice)

    def chooses(self, controls: Mapping[str, Tensor]) -> bool:
        """Return the branch that the graph takes with these numbers, which are no GPU's."""
        if not self._before_choice:
            return False
        values = self._near | dict(controls)
        _run(self._before_choice, values, False)
        return bool(values[self._before_choice[-1].outputs[0]])

    def _read(self, nodes: Sequence[onnx.NodeProto]) -> tuple[Node, ...]:
        read: list[Node] = []
        for node in nodes:
            given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            inputs, outputs = tuple(node.input), tuple(node.output)
            if node.op_type == "If":
                then, otherwise = given["then_branch"], given["else_branch"]
                branches = (self._branch(then), self._branch(otherwise))
                read.append(Node(inputs, outputs, None, branches))
                continue
            stored: list[NDArray[Any] | None] = [self._stored.get(name) for name in inputs]
            apply = OPERATORS[node.op_type](given | {"outputs": len(outputs)}, stored)
            read.append(Node(inputs, outputs, apply))
        return tuple(read)

    def _branch(self, graph: onnx.GraphProto) -> Branch:
        return Branch(self._read(graph.node), tuple(output.name for output in graph.output))

    def _ancestors(self) -> tuple[Node, ...]:
        """Return the nodes from the controls to the condition of the choice, if there is one."""
        wanted: set[str] = set()
        found: list[Node] = []
        for node in reversed(self._nodes):
            if node.branches is not None:
                wanted.update(node.inputs)
            elif wanted & set(node.outputs):
                wanted.update(node.inputs)
                found.append(node)
        return tuple(reversed(found))


def _run(nodes: Sequence[Node], values: Values, then: bool) -> None:
    for node in nodes:
        if node.branches is not None:
            branch = node.branches[0 if then else 1]
            _run(branch.nodes, values, then)
            given: Any = tuple(values[name] for name in branch.outputs)
        else:
            assert node.apply is not None
            given = node.apply(*(values[name] for name in node.inputs if name))
        if len(node.outputs) == 1 and isinstance(given, Tensor):
            given = (given,)
        values.update(zip(node.outputs, given, strict=True))
