"""A served page over an engine without sound."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from appliance.config import Config
from appliance.panel.box import Box
from appliance.panel.part import Desk
from appliance.panel.push.live import LiveSurface
from appliance.panel.settings import PanelConfig, WebConfig
from appliance.panel.web.part import WebPart
from tests.panel.conftest import Engine, until


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass(frozen=True)
class Site:
    """A page at `port` of 127.0.0.1, over `engine`, with the player's files in `folder`."""

    port: int
    engine: Engine
    box: Box
    desk: Desk
    folder: Path

    @property
    def origin(self) -> str:
        """What a browser calls it."""
        return f"http://127.0.0.1:{self.port}"


class Host:
    """Serves pages as the test wants them."""

    def __init__(self, engine: Engine, box: Box, folder: Path) -> None:
        self.engine, self.box, self.folder = engine, box, folder
        self._parts: list[WebPart] = []
        self.surface = LiveSurface(box)
        self.surface.start()

    def serve(self, settings: WebConfig | None = None) -> Site:
        """Return a served page; by default on loopback, without a token."""
        web = replace(settings or WebConfig(), port=free_port(), on=True)
        desk = Desk(self.box, Config(panel=PanelConfig(web=web)), self.surface, {})
        part = WebPart(desk)
        self._parts.append(part)
        part.start()
        until(lambda: part.failure is not None or listening(web.port))
        assert part.failure is None
        return Site(web.port, self.engine, self.box, desk, self.folder)

    def stop(self) -> None:
        """End all of it."""
        for part in self._parts:
            part.stop()
            assert part.failure is None
        self.surface.stop()


def listening(port: int) -> bool:
    """Return whether somebody answers at `port`."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def host(
    engine: Engine, box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Host]:
    folder = tmp_path / "player"
    folder.mkdir()
    monkeypatch.setenv("NEURAL_SYNTH_DATA", str(folder))
    host = Host(engine, box, folder)
    yield host
    host.stop()


@pytest.fixture
def site(host: Host) -> Site:
    return host.serve()
