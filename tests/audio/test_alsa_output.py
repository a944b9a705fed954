"""The ALSA output over a card that keeps the rules: xruns, short counts, unplugging."""

import threading
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.audio import alsa, open_output
from appliance.audio.alsa import AlsaOutput
from appliance.audio.driver import XRUN
from appliance.audio.fake import FakeALSAError, FakeDriver
from appliance.errors import AudioError

NAME = "hw:CARD=Fake,DEV=0"
LEAD = 2 * 256


def signal(blocks: int) -> NDArray[np.float32]:
    random = np.random.default_rng(2)
    return random.uniform(-0.9, 0.9, (2, 256 * blocks)).astype(np.float32)


def play(output: AlsaOutput, sound: NDArray[np.float32]) -> None:
    for start in range(0, sound.shape[1], 256):
        output.write(sound[:, start : start + 256])


def played(driver: FakeDriver) -> NDArray[np.int32]:
    """Return what an S32 card played, (2, n), in its own steps."""
    return np.frombuffer(bytes(driver.played), "<i4").reshape(-1, 2).T


def steps(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return `sound` in the steps of an S32 card."""
    return np.rint(sound.astype(np.float64) * 2**31)


def wait_until(condition: Callable[[], bool], step: Callable[[], None]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        step()


def test_waiting_ends_when_there_is_room_for_a_period() -> None:
    driver = FakeDriver(paced=True)
    with AlsaOutput(NAME, driver=driver) as output:
        output.wait()  # nothing is queued yet
        for _ in range(6):
            output.write(np.zeros((2, 256), np.float32))
            output.wait()
            assert driver.opened[0].avail() >= 256
    assert driver.opened[0].closed


def test_waiting_for_a_card_that_is_gone_ends() -> None:
    driver = FakeDriver()
    with AlsaOutput(NAME, driver=driver, retry_s=60) as output:
        output.write(np.zeros((2, 256), np.float32))
        driver.unplug()
        output.wait()
        output.write(np.zeros((2, 256), np.float32))
        assert output.lost
        output.wait()


def test_the_card_is_full_of_silence_before_the_first_block() -> None:
    driver = FakeDriver()
    sound = signal(4)
    with AlsaOutput(NAME, driver=driver) as output:
        assert driver.writes == []
        play(output, sound)
        assert driver.writes == [LEAD, 256, 256, 256, 256]
        assert np.array_equal(played(driver)[:, :LEAD], np.zeros((2, LEAD)))
        assert np.array_equal(played(driver)[:, LEAD:], steps(sound))
    assert driver.opened[0].closed
    # Silence pushes out what was queued before the stream is stopped.
    assert driver.writes[5:] == [LEAD]


def test_short_counts_lose_nothing() -> None:
    driver = FakeDriver()
    sound = signal(6)
    with AlsaOutput(NAME, driver=driver) as output:
        play(output, sound[:, :256])
        driver.short_counts = [100, 1, 0, 7, 148, 255]
        play(output, sound[:, 256:])
        assert np.array_equal(played(driver)[:, LEAD:], steps(sound))
        assert output.xruns == 0


def test_after_an_xrun_the_same_block_is_played_behind_fresh_silence() -> None:
    driver = FakeDriver()
    sound = signal(6)
    with AlsaOutput(NAME, driver=driver) as output:
        play(output, sound[:, :512])
        driver.underrun()
        play(output, sound[:, 512:])
        heard = played(driver)
        assert output.xruns == 1
        assert driver.writes == [LEAD, 256, 256, XRUN, LEAD, 256, 256, 256, 256]
        assert np.array_equal(heard[:, LEAD : LEAD + 512], steps(sound[:, :512]))
        assert np.array_equal(heard[:, LEAD + 512 + LEAD :], steps(sound[:, 512:]))


def test_an_xrun_in_the_middle_of_a_block_plays_the_rest() -> None:
    driver = FakeDriver()
    sound = signal(2)
    with AlsaOutput(NAME, driver=driver) as output:
        play(output, sound[:, :256])
        driver.short_counts = [100]
        driver.underrun(after_writes=1, times=2)
        play(output, sound[:, 256:])
        assert output.xruns == 2
        assert np.array_equal(played(driver)[:, -156:], steps(sound[:, -156:]))


def test_a_card_that_takes_nothing_is_lost_not_waited_for() -> None:
    driver = FakeDriver()
    with AlsaOutput(NAME, driver=driver, retry_s=60) as output:
        play(output, signal(1))
        driver.underrun(times=100)
        play(output, signal(1))
        assert output.lost
        assert 0 < output.xruns < 20


def test_time_goes_on_without_the_card_and_it_comes_back() -> None:
    driver = FakeDriver(paced=True)
    sound = signal(8)
    with AlsaOutput(NAME, rate=48000, driver=driver, retry_s=0.02) as output:
        driver.underrun(after_writes=3)
        play(output, sound)
        assert output.xruns == 1
        assert output.delay > 0
        driver.unplug()
        start = time.monotonic()
        for _ in range(10):
            output.write(sound[:, :256])
        assert time.monotonic() - start >= 9 * 256 / 48000
        assert (output.lost, output.returns, output.delay) == (True, 0, 0)
        wait_until(lambda: driver.opened[0].closed, lambda: output.write(sound[:, :256]))
        driver.plug()
        wait_until(lambda: not output.lost, lambda: output.write(sound[:, :256]))
        driver.played.clear()
        play(output, sound)
        assert output.returns == 1
        assert output.xruns == 1
        assert len(driver.opened) == 2
        assert np.array_equal(played(driver), steps(sound))


def test_a_slow_opening_never_holds_up_the_audio_thread() -> None:
    driver = FakeDriver()
    block = signal(1)
    with AlsaOutput(NAME, rate=48000, driver=driver, retry_s=0.01) as output:
        output.write(block)
        driver.unplug()
        output.write(block)
        driver.open_delay = 0.6
        driver.plug()
        longest = 0.0
        start = time.monotonic()

        def step() -> None:
            nonlocal longest
            begin = time.monotonic()
            output.write(block)
            longest = max(longest, time.monotonic() - begin)

        wait_until(lambda: not output.lost, step)
        assert time.monotonic() - start > 0.5
        assert longest < 0.4


def test_a_card_may_come_and_go_many_times_without_leaving_threads_or_devices() -> None:
    driver = FakeDriver()
    block = signal(1)
    threads = threading.active_count()
    with AlsaOutput(NAME, rate=192000, driver=driver, retry_s=0.01) as output:
        for turn in range(5):
            output.write(block)
            driver.unplug()
            output.write(block)
            assert output.lost
            driver.plug()
            wait_until(lambda: not output.lost, lambda: output.write(block))
            assert output.returns == turn + 1
    assert threading.active_count() == threads
    assert all(pcm.closed for pcm in driver.opened)


def test_closing_while_the_card_is_away_releases_everything() -> None:
    driver = FakeDriver()
    output = AlsaOutput(NAME, driver=driver, retry_s=60)
    driver.unplug()
    output.write(signal(1))
    output.close()
    output.close()
    assert all(pcm.closed for pcm in driver.opened)


def test_a_box_can_start_before_its_card_is_there() -> None:
    driver = FakeDriver()
    driver.unplug()
    with AlsaOutput(NAME, driver=driver, wait_for_card=True, retry_s=0.01) as output:
        assert (output.lost, output.rate, output.period) == (True, 44100, 256)
        output.write(signal(1))
        driver.plug()
        wait_until(lambda: not output.lost, lambda: output.write(signal(1)))
        assert output.format_name == "S32_LE"


@pytest.mark.parametrize(
    ("formats", "granted"),
    [
        (("S16_LE",), "S16_LE"),
        (("S8", "S24_3LE", "S16_LE"), "S24_3LE"),
        (("FLOAT_LE",), "FLOAT_LE"),
        (("S8", "S32_LE", "S16_LE"), "S32_LE"),
    ],
)
def test_the_format_is_what_the_card_really_takes(formats: tuple[str, ...], granted: str) -> None:
    driver = FakeDriver(formats=formats)
    with AlsaOutput(NAME, driver=driver) as output:
        assert output.format_name == granted
        play(output, signal(2))
        assert sum(driver.writes) == LEAD + 512
    assert all(pcm.closed for pcm in driver.opened)


def test_the_granted_period_is_reported_and_any_block_fits() -> None:
    driver = FakeDriver(period=192)
    sound = signal(4)
    with AlsaOutput(NAME, period=256, driver=driver) as output:
        assert (output.period, output.periods) == (192, 3)
        play(output, sound)
        assert np.array_equal(played(driver)[:, 2 * 192 :], steps(sound))


@pytest.mark.parametrize(
    ("driver", "refusal", "message"),
    [
        (FakeDriver(), "Device or resource busy", r"in use by another program.*audio\.output"),
        (FakeDriver(), "Permission denied", r"may not be opened.*group 'audio'"),
        (FakeDriver(), "No such file or directory", r"does not exist.*--output FILE\.wav"),
        (FakeDriver(), "Connection refused", r"does not open \(Connection refused\)"),
        (FakeDriver(), "Invalid argument", r"none of our sample formats.*plughw"),
        (FakeDriver(formats=("S8",)), "", r"none of our sample formats.*plughw"),
        (FakeDriver(rates=(48000, 96000)), "", r"48000, 96000 Hz, not 44100.*audio\.rate to 48000"),
        (FakeDriver(channels=1), "", r"has 1 channels.*plughw"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(
    driver: FakeDriver, refusal: str, message: str
) -> None:
    driver.refusal = refusal
    with pytest.raises(AudioError, match=message) as caught:
        AlsaOutput(NAME, driver=driver)
    assert f"'{NAME}'" in str(caught.value)
    if refusal not in ("", "Invalid argument"):
        assert "known PCMs: 'hw:CARD=Fake', 'default'." in str(caught.value)
    assert all(pcm.closed for pcm in driver.opened)


def test_a_wrong_rate_is_not_waited_for() -> None:
    with pytest.raises(AudioError, match="not 44100 Hz"):
        AlsaOutput(NAME, driver=FakeDriver(rates=(48000,)), wait_for_card=True)


def test_without_alsaaudio_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(alsa.importlib, "import_module", missing)
    alsa.load_driver.cache_clear()
    try:
        with pytest.raises(AudioError, match=r"pip install pyalsaaudio.*--output FILE\.wav"):
            open_output("default")
    finally:
        alsa.load_driver.cache_clear()


def test_memory_does_not_grow_with_the_card_or_without() -> None:
    driver = FakeDriver()
    block = signal(1)
    with AlsaOutput(NAME, rate=192000, driver=driver, retry_s=60) as output:

        def growth(blocks: int) -> int:
            output.write(block)
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(blocks):
                output.write(block)
                driver.played.clear()
                driver.writes.clear()
            return tracemalloc.get_traced_memory()[0] - before

        tracemalloc.start()
        try:
            growth(10)
            # Eight bytes per block: less than any object kept would take.
            assert growth(1000) < 8000
            driver.unplug()
            assert growth(300) < 2400
        finally:
            tracemalloc.stop()


def test_the_fake_keeps_the_rules_of_the_binding() -> None:
    driver = FakeDriver()
    pcm = driver.PCM(device=NAME, rate=44100, channels=2, format=10, periodsize=256, periods=3)
    with pytest.raises(FakeALSAError, match="multiple of framesize"):
        pcm.write(memoryview(bytes(7)))
    with pytest.raises(FakeALSAError, match="busy"):
        driver.PCM(device=NAME, rate=44100, channels=2, format=10, periodsize=256, periods=3)
    driver.underrun()
    assert pcm.write(memoryview(bytes(8))) == XRUN
    assert not driver.played
    assert pcm.write(memoryview(bytes(8))) == 1
    driver.unplug()
    driver.plug()
    with pytest.raises(FakeALSAError, match=r"No such device \[hw:CARD=Fake,DEV=0\]"):
        pcm.write(memoryview(bytes(8)))
    pcm.close()
    with pytest.raises(FakeALSAError, match="closed"):
        pcm.write(memoryview(bytes(8)))
