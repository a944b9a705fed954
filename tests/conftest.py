"""Fixtures for the whole test suite."""

from collections.abc import Iterator

import pytest

from tests.jack import JackServer, missing


@pytest.fixture(scope="session")
def jack_pcm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JackServer]:
    """Yield an ALSA PCM with a real clock and real xruns: JACK's dummy driver, no hardware."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with JackServer(tmp_path_factory.mktemp("jack")) as server:
        yield server
