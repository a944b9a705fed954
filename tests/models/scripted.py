"""TorchScript files as a host without this instrument plays them."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def load(path: Path) -> Any:
    """Return the model, caches as they were saved."""
    return torch.jit.load(str(path)).eval()


@torch.no_grad()
def decode(model: Any, latents: Tensor) -> Tensor:
    """Return audio (samples,) of latents (8, frames)."""
    return model.decode(latents.unsqueeze(0))[0, 0]
