"""*Listen here*: the master output as a stream of samples."""

import asyncio
import contextlib
import struct

import numpy as np
from aiohttp import WSCloseCode, web

from appliance.engine.listener import Listener
from appliance.panel.box import Box
from appliance.panel.web.ear import Ear

_TICK = 0.01  # seconds between two looks at the ring
_RETRY = 0.25  # seconds between two looks for an engine
_LAG = 0.5  # seconds after which a page that is too slow is brought up to date
_MOST = 8192  # frames in one message
_HEADER = struct.Struct("<dd")
LISTENERS = 8


class Listening:
    """Lets pages hear what the engine of `box` plays."""

    def __init__(self, box: Box) -> None:
        """Begin with nobody listening."""
        self._box = box
        self.count = 0

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Stream until the page goes.

        Text messages tell the rate: {"rate": 44100}. Binary ones hold, little-endian, float64
        position of the first frame, float64 position of the engine's newest frame, then int16
        samples, left and right in turn.
        """
        socket = web.WebSocketResponse(compress=False, heartbeat=20, max_msg_size=1024)
        await socket.prepare(request)
        if self.count >= LISTENERS:
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"Too many listen.")
            return socket
        self.count += 1
        sending = asyncio.create_task(self._send(socket))
        try:
            async for _ in socket:
                pass
        finally:
            self.count -= 1
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sending
        return socket

    async def _send(self, socket: web.WebSocketResponse) -> None:
        ear = Ear(self._box)
        try:
            while True:
                listener = ear.listener()
                if listener is None:
                    await asyncio.sleep(_RETRY)
                else:
                    await self._stream(socket, listener)
        finally:
            ear.close()

    async def _stream(self, socket: web.WebSocketResponse, listener: Listener) -> None:
        position = listener.position
        await socket.send_json({"rate": listener.rate})
        lag = int(_LAG * listener.rate)
        while not listener.gone:
            position = max(position, listener.position - lag)
            position, sound = listener.read(position, _MOST)
            if sound.shape[1]:
                head = _HEADER.pack(position, listener.position)
                await socket.send_bytes(head + samples(sound))
                position += sound.shape[1]
            else:
                await asyncio.sleep(_TICK)


def samples(sound: np.ndarray) -> bytes:
    """Return float32 (2, n) as int16, little-endian, left and right in turn."""
    scaled = np.clip(np.rint(sound.T * 32767), -32768, 32767)
    return np.ascontiguousarray(scaled).astype("<i2").tobytes()
