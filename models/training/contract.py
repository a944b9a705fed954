"""The part of the nn~ contract that every exported model fulfils."""

import io
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import torch
from torch import nn

from models.training.progress import write_atomically


def register_method(
    module: nn.Module,
    name: str,
    shape: tuple[int, int, int, int],
    labels: tuple[list[str], list[str]],
) -> None:
    """Give a module `<name>_params` (inlets, ratio in, outlets, ratio out) and its labels."""
    module.register_buffer(f"{name}_params", torch.tensor(shape))
    setattr(module, f"{name}_input_labels", labels[0])
    setattr(module, f"{name}_output_labels", labels[1])


def latent_labels(count: int) -> list[str]:
    """Return the labels of latent inlets or outlets."""
    return [f"(signal) Latent dimension {place + 1}" for place in range(count)]


def channel_labels() -> list[str]:
    """Return the labels of one audio channel."""
    return ["(signal) Channel 1"]


def save_scripted(module: nn.Module, path: Path) -> None:
    """Script a module and write it as TorchScript, complete or not at all."""
    made = io.BytesIO()
    scripted: Any = torch.jit.script(module.eval())
    torch.jit.save(scripted, made)
    write_atomically(path, lambda partial: _repack(made, partial))


def _repack(made: io.BytesIO, path: Path) -> None:
    """Write an archive without dates and without the source paths torch keeps for debugging."""
    with ZipFile(made) as full, ZipFile(path, "w", ZIP_STORED) as kept:
        for entry in full.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                kept.writestr(ZipInfo(entry.filename), full.read(entry))
