"""Live sound from a card that is late, wrong, or pulled out."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from appliance.audio.fake import FakeDriver
from appliance.input import capture as captures
from appliance.input.capture import Capture

NAME = "hw:CARD=Fake,DEV=0"


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


def card(**options: object) -> FakeDriver:
    driver = FakeDriver(name=NAME, paced=True, **options)  # pyright: ignore[reportArgumentType]
    left = np.full(64, 1 << 30, "<i4")
    driver.recorded = np.stack([left, left // 2], 1).tobytes()
    return driver


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Capture]]:
    monkeypatch.setattr(captures, "_LISTEN", 0.01)
    monkeypatch.setattr(captures, "_RETRY", 0.02)
    made: list[Capture] = []

    def make(driver: FakeDriver, name: str = NAME, **options: str) -> Capture:
        capture = Capture(name, rate=44100, period=1024, driver=driver, **options)  # pyright: ignore[reportArgumentType]
        made.append(capture)
        capture.start()
        return capture

    yield make
    for capture in made:
        capture.stop()


def heard(capture: Capture) -> float:
    """Return the level that the reader gets, once there is sound."""
    block = np.zeros(1024, np.float32)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        capture.read(block)
        if block[-1]:
            return float(block[-1])
        time.sleep(0.01)
    raise AssertionError("there is no sound")


@pytest.mark.parametrize(("channel", "level"), [("left", 0.5), ("right", 0.25), ("both", 0.375)])
def test_a_channel_is_heard(recording: Callable[..., Capture], channel: str, level: float) -> None:
    capture = recording(card(), channel=channel)
    time.sleep(0.05)
    assert not capture.open  # nobody listens
    capture.wanted = True
    assert heard(capture) == pytest.approx(level, abs=1e-3)
    capture.wanted = False
    until(lambda: not capture.open)


def test_a_card_that_is_pulled_out_is_taken_up_again(recording: Callable[..., Capture]) -> None:
    driver = card()
    capture = recording(driver)
    capture.wanted = True
    heard(capture)
    driver.unplug()
    block = np.ones(256, np.float32)
    capture.read(block)
    until(lambda: capture.problem)
    assert "does not record" in capture.problem and NAME in capture.problem
    capture.read(block)
    assert not block.any()
    driver.plug()
    until(lambda: not capture.problem)
    heard(capture)


@pytest.mark.parametrize(
    ("options", "name", "words"),
    [
        ({}, "hw:9", "does not record (No such file or directory)"),
        ({"rates": (192000,)}, NAME, "records at 192000 Hz, not 44100"),
        ({"channels": 1}, NAME, "does not record in stereo"),
        ({"formats": ("S24_3LE",)}, NAME, "does not record in stereo with 16 or 32 bits"),
    ],
)
def test_a_card_that_cannot_be_used_is_named(
    recording: Callable[..., Capture], options: dict[str, object], name: str, words: str
) -> None:
    capture = recording(card(**options), name)
    capture.wanted = True
    until(lambda: capture.problem)
    assert words in capture.problem and "encoder.capture" in capture.problem


def test_lost_sound_is_counted(recording: Callable[..., Capture]) -> None:
    driver = card(formats=("S16_LE",))
    driver.recorded = np.full(64, 1 << 14, "<i2").tobytes()
    capture = recording(driver)
    capture.wanted = True
    assert heard(capture) == pytest.approx(0.5, abs=1e-3)
    driver.underrun()
    capture.read(np.zeros(1024, np.float32))
    until(lambda: capture.overruns == 1)
