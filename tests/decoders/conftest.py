"""Fixtures for the decoders' tests: one thread, and each export written once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from appliance.decoders import families
from appliance.decoders.contract import open_model
from appliance.decoders.graph import Graph
from appliance.decoders.onnx_decoder import OnnxDecoder
from appliance.decoders.precision import Precision
from tests.decoders.rave_export import make_rave

Rave = Callable[..., Path]


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Let torch use one thread, and not spend each model's first calls on profiling it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    profiling = torch._C._jit_set_profiling_executor(False)
    yield
    torch._C._jit_set_profiling_executor(profiling)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def rave(tmp_path_factory: pytest.TempPathFactory) -> Rave:
    """Return a function that writes an export, or finds the one written before.

    It has an encoder only if `encoded` is given: few tests need one, and it takes as long again.
    """
    folder = tmp_path_factory.mktemp("exports")
    written: dict[str, Path] = {}

    def make(**options: Any) -> Path:
        options.setdefault("encoded", False)
        key = repr(sorted(options.items()))
        if key not in written:
            path = folder / f"rave{len(written)}.ts"
            written[key] = make_rave(path, **options)
        return written[key]

    return make


@pytest.fixture(scope="session")
def graph_file(rave: Rave, tmp_path_factory: pytest.TempPathFactory) -> Rave:
    """Return a function that writes an export's decoder graph, as an import does."""
    folder = tmp_path_factory.mktemp("graphs")
    written: dict[str, Path] = {}

    def make(precision: Precision = Precision.FP32, **options: Any) -> Path:
        key = repr((precision, sorted(options.items())))
        if key not in written:
            model, contract = open_model(rave(**options))
            architecture = families.recognise(model, contract.latents)
            graph = Graph(precision)
            architecture.write(graph)
            description = {
                "family": architecture.family,
                "rate": contract.rate,
                "ratio": contract.ratio,
                "latents": contract.latents,
            }
            written[key] = folder / f"decoder{len(written)}.onnx"
            written[key].write_bytes(graph.serialize(description))
        return written[key]

    return make


@pytest.fixture
def opened(rave: Rave, graph_file: Rave) -> Any:
    """Return a function that opens an export and its graph: model, contract, rebuild, decoder."""

    def make(**options: Any) -> tuple[Any, Any, Any, OnnxDecoder]:
        model, contract = open_model(rave(**options))
        architecture = families.recognise(model, contract.latents)
        return model, contract, architecture, OnnxDecoder(graph_file(**options), [0])

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder for models, not yet made."""
    return tmp_path / "models"
