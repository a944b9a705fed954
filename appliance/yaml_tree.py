"""The tree of a YAML document: texts, sequences and mappings, each with its line."""

from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

MAX_DEPTH = 16

Event = Any
"""A PyYAML event; the library publishes no types."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TreeError(ValueError):
    """The text is not plain YAML; `line` counts from 1, `column` too (0 when it says nothing)."""

    def __init__(self, rule: str, *, line: int, column: int = 0) -> None:
        """Keep the `rule` that is broken at `line`."""
        super().__init__(rule)
        self.line = line
        self.column = column


class Scalar:
    """One value as it is written; `plain` when it has no quotes and is no block of text."""

    def __init__(self, line: int, text: str, *, plain: bool) -> None:
        """Keep `text`, found at `line`."""
        self.line = line
        self.text = text
        self.plain = plain

    @property
    def empty(self) -> bool:
        """True for a key with nothing behind it."""
        return self.plain and not self.text

    @property
    def null(self) -> bool:
        """True for YAML's ways to write nothing."""
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


class Sequence:
    """A list of nodes."""

    def __init__(self, line: int) -> None:
        """Start an empty list at `line`."""
        self.line = line
        self.items: list[Node] = []


class Mapping:
    """Keys in the order of the file, each with its own line and its node."""

    def __init__(self, line: int) -> None:
        """Start an empty mapping at `line`."""
        self.line = line
        self.keys: dict[str, int] = {}
        self.items: dict[str, Node] = {}


Node = Scalar | Sequence | Mapping


def read_tree(text: str) -> Node | None:
    """Return the tree of the one document in `text`, None when it is empty; raises TreeError."""
    try:
        return _document(yaml.parse(text, Loader=_LOADER))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise TreeError("half a surrogate pair is no character", line=line) from None
    except yaml.reader.ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        rule = f"the character at byte {error.position} is not allowed in YAML ({error.reason})"
        raise TreeError(rule, line=line) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        rule = f"this is not YAML: {error.problem or error.context}"
        if mark is None:
            raise TreeError(rule, line=1) from None
        raise TreeError(rule, line=mark.line + 1, column=mark.column + 1) from None


def _document(events: Iterator[Event]) -> Node | None:
    root: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                _refuse(event, "a second document begins here; the file must hold one")
        elif isinstance(event, yaml.NodeEvent):
            root = _node(event, events, 0)
    return root


def _node(event: Event, events: Iterator[Event], depth: int) -> Node:
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        _refuse(event, "anchors (&) and aliases (*) are not used here; write the value out")
    # "!" only forbids guessing what a text may be, which is never done here.
    if event.tag not in (None, "!"):
        _refuse(event, f"the tag {event.tag!a} is not used here; leave it out")
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(line, event.value, plain=not event.style)
    if depth == MAX_DEPTH:
        _refuse(event, f"lists and mappings lie more than {MAX_DEPTH} deep")
    if isinstance(event, yaml.SequenceStartEvent):
        sequence = Sequence(line)
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            sequence.items.append(_node(event, events, depth + 1))
        return sequence
    mapping = Mapping(line)
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(event, events, depth + 1)
        if not isinstance(key, Scalar):
            _refuse(event, "a key must be a plain word")
        if key.text in mapping.keys:
            first = mapping.keys[key.text]
            _refuse(event, f"key {key.text[:60]!r} stands here twice (first in line {first})")
        mapping.keys[key.text] = key.line
        mapping.items[key.text] = _node(next(events), events, depth + 1)
    return mapping


def _refuse(event: Event, rule: str) -> NoReturn:
    mark = event.start_mark
    raise TreeError(rule, line=mark.line + 1, column=mark.column + 1)
