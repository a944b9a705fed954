"""What keeps a new slot and what takes it back."""

from typing import Any

from appliance.update.health import complaint, prove

APART = 10.0


def report(uptime: float = 10.0, blocks: int = 100, **changes: Any) -> dict[str, Any]:
    state: dict[str, Any] = {
        "uptime_s": uptime,
        "flags": [],
        "output": {"lost": False},
        "engine": {"blocks": blocks},
        "decoders": [{"model": "choir", "broken": None}],
    }
    return state | changes


def test_an_engine_that_plays_on_is_kept() -> None:
    assert complaint(report(), report(20.0, 900), APART) is None


def test_each_fault_is_named() -> None:
    after = report(20.0, 900)
    assert "safe" in (complaint(report(), after | {"flags": ["Safe start: x"]}, APART) or "")
    assert "crashed" in (complaint(report(30.0), after, APART) or "")
    assert "sound card" in (complaint(report(), after | {"output": {"lost": True}}, APART) or "")
    assert "stands still" in (complaint(report(), report(20.0, 100), APART) or "")
    broken = [{"model": "choir", "broken": "why"}]
    assert "choir" in (complaint(report(), after | {"decoders": broken}, APART) or "")


class World:
    """A clock, and an engine that answers from `answers` on, with steady progress."""

    def __init__(self, answers: float, restarts: float = 1e9) -> None:
        self.now, self.answers, self.restarts = 0.0, answers, restarts

    def status(self) -> dict[str, Any] | None:
        if self.now < self.answers:
            return None
        up = self.now % self.restarts
        return report(up, int(100 * self.now))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def prove(self) -> str | None:
        return prove(self.status, clock=lambda: self.now, sleep=self.sleep)


def test_a_slow_start_is_waited_for() -> None:
    world = World(answers=60.0)
    assert world.prove() is None
    assert world.now < 75.0


def test_patience_ends() -> None:
    world = World(answers=1e9)
    assert world.prove() == "the engine does not answer"
    assert world.now >= 120.0


def test_a_crash_loop_is_never_healthy() -> None:
    assert World(answers=0.0, restarts=7.0).prove() == "the engine has crashed"
