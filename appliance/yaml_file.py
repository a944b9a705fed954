"""YAML files read into typed structs, with errors that name the file, the line and the key.

A value is read as the type of its field asks, not as YAML guesses: `name: 1234` and `name: off` are
text where text is wanted, and the key `on` is a key. A key without a value counts as not given.
Anchors, aliases, tags, repeated keys and second documents are refused: a file means what it shows.
"""

from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args

import msgspec

from appliance.errors import ApplianceError
from appliance.suggestion import did_you_mean
from appliance.yaml_kind import Hint, Kind, literals, split
from appliance.yaml_tree import Mapping, Node, Scalar, Sequence, TreeError, read_tree

T = TypeVar("T", bound=msgspec.Struct)

MAX_BYTES = 256 * 1024

Value = Any
"""Whatever a type hint asks for."""


def read_yaml(
    path: Path,
    kind: type[T],
    *,
    error: type[ApplianceError],
    lines: dict[str, int] | None = None,
    max_bytes: int = MAX_BYTES,
) -> T:
    """Return the struct `kind` that the file at `path` describes; an empty one gives the defaults.

    `lines`, when given, receives the line of every key, as in "decoders[0].pan": 12. Everything
    that is wrong with the file raises `error`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as fault:
        raise error(
            f"{path} cannot be read: {fault.strerror}; check the path and its permissions."
        ) from fault
    return parse_yaml(data, kind, source=str(path), error=error, lines=lines, max_bytes=max_bytes)


def parse_yaml(
    text: str | bytes,
    kind: type[T],
    *,
    source: str,
    error: type[ApplianceError],
    lines: dict[str, int] | None = None,
    max_bytes: int = MAX_BYTES,
) -> T:
    """Return the struct `kind` that `text` describes; errors call the text `source`."""
    if isinstance(text, bytes):
        text = _decoded(text, source, error, max_bytes)
    try:
        root = read_tree(text)
    except TreeError as fault:
        column = f", column {fault.column}" if fault.column else ""
        raise error(f"{source}, line {fault.line}{column}: {fault}.") from fault
    if root is None or (isinstance(root, Scalar) and root.null):
        root = Mapping(1)
    reader = _Reader(source, error, {} if lines is None else lines)
    return reader.value(root, kind, "")


def _decoded(data: bytes, source: str, error: type[ApplianceError], max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise error(
            f"{source} is larger than {max_bytes} bytes, the most such a file may hold;"
            " check that it is the right file."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise error(
            f"{source}, line {line}: byte 0x{data[fault.start]:02x} is not UTF-8 text;"
            " save the file as UTF-8."
        ) from fault


def legible(text: str) -> str:
    """Return `text` fit for one line of a message: escaped where needed, and not too long."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:61])
    return shown if len(shown) <= 60 else shown[:57] + "..."


class _Reader:
    def __init__(self, source: str, error: type[ApplianceError], lines: dict[str, int]) -> None:
        self._source = source
        self._error = error
        self._lines = lines

    def value(self, node: Node, hint: Hint, key: str) -> Value:
        """Return the value of `node` as the type hint asks, or raise the error for `key`."""
        self._lines[key] = node.line
        for kind in split(hint):
            match node:
                case Scalar() if kind.is_scalar and kind.accepts(node):
                    return kind.read(node)
                case Sequence() if kind.base is list and kind.fits(len(node.items)):
                    return self._list(node, kind, key)
                case Mapping() if kind.base is dict:
                    return self._dict(node, kind, key)
                case Mapping() if kind.is_struct:
                    return self._struct(node, kind.hint, key)
                case _:
                    pass
        return self._mismatch(node, hint, key)

    def _list(self, node: Sequence, kind: Kind, key: str) -> list[Any]:
        (item,) = get_args(kind.hint)
        return [self.value(each, item, f"{key}[{n}]") for n, each in enumerate(node.items)]

    def _dict(self, node: Mapping, kind: Kind, key: str) -> dict[Any, Any]:
        key_hint, item = get_args(kind.hint)
        result: dict[Any, Any] = {}
        for name, each in node.items.items():
            inner = _join(key, name)
            word = name
            if key_hint is not str or not name:
                word = self.value(Scalar(node.keys[name], name, plain=True), key_hint, inner)
            result[word] = self.value(each, item, inner)
        return result

    def _struct(self, node: Mapping, kind: type[msgspec.Struct], key: str) -> msgspec.Struct:
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        values: dict[str, Any] = {}
        for name, each in node.items.items():
            inner = _join(key, name)
            field = fields.get(name)
            if field is None:
                near = did_you_mean(name, fields) or f" The keys here are: {', '.join(fields)}."
                self._fail(
                    node.keys[name], f"'{legible(inner)}' is not a key that is known here.{near}"
                )
            if isinstance(each, Scalar) and each.empty and not field.required:
                continue
            values[field.name] = self.value(each, field.type, inner)
        for name, field in fields.items():
            if field.required and field.name not in values:
                self._fail(node.line, f"'{legible(_join(key, name))}' is missing; add it.")
        try:
            return kind(**values)
        except ValueError as fault:
            return self._fail(node.line, f"{legible(key) or 'the file'}: {fault}")

    def _mismatch(self, node: Node, hint: Hint, key: str) -> NoReturn:
        kinds = split(hint)
        match node:
            case Scalar() if node.empty:
                shown, near = "has no value", ""
            case Scalar():
                shown = f"is {legible(node.text)}" if node.plain else f'is "{legible(node.text)}"'
                near = did_you_mean(node.text, literals(kinds))
            case Sequence():
                shown, near = f"is a list of {len(node.items)}", ""
            case Mapping():
                shown, near = "is a mapping", ""
        wanted = " or ".join(kind.description for kind in kinds)
        self._fail(node.line, f"{legible(key) or 'the file'} {shown}; it must be {wanted}.{near}")

    def _fail(self, line: int, message: str) -> NoReturn:
        raise self._error(f"{self._source}, line {line}: {message}")


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
