"""Sources behind their libraries: a MIDI port and a keyboard that come, speak and go."""

import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from appliance.board import load_board
from appliance.errors import DeviceError
from appliance.panel.footswitch.source import open_source
from appliance.panel.settings import FootswitchConfig

midi_source = pytest.importorskip("appliance.panel.footswitch.midi_source")


class Ports:
    """rtmidi's input, with ports that can be unplugged."""

    def __init__(self) -> None:
        self.names = ["Midi Through 14:0", "Foot Controller 20:0"]
        self.callback: Callable[[tuple[list[int], float]], None] = lambda _: None
        self.opened = -1

    def get_ports(self) -> list[str]:
        return list(self.names)

    def set_callback(self, callback: Callable[[tuple[list[int], float]], None]) -> None:
        self.callback = callback

    def open_port(self, number: int) -> None:
        self.opened = number

    def cancel_callback(self) -> None:
        self.callback = lambda _: None

    def close_port(self) -> None:
        self.opened = -1


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> Ports:
    ports = Ports()
    library = SimpleNamespace(MidiIn=lambda: ports, SystemError=OSError, RtMidiError=OSError)
    monkeypatch.setattr(midi_source, "_rtmidi", library)
    return ports


def test_midi_controllers_are_switches(ports: Ports) -> None:
    config = FootswitchConfig(source="midi", device="Foot", left="80", right="81")
    source = open_source(config, load_board("pc"))
    assert source is not None
    assert ports.opened == 1
    for message in ([0xB0, 80, 127], [0xB3, 81, 64], [0x90, 80, 127], [0xB0, 7, 99], [0xF8]):
        ports.callback((message, 0.0))
    ports.callback(([0xB0, 80, 63], 0.0))
    told = [each for _ in range(5) for each in source.wait(0)]
    assert [(c.switch, c.closed) for c in told] == [(0, True), (1, True), (0, False)]
    source.close()


def test_a_midi_port_that_is_unplugged_is_told(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeviceError, match="no MIDI input 'Boss'"):
        open_source(FootswitchConfig(source="midi", device="Boss"), load_board("pc"))
    source = open_source(FootswitchConfig(source="midi"), load_board("pc"))
    assert source is not None
    monkeypatch.setattr(midi_source, "_LOOK_SECONDS", -1.0)
    ports.names = []
    with pytest.raises(DeviceError, match="is gone"):
        source.wait(0)


class Keys:
    """evdev's device: a pipe of events, keys that are down."""

    name = "PageFlip Cicada"

    def __init__(self, path: str) -> None:
        assert path == "/dev/input/event7"
        self.fd, self._write = os.pipe()
        self.events: list[SimpleNamespace] = []
        self.grabbed = False

    def capabilities(self) -> dict[int, list[int]]:
        return {1: [104, 109, 28]}

    def grab(self) -> None:
        self.grabbed = True

    def press(self, code: int, value: int) -> None:
        self.events.append(SimpleNamespace(type=1, code=code, value=value))
        os.write(self._write, b"x")

    def read(self) -> list[SimpleNamespace]:
        os.read(self.fd, 100)
        events, self.events = self.events, []
        return events

    def active_keys(self) -> list[int]:
        return [109]

    def close(self) -> None:
        os.close(self.fd)
        os.close(self._write)


def test_a_pedal_that_is_a_keyboard_is_taken_for_us_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    evdev = pytest.importorskip("evdev")
    made: list[Keys] = []
    monkeypatch.setattr(evdev, "list_devices", lambda: ["/dev/input/event7"])
    monkeypatch.setattr(evdev, "InputDevice", lambda path: made.append(Keys(path)) or made[-1])
    source = open_source(FootswitchConfig(source="evdev", device="Cicada"), load_board("pc"))
    assert source is not None
    [keys] = made
    assert keys.grabbed
    assert source.levels() == (False, True)
    assert source.wait(0) == []
    for code, value in ((104, 1), (104, 2), (28, 1), (104, 0)):
        keys.press(code, value)
    assert [(c.switch, c.closed) for c in source.wait(1)] == [(0, True), (0, False)]
    source.close()
    with pytest.raises(DeviceError, match="No input device 'Boss'"):
        open_source(FootswitchConfig(source="evdev", device="Boss"), load_board("pc"))
    with pytest.raises(DeviceError, match="names no key"):
        open_source(FootswitchConfig(source="evdev", left="KEY_NOTHING"), load_board("pc"))
