"""Structs written as YAML for people: every key, with its meaning and range above it."""

import re

import msgspec
import yaml

from appliance.yaml_kind import Hint, split

_WIDTH = 84
# Words that any YAML reader takes for text, and that need no quotes.
_WORD = re.compile(r"[A-Za-z/~][A-Za-z0-9_./~-]*")
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null", "~", "y", "n"}


def write_yaml(value: msgspec.Struct) -> str:
    """Return YAML of every field of `value`; `read_yaml` of it gives an equal struct.

    The comments are the `description` of each field's msgspec.Meta and the values it accepts.
    """
    return "\n".join(_struct(value, "")) + "\n"


def _struct(value: msgspec.Struct, indent: str) -> list[str]:
    lines: list[str] = []
    for field in msgspec.structs.fields(type(value)):
        item = getattr(value, field.name)
        lines += _comment(field.type, indent)
        name = f"{indent}{field.encode_name}:"
        if isinstance(item, msgspec.Struct):
            lines += [name, *_struct(item, indent + "  ")]
        elif isinstance(item, list) and item and isinstance(item[0], msgspec.Struct):
            for inner in msgspec.structs.fields(type(item[0])):
                note = _comment(inner.type, "")
                lines += [f"{indent}#   {inner.encode_name}: {line[2:]}" for line in note[:1]]
                lines += [f"{indent}#     {line[2:]}" for line in note[1:]]
            lines += [name, *(f"{indent}  - {flow(each)}" for each in item)]
        else:
            lines.append(f"{name} {flow(item)}")
        if not indent:
            lines.append("")
    return lines[:-1] if not indent else lines


def _comment(hint: Hint, indent: str) -> list[str]:
    description = _description(hint)
    kinds = split(hint)
    # That a text is a text need not be said.
    if not any(kind.is_struct or kind.base is str for kind in kinds):
        allowed = " or ".join(kind.description for kind in kinds)
        description = f"{description} ({allowed})" if description else allowed
    lines: list[str] = []
    line = f"{indent}#"
    for word in description.split():
        if len(line) + len(word) >= _WIDTH:
            lines.append(line)
            line = f"{indent}#"
        line += f" {word}"
    return [*lines, line] if description else []


def _description(hint: Hint) -> str:
    notes = getattr(hint, "__metadata__", ())
    return " ".join(n.description for n in notes if isinstance(n, msgspec.Meta) and n.description)


def flow(value: object) -> str:
    """Return `value` as YAML on one line, quoted where a reader could take it for another type."""
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case int() | float():
            return repr(value)
        case list():
            return "[" + ", ".join(flow(each) for each in value) + "]"
        case dict():
            return "{" + ", ".join(f"{flow(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
        case msgspec.Struct():
            fields = msgspec.structs.fields(value)
            pairs = (f"{f.encode_name}: {flow(getattr(value, f.name))}" for f in fields)
            return "{" + ", ".join(pairs) + "}"
        case _:
            return _text(str(value))


def _text(value: str) -> str:
    if _WORD.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    quoted: str = yaml.safe_dump(value, default_style='"', width=10**6, allow_unicode=True)
    return quoted.strip()
