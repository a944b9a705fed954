"""Listen here: every sample in order, brought up to date when late, across an engine's restart."""

import asyncio
import json
import struct
from pathlib import Path
from typing import Any, cast

import numpy as np
from aiohttp import WSMsgType

from appliance.engine.listener import Listener
from appliance.engine.monitor import Monitor
from appliance.panel.box import Box
from appliance.panel.web.listening import Listening, samples
from tests.panel.web.conftest import Site
from tests.panel.web.test_live import Line, on_line

RATE = 44100


def ramp(start: int, frames: int) -> np.ndarray:
    """Return sound whose samples tell their position, within 30,000 frames."""
    left = (np.arange(start, start + frames) % 30000).astype(np.float32) / 32767
    return np.stack([left, -left])


def play(monitor: Monitor, start: int, blocks: int) -> int:
    for _ in range(blocks):
        monitor.write(ramp(start, 256))
        start += 256
    return start


async def rate_of(line: Line) -> int:
    while True:
        message = await line.receive(timeout=10)
        if message.type is WSMsgType.TEXT:
            return json.loads(message.data)["rate"]


async def sound(line: Line) -> tuple[int, np.ndarray]:
    message = await line.receive(timeout=10)
    assert message.type is WSMsgType.BINARY
    begin, newest = struct.unpack_from("<dd", message.data)
    got = np.frombuffer(message.data, "<i2", offset=16).reshape(-1, 2)
    assert begin + len(got) <= newest
    return int(begin), got


def test_samples_are_rounded_and_held_in_range() -> None:
    got = np.frombuffer(samples(np.array([[0, 0.5, 2], [-2, 1, -1]], np.float32)), "<i2")
    assert got.tolist() == [0, -32768, 16384, 32767, 32767, -32767]


def test_a_page_hears_every_sample_and_the_next_engine(site: Site, tmp_path: Path) -> None:
    first, second = Monitor(RATE, 256, tmp_path), Monitor(48000, 256, tmp_path)
    site.engine.status["monitor"] = {"path": str(first.path)}

    async def act(line: Line) -> None:
        assert await rate_of(line) == RATE
        position = play(first, 0, 40)
        heard = 0
        while heard < position - 256:
            begin, got = await sound(line)
            assert begin == heard
            assert np.array_equal(got[:, 0], (np.arange(begin, begin + len(got)) % 30000))
            assert np.array_equal(got[:, 1], -got[:, 0])
            heard += len(got)
            position = play(first, position, 4) if position < 50_000 else position
        site.engine.status["monitor"] = {"path": str(second.path)}
        first.close()
        assert await rate_of(line) == 48000
        play(second, 0, 3)
        assert (await sound(line))[0] == 0

    on_line(site, act, "/listen")
    second.close()


def test_a_page_that_fell_behind_is_brought_up_to_date(box: Box, tmp_path: Path) -> None:
    monitor = Monitor(RATE, 256, tmp_path)
    listener = Listener(monitor.path)
    heard: list[tuple[int, int]] = []

    class SlowPage:
        """While it takes a message, the engine plays two seconds."""

        async def send_json(self, _: object) -> None:
            play(monitor, 0, 4)

        async def send_bytes(self, message: bytes) -> None:
            begin, newest = struct.unpack_from("<dd", message)
            heard.append((int(begin), int(newest)))
            if len(heard) == 1:
                play(monitor, 1024, 2 * RATE // 256)
            elif len(heard) == 2:
                monitor.close()

    asyncio.run(Listening(box)._stream(cast("Any", SlowPage()), listener))
    (first, _), (second, newest) = heard
    assert first == 0 and second == newest - RATE // 2


def test_without_an_engine_a_page_waits(site: Site, tmp_path: Path) -> None:
    async def act(line: Line) -> int:
        await asyncio.sleep(0.3)
        monitor = Monitor(RATE, 256, tmp_path)
        site.engine.status["monitor"] = {"path": str(monitor.path)}
        return await rate_of(line)

    assert on_line(site, act, "/listen") == RATE
