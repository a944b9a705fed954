"""The web page as a part of the panel: a server in a thread of its own."""

import asyncio
import contextlib
import sys
import threading
import webbrowser
from pathlib import Path

from aiohttp import web

from appliance.errors import ConfigError
from appliance.panel.network import addresses
from appliance.panel.part import Desk, ThreadPart
from appliance.panel.web.application import application
from appliance.panel.web.guard import Guard, is_loopback
from appliance.panel.web.token import FILE, token_in
from appliance.places import data_folder

_LOOK = 0.1  # seconds
_ANY = ("0.0.0.0", "::")  # noqa: S104


class WebPart(ThreadPart):
    """Serves the page that the configuration describes."""

    name = "web"

    def __init__(self, desk: Desk) -> None:
        """Prepare; raises OSError if the token cannot be kept."""
        super().__init__()
        settings = desk.config.panel.web
        self._desk = desk
        self._host, self._port = settings.host, settings.port
        token = None
        if not is_loopback(self._host):
            token = settings.token or token_in(data_folder())
        self._guard = Guard(self._host, (*settings.names, desk.config.name), token)
        self._kept = settings.token is None

    @property
    def url(self) -> str:
        """Where this machine's browser finds the page, without a token."""
        return _url("127.0.0.1" if self._host in _ANY else self._host, self._port)

    def run(self) -> None:
        """Serve until told to stop; raises ConfigError if the port is taken."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        page = application(self._desk, self._guard, data_folder())
        runner = web.AppRunner(
            page, access_log=None, handler_cancellation=True, shutdown_timeout=0.5
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._port)
            try:
                await site.start()
            except OSError as error:
                raise ConfigError(
                    f"The web page's port {self._port} on {self._host} cannot be opened "
                    f"({error.strerror}). Set panel.web.port to another."
                ) from error
            self._announce()
            while not self.stopping.is_set():
                await asyncio.sleep(_LOOK)
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(runner.cleanup(), 1.5)

    def _announce(self) -> None:
        hosts = [each.rpartition(" ")[2] for each in addresses()] if self._host in _ANY else []
        where = " or ".join(_url(host, self._port) for host in hosts) or self.url
        token = self._guard.token
        if token is not None and sys.stderr.isatty():
            where += f" with the token {token}"
        elif token is not None and self._kept:
            where += f" with the token in {Path(data_folder()) / FILE}"
        print(f"Play it in a browser: {where}", file=sys.stderr, flush=True)
        again = self._desk.reports.get(self.name)
        if self._desk.config.panel.web.open and not (again and again.restarts):
            url = self.url + (f"#token={token}" if token else "")
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
