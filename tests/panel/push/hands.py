"""Hands on a surface whose engine is a table of values: what is asked for happens at once."""

from typing import Any

import msgspec

from appliance.panel.mirror import Mirror
from appliance.panel.push.actions import Action, Command, Set
from appliance.panel.push.events import (
    ButtonPressed,
    ButtonReleased,
    EncoderReleased,
    EncoderTouched,
    EncoderTurned,
    Event,
    PadPressed,
    PadPressure,
    PadReleased,
    StripMoved,
    StripReleased,
    StripTouched,
)
from appliance.panel.push.face import Face
from appliance.panel.push.screen import Column
from appliance.panel.push.surface import Surface
from appliance.panel.state import (
    DecoderState,
    EngineState,
    MeterState,
    OutputState,
    PresetState,
    State,
)
from appliance.parameters import Table

MODULES = ("offset", "oscillators", "noise", "encoder", "jam", "terrain")


class Hands:
    """Two hands, a clock and an engine in memory."""

    def __init__(self, slots: int = 4) -> None:
        self.values = Mirror(Table(slots))
        self.state = State(
            version="0.1.0",
            name="attic",
            output=OutputState(name="hw:CARD=Device", rate=44100, period=256, periods=3),
            engine=EngineState(load=0.06, headroom_ms=11.6),
            decoders=(
                DecoderState(model="choir-wave", slots=(1, 2), load=0.11),
                DecoderState(model="choir-spectral", slots=(3, 4), load=0.14),
            ),
            modules=MODULES,
            latents=tuple(tuple(0.0 for _ in range(8)) for _ in MODULES),
            meters=MeterState(peak=(0.4, 0.36), rms=(0.15, 0.13), compression_db=-3.2),
            presets=PresetState(current=1, name="First light", filled=(1, 2, 5, 12)),
        )
        self.connected = True
        self.surface = Surface(self)
        self.surface.grip.names = {1: "First light", 2: "Glass", 5: "Low choir", 12: "Rust"}
        self.now = 100.0
        self.commands: list[tuple[Any, ...]] = []
        self.sets: list[Set] = []

    def presets(self, **changes: Any) -> None:
        """Change what the engine says of the presets."""
        presets = msgspec.structs.replace(self.state.presets, **changes)
        self.state = msgspec.structs.replace(self.state, presets=presets)

    def do(self, *events: Event) -> list[Action]:
        """Let events happen, one after the other."""
        done: list[Action] = []
        for event in events:
            for action in self.surface.handle(event, self.now):
                done.append(action)
                match action:
                    case Set(address, value):
                        self.sets.append(action)
                        self.values.hear(address, value)
                    case Command(address, arguments):
                        self.commands.append((address, *arguments))
        return done

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def press(self, name: str, seconds: float = 0.1) -> None:
        """Press a button and let it go after `seconds`."""
        self.do(ButtonPressed(name))
        self.wait(seconds)
        self.do(ButtonReleased(name))

    def hold(self, name: str) -> None:
        """Press a button."""
        self.do(ButtonPressed(name))

    def release(self, name: str) -> None:
        """Let a button go."""
        self.do(ButtonReleased(name))

    def turn(self, n: int, steps: int) -> None:
        """Turn encoder `n`, from 1."""
        self.do(EncoderTurned(f"encoder_{n}", steps))

    def touch(self, n: int) -> None:
        """Lay a finger on encoder `n`."""
        self.do(EncoderTouched(f"encoder_{n}"))

    def untouch(self, n: int) -> None:
        """Take it off."""
        self.do(EncoderReleased(f"encoder_{n}"))

    def pad(self, pad: int, seconds: float = 0.1) -> None:
        """Strike a pad and let it go after `seconds`."""
        self.do(PadPressed(pad))
        self.wait(seconds)
        self.do(PadReleased(pad))

    def lean(self, pad: int, pressure: float) -> None:
        """Press on a pad."""
        self.do(PadPressure(pad, pressure))

    def strip(self, *places: float) -> None:
        """Draw a finger over the strip and lift it."""
        self.do(StripTouched(), *(StripMoved(place) for place in places), StripReleased())

    def face(self) -> Face:
        """Return what is to be seen."""
        return self.surface.face(self.now)

    def column(self, n: int) -> Column:
        """Return what stands at encoder `n`."""
        column = self.face().screen.columns[n - 1]
        assert column is not None
        return column

    def __getitem__(self, address: str) -> float:
        """Return the engine's value."""
        return self.values[address]
