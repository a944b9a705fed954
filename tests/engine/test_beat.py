"""The clock's messages: taps, MIDI pulses, and what the status says."""

import pytest

from appliance.engine.beat import Beat
from appliance.engine.queue import ParameterQueue
from appliance.engine.tap import Tap
from appliance.errors import ParameterError
from appliance.latent import Clock
from appliance.parameters import Table, Values


class Desk:
    """A clock and its messages, without an engine around it."""

    def __init__(self) -> None:
        self.values = Values(Table())
        self.queue = ParameterQueue()
        self.clock = Clock(self.values, 44100)
        self.beat = Beat(self.clock, self.values, self.queue)

    def send(self, name: str, *arguments: object) -> None:
        self.beat.perform(f"/clock/{name}", arguments, lambda *_: None)
        self.queue.drain(self.values.array)


def test_taps_make_a_tempo_that_one_slip_does_not_spoil():
    tap = Tap()
    assert tap.tap(10.0) is None
    assert tap.tap(10.5) == pytest.approx(120)
    for moment in (11.0, 11.5, 12.13, 12.5):
        tempo = tap.tap(moment)
    assert tempo == pytest.approx(120)
    assert tap.tap(16.0) is None  # after a pause a new tempo begins
    assert tap.tap(16.001) == 300
    assert Tap().tap(1.0) is None


def test_tapping_over_osc_sets_the_tempo():
    desk = Desk()
    for back in (0.8, 0.4, 0.0):
        desk.send("tap", int(back * 1e6))
    assert desk.values.get("/clock/tempo") == pytest.approx(150, rel=1e-3)


def test_pulses_over_osc_lead_the_clock():
    desk = Desk()
    desk.values.set("/clock/source", "midi")
    assert not desk.beat.status()["midi"]
    desk.send("start")
    for pulse in range(24):
        desk.send("pulse", int((23 - pulse) * 60 / 90 / 24 * 1e6))
    desk.clock.advance(0, 2)
    state = desk.beat.status()
    assert state["midi"] and state["running"] and state["source"] == "midi"
    assert state["tempo"] == pytest.approx(90, rel=0.05)
    assert state["beat"] == pytest.approx(23 / 24, abs=0.05)
    desk.send("stop")
    desk.clock.advance(2, 2)
    assert not desk.beat.status()["running"]
    desk.send("position", 64)
    desk.send("continue")
    desk.send("pulse")
    desk.clock.advance(4, 2)
    assert desk.beat.status()["beat"] == pytest.approx(16, abs=0.1)


def test_start_begins_the_own_clock_anew():
    desk = Desk()
    desk.clock.advance(0, 60)
    desk.clock.advance(60, 60)
    assert desk.beat.status()["beat"] > 0.3
    desk.send("start")
    desk.clock.advance(120, 2)
    state = desk.beat.status()
    assert state["beat"] < 0.02 and (state["bar"], state["beat_in_bar"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("tapp", (), "Did you mean '/clock/tap'"),
        ("tap", ("now",), "how long ago"),
        ("tap", (1, 2), "how long ago"),
        ("tap", (-5,), "0 to 1000000 microseconds"),
        ("position", (), "whole number of sixteenths"),
        ("position", (-1,), "whole number of sixteenths"),
    ],
)
def test_what_cannot_be_understood(name: str, arguments: tuple[object, ...], words: str):
    with pytest.raises(ParameterError, match=words):
        Desk().send(name, *arguments)
