"""Where decoders can be calculated."""

import ctypes
from importlib.util import find_spec

_DRIVER = "libcuda.so.1"


def cuda_shortage() -> str | None:
    """Return why decoders cannot be calculated on an NVIDIA GPU here, or None if they can."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return f"there is no NVIDIA driver ({_DRIVER})"
    for name in ("torch", "onnx"):
        if find_spec(name) is None:
            return f"{name} is not installed"
    import torch  # noqa: PLC0415 - it takes seconds and memory

    return None if torch.cuda.is_available() else "torch finds no CUDA device"
