"""Fixtures for the engine's tests."""

from pathlib import Path

import pytest

from appliance.decoders.library import Library
from tests.engine.tiny import tiny_library


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Return a library of tiny decoders."""
    folder: Path = tmp_path_factory.mktemp("models")
    return tiny_library(folder)
