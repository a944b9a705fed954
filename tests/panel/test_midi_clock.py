"""MIDI clock on its way to the engine, with an rtmidi whose ports a test plugs and plays."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appliance.panel import midi_clock
from appliance.panel.midi_clock import Leader, MidiClockPart, command_of
from appliance.panel.part import Desk


class FakeRtMidi:
    """Ports by name; each opened input is called with what its port sends."""

    class SystemError(Exception):  # noqa: A001
        """No sequencer."""

    class RtMidiError(Exception):
        """Anything else."""

    def __init__(self, *ports: str) -> None:
        self.ports = list(ports)
        self.inputs: dict[str, Any] = {}

    def MidiIn(self) -> Any:  # noqa: N802
        library = self

        class Input:
            def __init__(self) -> None:
                self.timing = False
                self.callback: Callable[..., None] | None = None

            def get_ports(self) -> list[str]:
                return list(library.ports)

            def ignore_types(self, *, sysex: bool, timing: bool, active_sense: bool) -> None:
                self.timing = not timing

            def set_callback(self, callback: Callable[..., None]) -> None:
                self.callback = callback

            def cancel_callback(self) -> None:
                self.callback = None

            def open_port(self, number: int, name: str) -> None:
                library.inputs[library.ports[number]] = self

            def delete(self) -> None:
                pass

        return Input()

    def play(self, port: str, *message: int) -> None:
        source = self.inputs[port]
        if source.callback and source.timing:
            source.callback((list(message), 0.0), None)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def part(library: FakeRtMidi, port: str | None = None) -> tuple[MidiClockPart, list[Any]]:
    sent: list[Any] = []
    desk = SimpleNamespace(
        config=SimpleNamespace(panel=SimpleNamespace(midi_clock=SimpleNamespace(port=port))),
        box=SimpleNamespace(command=lambda *message: sent.append(message)),
    )
    return MidiClockPart(cast(Desk, desk), library), sent


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ([0xF8], ("/clock/pulse",)),
        ([0xFA], ("/clock/start",)),
        ([0xFB], ("/clock/continue",)),
        ([0xFC], ("/clock/stop",)),
        ([0xF2, 0x10, 0x01], ("/clock/position", 144)),
        ([0xFE], None),
        ([0x90, 60, 100], None),
        ([], None),
    ],
)
def test_what_is_a_matter_of_time(message: list[int], command: tuple[object, ...] | None) -> None:
    assert command_of(message) == command


def test_one_port_leads_until_it_is_silent() -> None:
    now, sent = 0.0, list[tuple[object, ...]]()
    leader = Leader(lambda *message: sent.append(message), now=lambda: now)
    leader.take("a", [0xF8])
    leader.take("b", [0xF8])
    assert len(sent) == 1 and leader.port == "a"
    now = 3.0
    leader.take("b", [0xF8])
    assert len(sent) == 2 and leader.port == "b"


def test_ports_are_heard_as_they_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_clock, "LOOK_SECONDS", 0.01)
    library = FakeRtMidi("Midi Through:0", "Ableton Push 2:0", "Sequencer:0")
    clock, sent = part(library)
    clock.start()
    try:
        until(lambda: library.inputs)
        assert set(library.inputs) == {"Sequencer:0"}
        library.play("Sequencer:0", 0xFA)
        library.play("Sequencer:0", 0xF8)
        assert sent == [("/clock/start",), ("/clock/pulse",)]
        library.ports.remove("Sequencer:0")
        until(lambda: library.inputs["Sequencer:0"].callback is None)
        library.ports.append("Drums:0")
        until(lambda: "Drums:0" in library.inputs)
    finally:
        clock.stop()
    assert clock.failure is None


def test_the_configuration_names_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_clock, "LOOK_SECONDS", 0.01)
    library = FakeRtMidi("Sequencer:0", "Ableton Push 2:0")
    clock, _ = part(library, "Push")
    clock.start()
    until(lambda: library.inputs)
    clock.stop()
    assert set(library.inputs) == {"Ableton Push 2:0"}


def test_without_midi_there_is_a_sentence() -> None:
    library = FakeRtMidi()

    def refuse() -> None:
        raise library.SystemError("no sequencer")

    library.MidiIn = refuse
    clock, _ = part(library)
    clock.start()
    until(lambda: clock.failure)
    assert "no MIDI here (no sequencer)" in str(clock.failure)
    clock.stop()
