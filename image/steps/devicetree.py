"""Flattened device trees, read far enough to see what a device needs before it works.

Format: Devicetree Specification 0.4, chapter 5.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_MAGIC = 0xD00DFEED
_BEGIN, _END, _PROPERTY, _NOTHING, _DONE = 1, 2, 3, 4, 9
_CELLS = {
    "clocks": "#clock-cells",
    "resets": "#reset-cells",
    "power-domains": "#power-domain-cells",
    "gpios": "#gpio-cells",
    "gpio": "#gpio-cells",
    "interrupts-extended": "#interrupt-cells",
    "mboxes": "#mbox-cells",
    "phys": "#phy-cells",
    "dmas": "#dma-cells",
}
"""Properties that list phandles with arguments, and the property that counts the arguments."""
_CORE = (
    "simple-bus",
    "fixed-clock",
    "arm,gic-400",
    "arm,armv8-timer",
    "simple-mfd",
    "brcm,bcm2712",
    "raspberrypi,5-model-b",
)
"""What the kernel handles without a driver that could be missing."""


@dataclass(slots=True)
class Node:
    """A node; `properties` are the raw bytes."""

    path: str
    parent: "Node | None" = None
    properties: dict[str, bytes] = field(default_factory=dict[str, bytes])
    children: list["Node"] = field(default_factory=list["Node"])

    @property
    def compatible(self) -> list[str]:
        """Return the compatible strings, the most specific first."""
        return [
            word.decode() for word in self.properties.get("compatible", b"").split(b"\0") if word
        ]

    @property
    def enabled(self) -> bool:
        """Return whether the node's status lets it be used."""
        return self.properties.get("status", b"okay\0") in (b"okay\0", b"ok\0")

    def walk(self) -> Iterator["Node"]:
        """Yield the node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def cells(self, name: str) -> tuple[int, ...]:
        """Return a property as 32-bit numbers."""
        data = self.properties.get(name, b"")
        return struct.unpack(f">{len(data) // 4}I", data[: len(data) // 4 * 4])


def read_tree(data: bytes) -> Node:
    """Return the root node of a device tree blob; raises ValueError if it is none."""
    magic, _, structure, strings = struct.unpack_from(">4I", data)
    if magic != _MAGIC:
        raise ValueError("This is no device tree blob: its first word is not d00dfeed.")
    root: Node | None = None
    node: Node | None = None
    at = structure
    while True:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        if token == _BEGIN:
            end = data.index(b"\0", at)
            name = data[at:end].decode()
            above = node
            node = Node(f"{above.path.rstrip('/')}/{name}" if above else "/", above)
            if above:
                above.children.append(node)
            root = root or node
            at = (end + 4) & ~3
        elif token == _PROPERTY and node:
            length, offset = struct.unpack_from(">2I", data, at)
            name = data[strings + offset : data.index(b"\0", strings + offset)].decode()
            node.properties[name] = data[at + 8 : at + 8 + length]
            at = (at + 8 + length + 3) & ~3
        elif token == _END and node:
            node = node.parent
        elif token == _DONE or token not in (_BEGIN, _END, _PROPERTY, _NOTHING):
            break
    if root is None:
        raise ValueError("This device tree has no root node.")
    return root


def needed(root: Node, device: str) -> list[Node]:
    """Return the nodes that must have a driver before `device` (as in "mmc@fff000") works.

    These are the device, the buses above it, and whatever their properties point at: supplies,
    clocks, resets, pins, GPIOs, interrupt controllers, power domains.
    """
    nodes = list(root.walk())
    by_handle = {node.cells("phandle")[0]: node for node in nodes if node.cells("phandle")}
    try:
        start = next(node for node in nodes if node.path.rsplit("/", 1)[-1] == device)
    except StopIteration:
        raise ValueError(f"The device tree has no node {device}.") from None
    found: dict[str, Node] = {}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node.path in found:
            continue
        found[node.path] = node
        waiting += [
            by_handle[handle] for handle in _handles(node, by_handle) if handle in by_handle
        ]
        if node.parent is not None:
            waiting.append(node.parent)
    return sorted(found.values(), key=lambda node: node.path)


def compatibles(nodes: list[Node]) -> list[list[str]]:
    """Return the compatible lists of the enabled `nodes` that a driver must answer to."""
    return [
        node.compatible
        for node in nodes
        if node.compatible and node.enabled and not set(node.compatible) & set(_CORE)
    ]


def _handles(node: Node, by_handle: dict[int, Node]) -> Iterator[int]:
    for name in node.properties:
        cells = node.cells(name)
        if name.endswith("-supply") or name in ("interrupt-parent", "mmc-pwrseq", "iommus"):
            yield from cells[:1]
        elif name.startswith("pinctrl-") and name[8:].isdigit():
            yield from cells
        elif counter := _CELLS.get(name) or ("#gpio-cells" if name.endswith("-gpios") else None):
            at = 0
            while at < len(cells) and cells[at] in by_handle:
                yield cells[at]
                at += 1 + (by_handle[cells[at]].cells(counter) or (0,))[0]
