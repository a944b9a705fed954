"""Ways to damage a model file: its bytes, its archive, and the numbers and shapes in it."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

Damage = Callable[[Path, np.random.Generator], bytes]


def cut(path: Path, random: np.random.Generator) -> bytes:
    """Lose the end."""
    content = path.read_bytes()
    return content[: int(random.integers(len(content)))]


def flip(path: Path, random: np.random.Generator) -> bytes:
    """Turn some bits over, half of the time in the archive's directory, which no sum covers."""
    content = bytearray(path.read_bytes())
    start = 0 if random.random() < 0.5 else max(len(content) - 4000, 0)
    for place in random.integers(start, len(content), int(random.integers(1, 9))):
        content[int(place)] ^= 1 << int(random.integers(8))
    return bytes(content)


def shift(path: Path, random: np.random.Generator) -> bytes:
    """Lose or repeat a stretch in the middle."""
    content = bytearray(path.read_bytes())
    start, length = int(random.integers(len(content))), int(random.integers(1, 5000))
    if random.random() < 0.5:
        del content[start : start + length]
    else:
        content[start:start] = content[start : start + length]
    return bytes(content)


def rewritten(path: Path, random: np.random.Generator) -> bytes:
    """Change bits inside one entry of the archive and give it the right checksum."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    names = [name for name, content in entries.items() if content]
    content = entries[names[int(random.integers(len(names)))]]
    for place in random.integers(0, len(content), int(random.integers(1, 20))):
        content[int(place)] ^= 1 << int(random.integers(8))
    return _packed(entries)


def swapped(path: Path, random: np.random.Generator) -> bytes:
    """Exchange the numbers of two tensors, whatever their sizes."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    names = [name for name in entries if "/data/" in name or "/constants/" in name]
    first, second = random.choice(len(names), 2, replace=False)
    entries[names[first]], entries[names[second]] = entries[names[second]], entries[names[first]]
    return _packed(entries)


def absurd(path: Path, random: np.random.Generator) -> bytes:
    """Give one tensor a shape, a type or numbers that it cannot have."""
    model = torch.jit.load(str(path))
    places = [
        (part, name, tensor)
        for part in model.modules()
        for name, tensor in [*part.named_parameters(recurse=False),
                             *part.named_buffers(recurse=False)]
    ]  # fmt: skip
    part, name, tensor = places[int(random.integers(len(places)))]
    kinds: list[Callable[[torch.Tensor], torch.Tensor]] = [
        lambda t: t.reshape(-1)[:0],
        lambda t: t.reshape(-1),
        lambda t: t.unsqueeze(0),
        lambda t: t.repeat([2] * t.dim()) if t.dim() else t.repeat(7),
        lambda t: t.transpose(0, -1).contiguous() if t.dim() > 1 else t.reshape(-1)[:1],
        lambda t: torch.full_like(t, 2**31 - 1),
        lambda t: -torch.ones_like(t),
        lambda t: t.double() * float("nan"),
        lambda t: t.float() * 1e38 * 10,
        lambda t: t.to(torch.int64),
        lambda t: torch.zeros(0, 3, 0),
    ]
    changed = kinds[int(random.integers(len(kinds)))](tensor.detach().clone())
    owner: Any = part._c
    owner.setattr(name, changed)
    file = io.BytesIO()
    torch.jit.save(model, file)
    return file.getvalue()


def _packed(entries: dict[str, bytearray]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, bytes(content))
    return file.getvalue()


DAMAGES: tuple[Damage, ...] = (cut, flip, shift, rewritten, swapped, absurd)
