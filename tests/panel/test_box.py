"""The panel's view of the engine, over real sockets."""

import math
import socket

import pytest

from appliance.errors import EngineUnreachableError, ParameterError
from appliance.panel.box import Box, News
from appliance.panel.mirror import Mirror
from appliance.panel.news import messages
from appliance.parameters import Table
from tests.panel.conftest import Engine, until


def test_knows_every_value_soon_after_the_start(engine: Engine) -> None:
    for number, parameter in enumerate(engine.values.table):
        if not parameter.choices:
            share = number % 7 / 7
            value = parameter.minimum + share * (parameter.maximum - parameter.minimum)
            engine.values.set(parameter.address, value)
    box = Box(port=engine.port)
    box.start()
    try:
        for parameter in engine.values.table:
            wanted = engine.values.get(parameter.address)
            until(lambda p=parameter, w=wanted: math.isclose(box.get(p.address), w, rel_tol=1e-6))
    finally:
        box.stop()


def test_sets_at_once_and_the_engine_follows(engine: Engine, box: Box) -> None:
    box.set("/offset/3/value", 0.5)
    assert box.get("/offset/3/value") == 0.5
    until(lambda: engine.values.get("/offset/3/value") == 0.5)
    box.set("/offset/3/value", 7)
    assert box.get("/offset/3/value") == 1
    with pytest.raises(ParameterError, match="Did you mean"):
        box.set("/ofset/3/value", 0)
    with pytest.raises(ParameterError, match="Did you mean"):
        box.get("/ofset/3/value")


def test_two_boxes_stay_in_step(engine: Engine, box: Box) -> None:
    other = Box(port=engine.port)
    other.start()
    try:
        other.wait(5)
        box.set("/noise/1/kind", 2)
        until(lambda: other.get("/noise/1/kind") == 2)
    finally:
        other.stop()


def test_news_name_what_changed(engine: Engine, box: Box) -> None:
    heard: list[News] = []
    box.listen(heard.append)
    engine.values.set("/mix/spread_ms", 4)
    until(lambda: any("/mix/spread_ms" in n.addresses for n in heard if n.kind == "values"))
    box.command("/nonsense", 1)
    until(lambda: any(n.kind == "error" for n in heard))
    assert "/nonsense" in box.errors[-1][1]
    box.ignore(heard.append)


def test_asks_and_waits_for_the_answer(box: Box) -> None:
    answers = box.ask("/preset/list", end="/preset/list/end")
    assert answers == [("/preset/slot", [3, "three", ""]), ("/preset/list/end", [1])]
    with pytest.raises(ParameterError, match="no parameter"):
        box.ask("/nowhere", 1, end="/never")
    with pytest.raises(EngineUnreachableError):
        box.ask("/preset/quiet", end="/never", timeout=0.1)


def test_an_engine_that_restarts_is_found_again(engine: Engine) -> None:
    box = Box(port=engine.port)
    box.start()
    try:
        box.wait(5)
        engine.stop()
        until(lambda: not box.connected)
        again = Engine(engine.port, slots=2)
        try:
            again.values.set("/offset/1/value", 0.75)
            until(lambda: box.connected and box.values.table.slots == 2)
            until(lambda: box.get("/offset/1/value") == 0.75)
        finally:
            again.stop()
    finally:
        box.stop()


def test_starts_before_the_engine() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = Box(port=port)
    box.start()
    with pytest.raises(EngineUnreachableError, match="neural-synth play"):
        box.wait(0.05)
    engine = Engine(port)
    try:
        box.wait(5)
        assert box.state.name == "box" and box.state.decoders[0].slots == (1, 2, 3, 4)
    finally:
        box.stop()
        engine.stop()


def test_what_was_just_set_is_believed_over_older_news() -> None:
    moment = [0.0]
    mirror = Mirror(Table(), clock=lambda: moment[0])
    mirror.hear("/offset/1/value", 0.1)
    mirror.set("/offset/1/value", 0.3)
    mirror.hear("/offset/1/value", 0.2)
    assert mirror["/offset/1/value"] == 0.3
    moment[0] = 1.0
    assert mirror["/offset/1/value"] == 0.2


@pytest.mark.parametrize("data", [b"", b"#bundle\0", b"#bundle\0" + b"\1" * 30, b"\xff" * 40])
def test_nonsense_is_no_news(data: bytes) -> None:
    assert not list(messages(data))
