"""The messages of the clock, and what it says of itself.

- ``/clock/tap`` sets the tempo by hand, from the second tap on
- ``/clock/start`` begins at beat 0; ``/clock/stop`` and ``/clock/continue`` are for MIDI clocks
- ``/clock/pulse`` is one of the 24 of a beat, ``/clock/position SIXTEENTHS`` says where the next is
- each may end with how many microseconds ago it was
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.engine.queue import ParameterQueue
from appliance.engine.tap import Tap
from appliance.errors import ParameterError
from appliance.latent.clock import Clock
from appliance.parameters import Values
from appliance.suggestion import did_you_mean

_LOST = 1.0  # seconds without a pulse after which the MIDI clock counts as lost
_OLDEST = 1e6  # microseconds ago


class Beat:
    """Carries messages to `clock` and tells its state; a part of the engine."""

    name = "clock"

    def __init__(self, clock: Clock, values: Values, queue: ParameterQueue) -> None:
        """Set the tempo through `queue`."""
        self._clock = clock
        self._queue = queue
        self._tempo = values.table.index("/clock/tempo")
        self._source = values.view("/clock/source")
        self._tap = Tap()
        midi = clock.midi
        self._moments: dict[str, Callable[[float], object]] = {
            "tap": self._tapped,
            "pulse": midi.pulse,
            "start": lambda _: self._start(),
            "continue": lambda _: midi.resume(),
            "stop": lambda _: midi.stop(),
        }

    def perform(self, address: str, arguments: Sequence[Any], reply: Callable[..., object]) -> None:
        """Carry out the message `address`; raises ParameterError. Called from one thread."""
        del reply
        name = address.removeprefix("/clock/")
        if name == "position":
            if not arguments or not isinstance(arguments[0], int) or arguments[0] < 0:
                raise ParameterError(f"{address} takes a whole number of sixteenths from 0.")
            self._clock.midi.place(arguments[0])
            return
        moment = self._moments.get(name)
        if moment is None:
            known = [f"/clock/{each}" for each in (*self._moments, "position")]
            raise ParameterError(f"There is no message '{address}'.{did_you_mean(address, known)}")
        moment(_moment(address, arguments))

    @property
    def receivers(self) -> dict[str, Callable[[Path], None]]:
        """Presets name no file for the clock."""
        return {}

    def start(self) -> None:
        """Nothing runs here: messages come from the thread that hears them."""

    def stop(self) -> None:
        """Nothing to end."""

    def status(self) -> dict[str, Any]:
        """Return the state of the clock: JSON types only."""
        clock = self._clock
        beat, bar = max(0.0, clock.beat), clock.beats_in_bar
        reading = clock.midi.reading
        heard = reading is not None and time.monotonic() - reading.time < _LOST
        return {
            "source": "midi" if self._source[0] else "internal",
            "tempo": round(clock.tempo, 2),
            "beat": round(beat, 4),
            "bar": int(beat // bar) + 1,
            "beat_in_bar": int(beat % bar) + 1,
            "beats_in_bar": bar,
            "running": clock.increment > 0,
            "midi": heard,
        }

    def _tapped(self, moment: float) -> None:
        tempo = self._tap.tap(moment)
        if tempo is not None:
            self._queue.put(self._tempo, tempo)

    def _start(self) -> None:
        self._clock.midi.start()
        if not self._source[0]:
            self._clock.restart()


def _moment(address: str, arguments: Sequence[Any]) -> float:
    """Return the time of a message, in seconds of the monotonic clock."""
    now = time.monotonic()
    if not arguments:
        return now
    ago = arguments[0]
    if len(arguments) > 1 or not isinstance(ago, int | float) or not 0 <= ago <= _OLDEST:
        raise ParameterError(
            f"{address} takes at most how long ago it was, 0 to {_OLDEST:.0f} microseconds."
        )
    return now - ago / 1e6
