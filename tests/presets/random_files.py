"""Preset files at random: right ones, ones with one wrong entry, and damaged ones."""

import random
from collections.abc import Iterator

from appliance.parameters import Table
from appliance.presets.preset import Preset, number_text, write_preset

TABLE = Table(8)
_WORDS = ("on", "off", "null", "~", "1e3", "-", ".5", "0x10", "True", "3", "ä", "sine", "1_000")
_BREAKS = b"\x00,\xff,\t,[,{,&a ,*a,!t ,',\",%,: ,- ".split(b",")
_WRONG = {"tags: 3": "tags", "format: x": "format", "format: 2": "format", "files: []": "files"}


def right(draw: random.Random) -> bytes:
    """Return a file that is right, sometimes written in an unusual way."""
    parameters: dict[str, float | str] = {}
    for parameter in draw.sample(TABLE.parameters, draw.randrange(len(TABLE) // 3)):
        if parameter.choices:
            parameters[parameter.address] = float(draw.randrange(len(parameter.choices)))
        else:
            value = draw.uniform(parameter.minimum, parameter.maximum)
            parameters[parameter.address] = float(number_text(value))
    name = "".join(draw.choice("abc Äß1:#-'\"[]{}&*!%@`,?|>") for _ in range(draw.randrange(1, 40)))
    files = {"/jam/1/file": "latents/a b-Ü.npy"} if draw.random() < 0.2 else {}
    tags = [draw.choice(_WORDS) for _ in range(draw.randrange(4))]
    preset = Preset(name=f"x{name}", tags=tags, parameters=parameters, files=files)
    data = write_preset(preset).encode()
    if draw.random() < 0.1:
        data = data.replace(b"\n", b"\r\n")
    if draw.random() < 0.1:
        data = b"\xef\xbb\xbf# a comment\n" + data
    return data


def one_wrong(draw: random.Random) -> tuple[bytes, str]:
    """Return a file with one wrong entry, and the words that must name it."""
    parameter = draw.choice(TABLE.parameters)
    address = parameter.address
    wrong = draw.randrange(6)
    if wrong == 0:
        far = draw.choice((parameter.maximum + 1, parameter.minimum - 0.5, 1e300))
        return f"name: A\nparameters:\n  {address}: {far!r}\n".encode(), address
    if wrong == 1:
        value = draw.choice(("nan", ".inf", "[1]", "{a: 1}", "much", "''", "1e999"))
        return f"name: A\nparameters:\n  {address}: {value}\n".encode(), address
    if wrong == 2:
        strange = f"{address}{draw.choice('x/9')}"
        return f"name: A\nparameters:\n  {strange}: 0\n".encode(), strange
    if wrong == 3:
        key = draw.choice(("nmae", "parameter", "Tags", "colour", "1"))
        return f"name: A\n{key}: 1\n".encode(), key
    if wrong == 4:
        line, key = draw.choice(list(_WRONG.items()))
        return f"name: A\n{line}\n".encode(), key
    name = draw.choice(("../a", "/etc/passwd", "latents/../x", "a.npy", "latents/", "samples/a:b"))
    return f"name: A\nfiles:\n  /jam/1/file: '{name}'\n".encode(), "/jam/1/file"


def damaged(draw: random.Random) -> bytes:
    """Return a right file after one to four accidents."""
    data = bytearray(right(draw))
    for _ in range(draw.randrange(1, 5)):
        at, end = sorted(draw.randrange(len(data) + 1) for _ in range(2))
        match draw.randrange(7):
            case 0 if at < len(data):
                data[at] = draw.randrange(256)
            case 1:
                del data[at : min(end, at + 20)]
            case 2:
                data[at:at] = draw.choice(_BREAKS)
            case 3:
                data[at:at] = data[at : min(end, at + 200)]
            case 4:
                del data[at:]
            case 5:
                data[at:at] = draw.randbytes(draw.randrange(30))
            case _:
                data[at:at] = draw.choice(_WORDS).encode()
    return bytes(data)


def files(count: int, seed: int) -> Iterator[tuple[bytes, str | None]]:
    """Yield `count` files; with those that have one wrong entry the words that must name it."""
    draw = random.Random(seed)  # noqa: S311
    for number in range(count):
        if number % 4 == 0:
            yield right(draw), ""
        elif number % 4 == 1:
            yield one_wrong(draw)
        else:
            yield damaged(draw), None
