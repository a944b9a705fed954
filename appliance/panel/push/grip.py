"""What the hands hold, have chosen and ask for; what pages and buttons work with."""

from collections.abc import Mapping
from typing import Protocol

from appliance.panel.mirror import Mirror
from appliance.panel.push.actions import Action, Command, Set
from appliance.panel.push.dials import MANNERS, SETTINGS, SPECIAL
from appliance.panel.push.turning import Turning
from appliance.panel.state import State
from appliance.parameters import Parameter

NOTICE_SECONDS = 3.0
HOLD_SECONDS = 0.4
"""Held for longer, a button does its work only while it is held."""
_OWN_SECONDS = 0.5  # for so long a habit set here is believed over the engine's older status


class Engine(Protocol):
    """What the surface sees of the engine; the panel's box is one."""

    @property
    def values(self) -> Mirror:
        """Parameters and their values."""
        ...

    @property
    def state(self) -> State:
        """The engine's status."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the engine answers."""
        ...


class Grip:
    """The state of the hands on a surface that plays `engine`."""

    def __init__(self, engine: Engine) -> None:
        """Begin with empty hands on the first page."""
        self.engine = engine
        self.now = 0.0
        self.actions: list[Action] = []
        self.buttons: dict[str, float] = {}
        """The buttons held down, and since when."""
        self.pads: dict[int, float] = {}
        """The pads held down, and since when."""
        self.touched: list[str] = []
        """The encoders under a finger, the last touched one last."""
        self.used: set[str] = set()
        """Held buttons that were part of a chord, so that their release does nothing more."""
        self.page = "offset"
        self.before = "offset"
        self.layers: dict[str, int] = {}
        self.slot = 1
        self.jam = 1
        self.row = 1
        self.pads_are_presets = False
        self.copied: int | None = None
        self.goal: int | None = None
        """The slot that the hand morphs to."""
        self.names: Mapping[int, str] = {}
        """Names of the presets by slot."""
        self.warnings: tuple[str, ...] = ()
        """What the devices complain of."""
        self.facts: tuple[tuple[str, str], ...] = ()
        """What the Setup page says of this box, from whoever knows."""
        self.memory: dict[str, float] = {}
        """Values to come back to: of what is muted, soloed or moved while held."""
        self.turning = Turning()
        self.taps: list[float] = []
        self.settings: dict[str, float] = {a: p.default for a, p in SETTINGS.items()}
        self.notice = ""
        self.notice_until = 0.0
        self._own: dict[str, tuple[float, float]] = {}

    @property
    def state(self) -> State:
        """The engine's status."""
        return self.engine.state

    @property
    def shift(self) -> bool:
        """Whether Shift is held."""
        return "shift" in self.buttons

    def has(self, address: str) -> bool:
        """Return whether something can be turned at `address`."""
        return address in SPECIAL or address in self.engine.values

    def parameter(self, address: str) -> Parameter:
        """Return the row at `address`; raises ParameterError if there is none."""
        return SPECIAL.get(address) or self.engine.values.table[address]

    def get(self, address: str) -> float:
        """Return the value at `address`; raises ParameterError if there is none."""
        if address in self.settings:
            return self.settings[address]
        if address in MANNERS:
            return self._manner(address)
        return self.engine.values[address]

    def set(self, address: str, value: float) -> None:
        """Ask for a value."""
        parameter = self.parameter(address)
        value = min(max(value, parameter.minimum), parameter.maximum)
        if address in self.settings:
            self.settings[address] = value
        elif address == "/preset/morph":
            self._morph(value)
        elif address in MANNERS:
            self._own[address] = (value, self.now + _OWN_SECONDS)
            word = parameter.choices[round(value)] if address == "/preset/quantize" else value
            self.command(address, word)
        else:
            self.actions.append(Set(address, value))

    def command(self, address: str, *arguments: str | float) -> None:
        """Ask for something to be done."""
        self.actions.append(Command(address, arguments))

    def expand(self, template: str | None, n: int = 1) -> str | None:
        """Return the address a template means for column `n` (from 1), None if there is none."""
        if template is None:
            return None
        address = template.replace("{n}", str(n)).replace("{slot}", str(self.slot))
        address = address.replace("{jam}", str(self.jam)).replace("{row}", str(self.row))
        return address if self.has(address) else None

    def say(self, sentence: str) -> None:
        """Show a sentence for a few seconds."""
        self.notice, self.notice_until = sentence, self.now + NOTICE_SECONDS

    def toggle(self, address: str, quiet: float, loud: float) -> bool:
        """Set `address` to `quiet`, or back to what it was; return whether it is loud then."""
        value = self.get(address)
        if value != quiet:
            self.memory[address] = value
            self.set(address, quiet)
            return False
        self.set(address, self.memory.pop(address, loud))
        return True

    def _manner(self, address: str) -> float:
        own = self._own.get(address)
        if own is not None and self.now < own[1]:
            return own[0]
        presets = self.state.presets
        match address:
            case "/preset/morph":
                return (presets.progress or 0.0) if presets.state == "hand" else 0.0
            case "/preset/seconds":
                return min(presets.seconds, MANNERS[address].maximum)
            case "/preset/switch_at":
                return presets.switch_at
            case "/preset/wrap":
                return float(presets.wrap)
            case _:
                return float(presets.quantize == "bar")

    def _morph(self, share: float) -> None:
        presets = self.state.presets
        fresh = self._own.get("/preset/morph", (0.0, 0.0))[1] > self.now
        if presets.state == "hand" or fresh:
            self.command("/preset/morph", share)
        else:
            goal = self.goal or next_filled(presets.filled, presets.current)
            if presets.current is None or goal is None:
                self.say("A morph by hand needs two presets: store this sound in a slot first.")
                return
            self.command("/preset/morph", presets.current, goal, share)
        self._own["/preset/morph"] = (share, self.now + _OWN_SECONDS)


def next_filled(filled: tuple[int, ...], current: int | None) -> int | None:
    """Return the filled slot after `current`, round the end, None if there is no other."""
    others = sorted(slot for slot in filled if slot != current)
    after = [slot for slot in others if slot > (current or 0)]
    return (after or others or [None])[0]
