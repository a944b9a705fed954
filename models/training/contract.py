"""The part of the nn~ contract that every exported model fulfils."""

from pathlib import Path
from typing import Any

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
    scripted: Any = torch.jit.script(module.eval())
    write_atomically(path, lambda partial: scripted.save(str(partial)))
