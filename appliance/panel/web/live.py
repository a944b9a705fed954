"""The line between a page and the instrument: gestures in; values, lights and pictures out."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from appliance.errors import ApplianceError
from appliance.panel.box import News
from appliance.panel.part import Desk
from appliance.panel.signals import Contact
from appliance.panel.web.chronicle import Chronicle
from appliance.panel.web.face import Face
from appliance.panel.web.gestures import Act, Command, Ping, Said, Seen, Set, Show, parse
from appliance.panel.web.permitted import check_command
from appliance.panel.web.viewer import Viewer

PAGES = 16
_MESSAGE = 4096  # bytes in one message of a page
_LOOK = 1.0  # seconds between two looks at the other parts


class Live:
    """Serves every open page."""

    def __init__(self, desk: Desk, chronicle: Chronicle) -> None:
        """Begin with no page open."""
        self._desk, self._box = desk, desk.box
        self._chronicle = chronicle
        self._face = Face(desk)
        self._interval = 1 / desk.config.panel.web.frames
        self._viewers: set[Viewer] = set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Follow the instrument as long as this is open."""
        loop = asyncio.get_running_loop()

        def hear(news: News) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._hear, news)

        self._box.listen(hear)
        self._face.start()
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._box.ignore(hear)
            looking.cancel()
            for viewer in list(self._viewers):
                with contextlib.suppress(Exception):
                    await viewer.socket.close()
            self._face.close()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one page until it goes."""
        socket = web.WebSocketResponse(compress=False, heartbeat=20, max_msg_size=_MESSAGE)
        await socket.prepare(request)
        if len(self._viewers) >= PAGES:
            await socket.close(message=b"Too many pages are open.")
            return socket
        viewer = Viewer(socket, self._desk, self._face, self._chronicle)
        self._viewers.add(viewer)
        sending = asyncio.create_task(self._send(viewer))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(viewer, message.data)
        finally:
            self._viewers.discard(viewer)
            self._act(viewer.hands.let_go())
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sending
        return socket

    async def _send(self, viewer: Viewer) -> None:
        """Tell a page what is new, never faster than it takes it."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for message in viewer.news():
                if isinstance(message, bytes):
                    await viewer.socket.send_bytes(message)
                else:
                    await viewer.socket.send_str(message)
            due = max(due + self._interval, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _take(self, viewer: Viewer, text: str) -> None:
        try:
            said = parse(text)
            if isinstance(said, Ping):
                await viewer.socket.send_str(_text({"is": "pong", "at": said.at}))
            elif isinstance(said, Show):
                viewer.topics = frozenset(said.topics)
            elif isinstance(said, Seen):
                viewer.see(said.frame)
            else:
                self._do(viewer, said)
        except (msgspec.MsgspecError, ApplianceError) as error:
            await viewer.socket.send_str(_text({"is": "error", "text": str(error)}))

    def _do(self, viewer: Viewer, said: Said) -> None:
        if isinstance(said, Set):
            value = said.value
            if value is None:
                value = self._box.values.table[said.address].default
            self._box.set(said.address, value)
        elif isinstance(said, Command):
            check_command(said.address)
            self._box.command(said.address, *said.arguments)
        self._act(viewer.hands.events(said))

    def _act(self, acts: Iterable[Act]) -> None:
        for act in acts:
            if isinstance(act, Contact):
                self._desk.signals.contacts.put(replace(act, time=time.monotonic()))
            else:
                self._desk.surface.put(act)
        self._desk.signals.touch()

    def _hear(self, news: News) -> None:
        self._chronicle.hear(self._box, news)
        for viewer in self._viewers:
            viewer.hear(news)

    async def _look(self) -> None:
        while True:
            self._chronicle.look(self._desk.reports)
            await asyncio.sleep(_LOOK)


def _text(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
