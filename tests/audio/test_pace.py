"""Deadlines do not drift, and lateness is counted once it exceeds the slack."""

import time

import numpy as np
import pytest

from appliance.audio.null import NullOutput
from appliance.audio.pace import Pace


class Clock:
    """A monotonic clock whose sleeps overshoot by `overshoot_ns`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, overshoot_ns: int = 0) -> None:
        self.now = 10**15
        self.overshoot_ns = overshoot_ns
        monkeypatch.setattr(time, "monotonic_ns", lambda: self.now)
        monkeypatch.setattr(time, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += round(seconds * 1e9) + self.overshoot_ns


def test_an_hour_of_sloppy_sleeps_does_not_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, overshoot_ns=900_000)
    start = clock.now
    pace = Pace(rate=44100, slack=768)
    blocks = 3600 * 44100 // 256
    for _ in range(blocks):
        pace.wait(256)
    late = (clock.now - start) / 1e9 - blocks * 256 / 44100
    assert 0 <= late < 0.001
    assert pace.overruns == 0


def test_lateness_within_the_slack_is_caught_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    start = clock.now
    pace = Pace(rate=48000, slack=768)
    pace.wait(256)
    clock.now += 20_000_000
    assert not pace.wait(256)
    for _ in range(10):
        pace.wait(256)
    assert (clock.now - start) / 1e9 == pytest.approx(12 * 256 / 48000, abs=1e-6)
    assert pace.overruns == 0


def test_lateness_beyond_the_slack_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(rate=48000, slack=768)
    pace.wait(256)
    clock.now += 300_000_000
    assert pace.wait(256)
    resumed = clock.now
    assert not any(pace.wait(256) for _ in range(20))
    assert (clock.now - resumed) / 1e9 == pytest.approx(20 * 256 / 48000, abs=1e-6)
    assert pace.overruns == 1


def test_after_a_restart_the_past_is_no_lateness(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(rate=48000, slack=768)
    pace.wait(256)
    clock.now += 10**12
    pace.restart()
    assert not pace.wait(256)


def test_the_real_clock_keeps_time() -> None:
    output = NullOutput(rate=48000, period=480, paced=True)
    start = time.monotonic()
    block = np.zeros((2, 480), np.float32)
    for _ in range(30):
        output.write(block)
    assert time.monotonic() - start >= 0.2999
