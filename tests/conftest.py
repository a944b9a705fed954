"""Fixtures for the whole test suite."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.jack import JackServer, missing

# Where a verdict is needed the examples are the same each time; elsewhere new ones are looked for.
settings.register_profile("verdict", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("verdict")


@pytest.fixture(scope="session")
def jack_pcm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JackServer]:
    """Yield an ALSA PCM with a real clock and real xruns: JACK's dummy driver, no hardware."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with JackServer(tmp_path_factory.mktemp("jack")) as server:
        yield server
