"""Parts that fail: restarted with patience, reported, and never in the others' way."""

import itertools
import threading

import pytest

from appliance.config import Config
from appliance.errors import AudioError
from appliance.panel.box import Box
from appliance.panel.part import Desk, ThreadPart
from appliance.panel.process import run_panel
from appliance.panel.push.live import LiveSurface
from appliance.panel.supervisor import Supervisor
from tests.panel.conftest import Engine, until


class Steady(ThreadPart):
    name = "steady"

    def run(self) -> None:
        self.stopping.wait()


class Brief(ThreadPart):
    name = "brief"

    def run(self) -> None:
        raise AudioError("The lamp is broken.")


class Careless(ThreadPart):
    name = "careless"

    def run(self) -> None:
        return


def refusing(desk: Desk) -> ThreadPart:
    raise KeyError("no such thing")


@pytest.fixture
def desk() -> Desk:
    box = Box(port=9)
    return Desk(box, Config(), LiveSurface(box), {})


def test_a_failing_part_is_restarted_with_patience_and_the_others_go_on(desk: Desk) -> None:
    moment = [0.0]
    told: list[str] = []
    started: list[Brief] = []
    steady = Steady()

    def brief(_: Desk) -> Brief:
        started.append(Brief())
        return started[-1]

    supervisor = Supervisor(
        {"brief": brief, "steady": lambda _: steady, "refusing": refusing},
        told.append,
        clock=lambda: moment[0],
    )
    starts: list[float] = []
    for tick in range(400):
        moment[0] = tick / 10
        before = len(started)
        supervisor.look(desk)
        if len(started) > before:
            starts.append(moment[0])
            until(lambda: started[-1].failure is not None)
    assert [round(b - a) for a, b in itertools.pairwise(starts)] == [1, 2, 4, 8, 16]
    assert supervisor.reports["brief"].failure == "The lamp is broken."
    assert (
        supervisor.reports["steady"].state == "running"
        and not supervisor.reports["steady"].restarts
    )
    assert "KeyError" in (supervisor.reports["refusing"].failure or "")
    assert any(t.startswith("brief: The lamp is broken. It starts again in 1 s.") for t in told)
    supervisor.stop()
    assert supervisor.reports["steady"].state == "stopped" and not steady._thread.is_alive()


def test_a_part_that_ends_by_itself_has_failed(desk: Desk) -> None:
    part = Careless()
    part.start()
    until(lambda: part.failure is not None)
    assert part.failure == "The careless part ended by itself."


def test_the_panel_stops_when_told(engine: Engine) -> None:
    stopping = threading.Event()
    config = Config().with_port(engine.port)
    thread = threading.Thread(target=run_panel, args=(config, stopping, print))
    thread.start()
    until(lambda: len(engine.server._feed._subscribers) == 2)
    stopping.set()
    thread.join(5)
    assert not thread.is_alive()
    until(lambda: not engine.server._feed._subscribers)
