"""What is shown when: the urgent before the usual, and sound before everything."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.panel.oled.alert import Alerts, shown
from appliance.panel.oled.care import Care
from appliance.panel.oled.director import Director, Inputs
from appliance.panel.oled.facts import Machine, machine
from appliance.panel.oled.screen import Alert, Notice, Page, Play, Rank, Rest, Start, Work
from appliance.panel.signals import Signals
from appliance.panel.state import (
    DecoderState,
    EngineState,
    OutputState,
    PresetState,
    State,
)
from appliance.panel.usb.visit import Visit
from appliance.start_up import StartUp


class Instrument:
    """The panel's box, as far as the display knows it."""

    def __init__(self) -> None:
        self.connected = True
        self.values = {"/master/level_db": 0.0}
        self.state = State(
            name="box",
            output=OutputState(xruns=4),
            engine=EngineState(load=0.1, late_frames=2, headroom_ms=17),
            decoders=(DecoderState(model="choir", slots=(1, 3), load=0.2),),
            presets=PresetState(current=7, name="Still Water", filled=(1, 7)),
        )

    def get(self, address: str) -> float:
        return self.values.get(address, 1.0)


@pytest.fixture
def inputs() -> Inputs:
    return Inputs(Instrument(), Machine(61.0), Signals(touched=-100.0), None, None)


def engine(inputs: Inputs) -> Instrument:
    assert isinstance(inputs.instrument, Instrument)
    return inputs.instrument


def test_alerts_come_in_their_order(inputs: Inputs) -> None:
    alerts, instrument = Alerts(), engine(inputs)
    hot = Machine(85.0, throttled=True, under_voltage=True)
    signals = Signals(stuck=("left",))
    assert alerts.gather(instrument.state, True, Machine(50.0), Signals(), 0.0) == []
    instrument.state = State(
        output=OutputState(xruns=5, lost=True), engine=EngineState(late_frames=3)
    )
    found = alerts.gather(instrument.state, True, hot, signals, 1.0)
    assert [alert.rank for alert in found] == sorted(alert.rank for alert in found)
    assert [alert.rank for alert in found] == [
        Rank.AUDIO, Rank.AUDIO, Rank.VOLTAGE, Rank.HEAT, Rank.LATE, Rank.INFO,
    ]  # fmt: skip
    assert [alert.text for alert in found][:3] == [
        "sound card is gone", "1 gap in the sound", "power supply too weak",
    ]  # fmt: skip
    # Old news are no alert any more, and a new engine counts from nothing.
    instrument.state = State(output=OutputState(xruns=5), engine=EngineState(late_frames=3))
    assert alerts.gather(instrument.state, True, Machine(), Signals(), 12.0) == []
    assert alerts.gather(State(), True, Machine(), Signals(), 13.0) == []
    [gone] = alerts.gather(State(), False, Machine(), Signals(), 14.0)
    assert gone == Alert(Rank.AUDIO, "the engine restarts")


def test_of_several_equal_alerts_each_has_its_turn() -> None:
    both = [Alert(Rank.INFO, "one"), Alert(Rank.INFO, "two")]
    assert [shown(both, now) for now in (0.0, 3.5)] == both
    assert shown([Alert(Rank.AUDIO, "first"), *both], 3.5) == Alert(Rank.AUDIO, "first")
    assert shown([], 0.0) is None


def test_the_start_is_told_step_by_step_until_the_engine_answers(inputs: Inputs) -> None:
    director = Director("box")
    engine(inputs).connected = False
    steps = [
        (None, "waiting for the engine"),
        (StartUp(step="begin", text="starting"), "starting"),
        (StartUp(step="card", text="default"), "card default"),
        (StartUp(step="models", text="choir-wave", done=2, total=4), "choir-wave"),
        (StartUp(step="failed", text="no card"), "no card"),
    ]
    for start, text in steps:
        screen = director.choose(replace(inputs, start=start), 1.0)
        assert isinstance(screen, Start)
        assert screen.text == text
        assert screen.failed is (text == "no card")
    screen = director.choose(replace(inputs, start=StartUp(step="ready")), 2.0)
    assert isinstance(screen, Play)
    assert screen.warning is not None
    assert screen.warning.text == "the engine restarts"
    engine(inputs).connected = True
    assert isinstance(director.choose(inputs, 3.0), Play)


def test_the_instrument_is_shown_as_it_is(inputs: Inputs) -> None:
    instrument = engine(inputs)
    instrument.values |= {"/decoder/1/level_db": -24.0, "/decoder/3/on": 0.0}
    instrument.values["/master/level_db"] = -60.0
    screen = Director("box").choose(inputs, 1.0)
    assert isinstance(screen, Play)
    assert (screen.slot, screen.name, screen.cpu, screen.xruns) == (7, "Still Water", 30, 4)
    assert [slot.on for slot in screen.decoders] == [True, False]
    assert screen.decoders[0].level == 0.5
    assert screen.muted
    assert screen.warning is None  # four old gaps are no news


def test_pages_follow_each_other_and_end_by_themselves(inputs: Inputs) -> None:
    director = Director("box")
    titles: list[str] = []
    for now in range(1, 7):
        inputs.signals.pages += 1
        screen = director.choose(inputs, float(now))
        titles.append(screen.title if isinstance(screen, Page) else "-")
    assert titles == ["Network", "Box", "Models", "Health", "Disk", "-"]
    inputs.signals.pages += 1
    assert isinstance(director.choose(inputs, 10.0), Page)
    assert isinstance(director.choose(inputs, 21.0), Page)
    assert isinstance(director.choose(inputs, 22.5), Play)


def test_a_stick_is_shown_but_a_touch_brings_the_instrument_back(inputs: Inputs) -> None:
    director = Director("box")
    busy = replace(inputs, visit=Visit(stage="copying", text="a.wav", share=0.5))
    assert director.choose(busy, 1.0) == Work("Stick", "a.wav", 0.5)
    busy.signals.touched = 1.5
    assert isinstance(director.choose(busy, 2.0), Play)
    assert isinstance(director.choose(busy, 5.0), Work)
    pulled = replace(inputs, visit=Visit(stage="copying", text="a.wav", share=0.5, alive=False))
    screen = director.choose(pulled, 6.0)
    assert isinstance(screen, Notice)
    assert not screen.good
    done = replace(inputs, visit=Visit(stage="done", lines=("2 presets",)))
    screen = director.choose(done, 7.0)
    assert screen == Notice("Stick: done", ("2 presets", "You may pull it out"))
    assert isinstance(director.choose(done, 36.0), Notice)
    assert isinstance(director.choose(done, 38.0), Play)


def test_a_wish_to_leave_comes_before_everything(inputs: Inputs) -> None:
    leaving = replace(inputs, leaving=True, visit=Visit(stage="looking"))
    screen = Director("box").choose(leaving, 1.0)
    assert isinstance(screen, Notice)
    assert screen.title == "Goodbye"


def test_nobody_there_means_little_light_and_no_fixed_place(inputs: Inputs) -> None:
    care = Care(255, 40, dim_after=60, rest_after=600)
    assert care.light(0, 0).contrast == 255
    assert care.light(61, 61).contrast == 40
    assert not care.light(61, 61).resting
    assert care.light(601, 601).resting
    assert not Care(dim_after=0, rest_after=0).light(1e6, 0).resting
    assert len({care.light(0, 60.0 * minute).shift for minute in range(8)}) == 8
    places = {care.light(601, 10.0 * step).place for step in range(20)}
    assert len(places) == 20
    screen = Director("box").choose(inputs, 1.0, resting=3)
    assert screen == Rest(7, "Still Water", 3)


def test_the_machine_is_read_from_its_files(tmp_path: Path) -> None:
    def put(name: str, text: str) -> None:
        file = tmp_path / "sys" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    assert machine(tmp_path, tmp_path).temperature is None
    put("class/thermal/thermal_zone0/type", "cpu-thermal")
    put("class/thermal/thermal_zone0/temp", "61250")
    put("class/thermal/thermal_zone1/type", "battery")
    put("class/thermal/thermal_zone1/temp", "99000")
    put("devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "50005")
    found = machine(tmp_path, tmp_path)
    assert found.temperature == 61.25
    assert found.under_voltage
    assert found.throttled
    assert found.total >= found.free > 0
    put("devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "50000")
    past = machine(tmp_path, tmp_path)
    assert (past.under_voltage, past.throttled) == (False, False)
    put("class/hwmon/hwmon1/name", "rpi_volt")
    put("class/hwmon/hwmon1/in0_lcrit_alarm", "1")
    put("class/thermal/cooling_device0/type", "cpufreq-cpu0")
    put("class/thermal/cooling_device0/cur_state", "2")
    now = machine(tmp_path, tmp_path)
    assert (now.under_voltage, now.throttled) == (True, True)
