"""The footswitch as a part of the panel: one thread per source, which may come and go."""

import contextlib
import threading

from appliance.board import Board, this_board
from appliance.errors import ApplianceError
from appliance.panel.footswitch.action import Actions
from appliance.panel.footswitch.gesture import Gesture, Kind, Pedals, Timing
from appliance.panel.footswitch.source import Jacks, Source, now, open_source
from appliance.panel.part import Desk, ThreadPart
from appliance.panel.settings import FootswitchConfig
from appliance.panel.signals import Contact

_LOOK = 0.02
"""Seconds between two looks at the levels, which bring back edges that got lost."""
_FIRST_RETRY, _LAST_RETRY = 1.0, 15.0


class FootswitchPart(ThreadPart):
    """Listens to the switches of the configuration, and to pedals in other devices' jacks."""

    name = "footswitch"

    def __init__(self, desk: Desk) -> None:
        """Prepare; nothing is opened before the start."""
        super().__init__()
        self._config = desk.config.panel.footswitch
        self._signals = desk.signals
        self._actions = Actions(desk.box, desk.signals, self._config)
        self._acting = threading.Lock()

    def run(self) -> None:
        """Listen until told to stop; a source that fails is opened again."""
        jacks = threading.Thread(target=self._hear, args=(Jacks(self._signals.contacts),))
        jacks.start()
        rest = _FIRST_RETRY
        board = this_board()
        while not self.stopping.is_set():
            try:
                source = open_source(self._config, board)
                if source is None:
                    self.stopping.wait()
                    break
                self._signals.input_error = None
                rest = _FIRST_RETRY
                with contextlib.closing(source):
                    self._hear(source)
            except (ApplianceError, OSError, ImportError) as error:
                self._signals.input_error = str(error)
            self.stopping.wait(rest)
            rest = min(2 * rest, _LAST_RETRY)
        jacks.join(timeout=1)

    def _hear(self, source: Source) -> None:
        """Hear one source out; raises OSError when it is gone."""
        down = source.levels() or (False, False)
        pedals = Pedals(timing_of(self._config), down=down, time=now())
        while not self.stopping.is_set():
            wait = min(_LOOK, pedals.due - now())
            for contact in source.wait(wait):
                self._act(pedals, pedals.contact(contact))
            levels = source.levels()
            moment = now()
            if levels is not None:
                for switch, level in enumerate(levels):
                    # Dated to when something is due, it counts instead of a stale edge.
                    date = min(moment, pedals.due)
                    self._act(pedals, pedals.contact(Contact(switch, level, date)))
            self._act(pedals, pedals.tick(moment))

    def _act(self, pedals: Pedals, gestures: list[Gesture]) -> None:
        for gesture in gestures:
            alone = gesture.kind is Kind.PRESS and sum(pedals.down) == 1
            with self._acting:
                self._actions.act(gesture, alone=alone)


def timing_of(config: FootswitchConfig) -> Timing:
    """Return the times that `config` gives."""
    return Timing(
        bounce=config.bounce_ms / 1e3,
        long=config.long_seconds,
        both=config.both_seconds,
        off=config.off_seconds,
        stuck=config.stuck_seconds,
    )


def held_now(config: FootswitchConfig, board: Board) -> tuple[bool, bool]:
    """Return what is down now; nothing where that cannot be read."""
    try:
        source = open_source(config, board)
    except (ApplianceError, OSError, ImportError):
        return False, False
    if source is None:
        return False, False
    with contextlib.closing(source):
        return source.levels() or (False, False)
