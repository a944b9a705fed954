"""What gestures do: messages to the engine, signals to the other parts."""

import contextlib
from collections.abc import Callable

from appliance.errors import DeviceError
from appliance.panel import power
from appliance.panel.box import Box
from appliance.panel.footswitch.gesture import LEFT, SIDES, Gesture, Kind
from appliance.panel.settings import FootswitchConfig
from appliance.panel.signals import Signals
from appliance.presets.undo import STEPS

LEVEL, INPUT = "/master/level_db", "/mix/input"
_STEPS = ("/preset/previous", "/preset/next")


class Actions:
    """Carries gestures out; called from the threads that hear them."""

    def __init__(self, box: Box, signals: Signals, config: FootswitchConfig) -> None:
        """Act on the engine of `box` as `config` says."""
        self._box = box
        self._signals = signals
        self._config = config
        self._stuck: list[str] = []
        self._depth = 0
        """How many steps could be undone before the presses that may lead to both."""
        self._level: float | None = None
        """The master level that mute took away."""
        self._long: dict[str, Callable[[], object]] = {
            "page": signals.turn_page,
            "tap": lambda: box.command("/clock/tap"),
            "bypass": self._bypass,
            "none": lambda: None,
        }
        self._both: dict[str, Callable[[], object]] = {
            "panic": self._panic,
            "mute": self._mute,
            "none": lambda: None,
        }

    def act(self, gesture: Gesture, *, alone: bool = True) -> None:
        """Carry `gesture` out; a press is `alone` if the other switch was up."""
        self._signals.touch()
        side = SIDES[gesture.switch]
        match gesture.kind:
            case Kind.PRESS:
                if alone:
                    self._depth = self._box.state.presets.undo
                self._box.command(_STEPS[gesture.switch])
            case Kind.LONG:
                wish = self._config.long_left if gesture.switch == LEFT else self._config.long_right
                self._long[wish]()
            case Kind.BOTH:
                if self._config.both != "none":
                    self._take_back(len(gesture.presses))
                self._both[self._config.both]()
            case Kind.OFF:
                with contextlib.suppress(DeviceError):
                    power.ask_for("poweroff")
            case Kind.STUCK:
                self._stuck.append(side)
                self._signals.stuck = tuple(self._stuck)
            case Kind.FREED:
                self._stuck.remove(side)
                self._signals.stuck = tuple(self._stuck)
            case Kind.RELEASE:
                pass

    def _take_back(self, presses: int) -> None:
        """Undo what the presses on the way to both have done."""
        done = self._box.state.presets.undo - self._depth
        # A press at the end of a bank has done nothing; a full list of steps no longer grows.
        steps = presses if self._depth >= STEPS else min(max(done, 0), presses)
        for _ in range(steps):
            self._box.command("/preset/undo")

    def _bypass(self) -> None:
        """Change between the decoders and the input alone."""
        self._box.set(INPUT, 0.0 if self._box.get(INPUT) >= 0.5 else 1.0)

    def _mute(self) -> None:
        """Silence the output, or give it its level back."""
        row = self._box.values.table[LEVEL]
        now = self._box.get(LEVEL)
        if now > row.minimum:
            self._level = now
            self._box.set(LEVEL, row.minimum)
        else:
            self._box.set(LEVEL, row.default if self._level is None else self._level)

    def _panic(self) -> None:
        """Silence the output and stop all that goes on by itself; once more lets it sound again."""
        for parameter in self._box.values.table:
            address, quiet = parameter.address, None
            if address.endswith("/play"):
                quiet = 0.0
            elif address.startswith("/encoder/feedback/"):
                quiet = parameter.minimum
            if quiet is not None and self._box.get(address) != quiet:
                self._box.set(address, quiet)
        self._mute()
