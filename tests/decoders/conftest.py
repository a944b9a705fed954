"""Fixtures for the decoders' tests: one thread, and each export written once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.decoders.rave_export import make_rave

Rave = Callable[..., Path]


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Let torch use one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def rave(tmp_path_factory: pytest.TempPathFactory) -> Rave:
    """Return a function that writes an export, or finds the one written before."""
    folder = tmp_path_factory.mktemp("exports")
    written: dict[str, Path] = {}

    def make(**options: Any) -> Path:
        key = repr(sorted(options.items()))
        if key not in written:
            path = folder / f"rave{len(written)}.ts"
            written[key] = make_rave(path, **options)
        return written[key]

    return make
