"""What is wrong, most urgent first: sound before power, power before heat, all before chatter."""

from dataclasses import dataclass

from appliance.panel.oled.facts import Machine
from appliance.panel.oled.screen import Alert, Rank
from appliance.panel.signals import Signals
from appliance.panel.state import State

HOT = 80.0
"""Degrees Celsius from which boards begin to lower their clock."""
FRESH = 10.0
"""Seconds for which a late frame or an xrun is worth telling."""
_TURN = 3.0  # seconds that each of several alerts of one rank is shown


@dataclass(slots=True)
class _Counter:
    seen: int | None = None
    before: int = 0
    since: float = 0.0

    def fresh(self, count: int, now: float) -> int:
        """Return how many came lately."""
        if self.seen is None or count < self.seen:  # the first look, or a new engine
            self.seen = self.before = count
        if count > self.seen:
            self.seen, self.since = count, now
        if now - self.since > FRESH:
            self.before = self.seen
        return self.seen - self.before


class Alerts:
    """Gathers alerts look by look; times are in seconds and must not go back."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._xruns, self._late = _Counter(), _Counter()

    def gather(
        self, state: State, connected: bool, machine: Machine, signals: Signals, now: float
    ) -> list[Alert]:
        """Return all alerts, the most urgent first."""
        found: list[Alert] = []
        if not connected:
            found.append(Alert(Rank.AUDIO, "the engine restarts"))
        else:
            found += self._of_engine(state, now)
        if machine.under_voltage:
            found.append(Alert(Rank.VOLTAGE, "power supply too weak"))
        hot = machine.temperature is not None and machine.temperature >= HOT
        if hot or machine.throttled:
            degrees = "" if machine.temperature is None else f"{machine.temperature:.0f} C: "
            lowered = "clock is lowered" if machine.throttled else "very hot"
            found.append(Alert(Rank.HEAT, degrees + lowered))
        found += [Alert(Rank.INFO, f"{side} footswitch is stuck") for side in signals.stuck]
        return sorted(found, key=lambda alert: alert.rank)

    def _of_engine(self, state: State, now: float) -> list[Alert]:
        found: list[Alert] = []
        if state.output.lost:
            found.append(Alert(Rank.AUDIO, "sound card is gone"))
        found += [Alert(Rank.AUDIO, f"{d.model} stopped") for d in state.decoders if d.broken]
        xruns = self._xruns.fresh(state.output.xruns, now)
        late = self._late.fresh(state.engine.late_frames, now)
        if xruns:
            found.append(Alert(Rank.AUDIO, f"{xruns} gap{'s' if xruns > 1 else ''} in the sound"))
        if late:
            found.append(Alert(Rank.LATE, f"{late} late frame{'s' if late > 1 else ''}"))
        words = (*state.flags, *state.presets.problems)
        return found + [Alert(Rank.INFO, word) for word in words if " is gone" not in word]


def shown(alerts: list[Alert], now: float) -> Alert | None:
    """Return the one to show: of several that are most urgent each has its turn."""
    worst = [alert for alert in alerts if alert.rank == alerts[0].rank]
    return worst[int(now / _TURN) % len(worst)] if worst else None
