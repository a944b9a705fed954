"""The line to a page: gestures become events, news become messages, nonsense becomes a sentence."""

import asyncio
import io
import json
import random
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from PIL import Image

from appliance.panel.web import viewer as viewer_module
from appliance.panel.web.display import Display, Picture, Screens
from tests.panel.conftest import until
from tests.panel.web.conftest import Site

Line = ClientWebSocketResponse


def on_line(site: Site, act: Callable[[Line], Awaitable[Any]], path: str = "/live") -> Any:
    """Run `act` on an open line to the site."""

    async def run() -> Any:
        async with ClientSession() as session:
            url = f"{site.origin}{path}"
            async with session.ws_connect(url, headers={"Origin": site.origin}) as line:
                return await asyncio.wait_for(act(line), 20)

    return asyncio.run(run())


async def hear(line: Line, kind: str) -> dict[str, Any]:
    """Return the next message of a kind."""
    while True:
        message = await line.receive(timeout=10)
        assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY), message
        if message.type is WSMsgType.TEXT:
            content = json.loads(message.data)
            if content["is"] == kind:
                return content


async def picture(line: Line) -> tuple[int, int, int, Image.Image]:
    """Return x, y, number and image of the next picture of the Push's display."""
    while True:
        message = await line.receive(timeout=10)
        if message.type is WSMsgType.BINARY and message.data[0] == Screens.PUSH:
            _, x, y, number = struct.unpack_from("<BxHHxxI", message.data)
            return x, y, number, Image.open(io.BytesIO(message.data[12:]))


def test_a_page_begins_with_everything_and_goes_on_with_what_changed(site: Site) -> None:
    async def act(line: Line) -> None:
        table = await hear(line, "table")
        assert table["slots"] == 4 and table["values"]["/offset/expression"] == 2
        await line.send_json({"do": "set", "address": "/offset/3/value", "value": 0.25})
        while "/offset/3/value" not in (told := (await hear(line, "values"))["values"]):
            pass
        assert told == {"/offset/3/value": 0.25}
        status = await hear(line, "status")
        assert status["connected"] and status["engine"]["name"] == "box"
        await line.send_json({"do": "set", "address": "/offset/3/value", "value": None})
        while (await hear(line, "values"))["values"].get("/offset/3/value") != 0:
            pass

    on_line(site, act)
    assert site.engine.values.get("/offset/3/value") == 0


def test_an_encoder_turned_on_the_page_reaches_the_engine_and_the_display(site: Site) -> None:
    async def act(line: Line) -> None:
        await line.send_json({"do": "show", "topics": ["face"]})
        screen = (await hear(line, "screen"))["screen"]
        assert screen["columns"][0]["value"].startswith("0")
        x, y, number, image = await picture(line)
        assert (x, y, image.size) == (0, 0, (960, 160))
        await line.send_json({"do": "seen", "frame": number})
        await line.send_json({"do": "touch", "name": "encoder_1", "on": True})
        await line.send_json({"do": "turn", "name": "encoder_1", "steps": 50})
        while (await hear(line, "screen"))["screen"]["columns"][0]["share"] <= 0.55:
            pass
        later = await picture(line)
        assert later[2] > number and later[3].size < (960, 160)

    on_line(site, act)
    assert site.engine.values.get("/offset/1/value") > 0.1


def test_what_a_page_holds_is_let_go_when_it_goes(site: Site) -> None:
    async def act(line: Line) -> None:
        await line.send_json({"do": "show", "topics": ["face"]})
        for message in (
            {"do": "button", "name": "shift", "down": True},
            {"do": "touch", "name": "encoder_2", "on": True},
            {"do": "pad", "pad": 9},
            {"do": "strip", "place": 0.5},
            {"do": "pedal", "switch": 1, "down": True},
        ):
            await line.send_json(message)
        while (await hear(line, "lights"))["lights"]["buttons"]["shift"][1] != 2:
            pass

    on_line(site, act)
    until(lambda: site.desk.surface.face.buttons["shift"].level != 2)
    contacts = site.desk.signals.contacts
    until(lambda: contacts.qsize() == 2)
    assert [contacts.get().closed for _ in range(2)] == [True, False]


def test_the_engine_s_refusals_are_told(site: Site) -> None:
    async def act(line: Line) -> str:
        await line.send_json({"do": "command", "address": "/preset/recall", "arguments": [3]})
        await hear(line, "status")
        site.box.command("/no/such/thing")
        return (await hear(line, "error"))["text"]

    assert "no/such" in on_line(site, act)
    assert ("/preset/recall", (3.0,)) in site.engine.commands


@pytest.mark.parametrize(
    "address", ["/preset/export", "/preset/import", "/preset/take", "/preset/load", "/shutdown"]
)
def test_a_page_names_no_path_of_the_disk(site: Site, address: str) -> None:
    async def act(line: Line) -> str:
        await line.send_json({"do": "command", "address": address, "arguments": ["/etc/x"]})
        return (await hear(line, "error"))["text"]

    assert "may not send" in on_line(site, act)
    assert {name for name, _ in site.engine.commands} <= {"/preset/list"}


def test_two_thousand_nonsense_messages_do_no_harm(site: Site) -> None:
    chance = random.Random(3)  # noqa: S311
    good = [
        {"do": "pad", "pad": 1, "velocity": 3},
        {"do": "turn", "name": "encoder_1", "steps": 2},
        {"do": "set", "address": "/offset/1/value", "value": 0.5},
        {"do": "strip", "place": 0.5},
        {"do": "command", "address": "/preset/undo", "arguments": []},
    ]
    odd: list[Any] = [None, -1, 64, 1e300, "x" * 200, [], {}, True, "\ud800", 0.1, "encoder_9"]

    def nonsense() -> str:
        message: dict[str, Any] = dict(chance.choice(good))
        key = chance.choice([*message][1:] or ["do"])
        message[key] = chance.choice([o for o in odd if o != message[key]])
        if chance.random() < 0.2:
            message[chance.choice(["extra", "do"])] = chance.choice(odd)
        text = json.dumps(message)
        if chance.random() < 0.3:
            text = text[: chance.randrange(len(text))]
        return text

    async def act(line: Line) -> int:
        errors = 0
        for _ in range(40):
            for _ in range(50):
                text = nonsense()
                await line.send_str(text)
            await line.send_json({"do": "ping", "at": 1})
            while True:
                message = await line.receive(timeout=10)
                if message.type is WSMsgType.TEXT:
                    content = json.loads(message.data)
                    errors += content["is"] == "error"
                    if content["is"] == "pong":
                        break
        return errors

    assert on_line(site, act) > 1500
    for parameter, value in zip(site.engine.values.table, site.engine.values.array, strict=True):
        assert parameter.minimum <= value <= parameter.maximum
    assert {name for name, _ in site.engine.commands} <= {"/preset/list", "/preset/undo"}
    until(lambda: not site.desk.surface.dropped)


def test_a_message_that_is_too_large_ends_the_line(site: Site) -> None:
    async def act(line: Line) -> bool:
        await line.send_str("x" * 100_000)
        while True:
            message = await line.receive(timeout=10)
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                return True

    assert on_line(site, act)


def test_only_what_is_shown_is_sent(site: Site) -> None:
    async def act(line: Line) -> set[str]:
        kinds: set[str] = set()
        await line.send_json({"do": "show", "topics": []})
        for _ in range(8):
            message = await line.receive(timeout=10)
            assert message.type is WSMsgType.TEXT
            kinds.add(json.loads(message.data)["is"])
        return kinds

    assert on_line(site, act) <= {"table", "values", "status"}


def test_a_page_that_does_not_see_its_pictures_gets_few(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer_module, "_PATIENCE", 60.0)

    async def act(line: Line) -> int:
        await line.send_json({"do": "show", "topics": ["face"]})
        await picture(line)
        for steps in range(20):
            await line.send_json({"do": "turn", "name": "encoder_1", "steps": 5 + steps})
            await asyncio.sleep(0.02)
        pictures = 0
        await line.send_json({"do": "ping", "at": 0})
        while True:
            message = await line.receive(timeout=10)
            pictures += message.type is WSMsgType.BINARY and message.data[0] == Screens.PUSH
            if message.type is WSMsgType.TEXT and json.loads(message.data)["is"] == "pong":
                return pictures

    assert on_line(site, act) == 0


def test_differences_make_the_same_picture() -> None:
    chance = random.Random(5)  # noqa: S311
    display = Display(Screens.OLED)
    assert display.since(None) is None
    seen = Image.new("RGB", (64, 32))
    image = Image.new("RGB", (64, 32), "red")
    display.show(image)
    known: Picture | None = None
    for _ in range(50):
        news = display.since(known)
        if news is not None:
            message, known = news
            _, x, y, number = struct.unpack_from("<BxHHxxI", message)
            assert number == known.number
            seen.paste(Image.open(io.BytesIO(message[12:])), (x, y))
        assert seen.tobytes() == image.tobytes()
        assert display.since(known) is None
        for _ in range(chance.randrange(3)):
            image = image.copy()
            image.putpixel(
                (chance.randrange(64), chance.randrange(32)), (1, 2, chance.randrange(9))
            )
            display.show(image)
