"""Write a trained prior as an ONNX graph: inputs x, mask and time, output velocity."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models.training.prior import Flow, FlowLayer, PriorShape
from models.training.progress import write_atomically
from models.training.spectral import LATENTS

_OPSET, _IR_VERSION = 17, 9


class _Writer:
    """Nodes and weights of a graph in the making; signals are (batch, channels, points)."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []

    def node(self, operator: str, *inputs: str, count: int = 1, **attributes: Any) -> list[str]:  # noqa: ANN401
        """Append an operator; return the names of its outputs."""
        names = [f"t{len(self.nodes)}_{n}" for n in range(count)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def one(self, operator: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Append an operator with one output; return its name."""
        return self.node(operator, *inputs, **attributes)[0]

    def store(self, value: Tensor | float) -> str:
        """Return the name of a stored array."""
        name = f"w{len(self.stored)}"
        array = np.asarray(value, np.float32)
        self.stored.append(numpy_helper.from_array(array, name))
        return name

    def linear(self, x: str, layer: nn.Linear) -> str:
        """Append x @ weight + bias."""
        return self.one("Gemm", x, self.store(layer.weight), self.store(layer.bias), transB=1)

    def conv(self, x: str, layer: nn.Conv1d) -> str:
        """Append a convolution that keeps the number of points."""
        assert layer.bias is not None
        reach = int(layer.dilation[0]) * (layer.kernel_size[0] - 1) // 2
        weights = self.store(layer.weight), self.store(layer.bias)
        return self.one(
            "Conv", x, *weights, dilations=[int(layer.dilation[0])], pads=[reach, reach]
        )

    def silu(self, x: str) -> str:
        """Append x * sigmoid(x)."""
        return self.one("Mul", x, self.one("Sigmoid", x))


def _layer(writer: _Writer, layer: FlowLayer, y: str, told: str) -> tuple[str, str]:
    """Append one layer; return what goes on and what skips to the end."""
    film = writer.one("Unsqueeze", writer.linear(told, layer.film), "last")
    scale, shift = writer.node("Split", film, count=2, axis=1)
    scaled = writer.one("Mul", y, writer.one("Add", scale, writer.store(1.0)))
    both = writer.conv(writer.one("Add", scaled, shift), layer.conv)
    gate, level = writer.node("Split", both, count=2, axis=1)
    gated = writer.one("Mul", writer.one("Tanh", level), writer.one("Sigmoid", gate))
    more, skip = writer.node("Split", writer.conv(gated, layer.out), count=2, axis=1)
    half = writer.store(math.sqrt(0.5))
    return writer.one("Mul", writer.one("Add", y, more), half), skip


@torch.no_grad()
def export(network: Flow, shape: PriorShape, path: Path) -> None:
    """Write the network to `path`."""
    writer = _Writer()
    last = numpy_helper.from_array(np.array([-1], np.int64), "last")
    angle = writer.one("Mul", "time", writer.store(network.frequencies()))
    waves = writer.one("Concat", writer.one("Cos", angle), writer.one("Sin", angle), axis=1)
    first, second = network.time[0], network.time[2]
    assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear)
    told = writer.silu(writer.linear(writer.silu(writer.linear(waves, first)), second))
    known = writer.one("Mul", "x", "mask")
    y = writer.conv(writer.one("Concat", "x", known, "mask", axis=1), network.entry)
    skips: list[str] = []
    for layer in network.layers:
        assert isinstance(layer, FlowLayer)
        y, skip = _layer(writer, layer, y, told)
        skips.append(skip)
    scale = writer.store(1.0 / math.sqrt(len(skips)))
    y = writer.silu(writer.one("Mul", writer.one("Sum", *skips), scale))
    middle, end = network.last[1], network.last[3]
    assert isinstance(middle, nn.Conv1d) and isinstance(end, nn.Conv1d)
    y = writer.conv(writer.silu(writer.conv(y, middle)), end)
    free = writer.one("Sub", writer.store(1.0), "mask")
    writer.nodes.append(helper.make_node("Mul", [y, free], ["velocity"]))
    inputs = [
        _declared("x", LATENTS, shape.window),
        _declared("mask", 1, shape.window),
        _declared("time", 1),
    ]
    outputs = [_declared("velocity", LATENTS, shape.window)]
    graph = helper.make_graph(writer.nodes, "prior", inputs, outputs, [*writer.stored, last])
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = _IR_VERSION
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    write_atomically(path, lambda partial: partial.write_bytes(content))


def _declared(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
