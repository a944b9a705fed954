"""What the encoder hears: file, feedback and gains, the same for any block size."""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.input.clip import FULL_SCALE, Clip
from appliance.input.feedback import Feedback
from appliance.input.sources import Sources
from appliance.parameters import Table, Values

RATE = 44100
STEP = FULL_SCALE / 32767


def ramp(samples: int = 10_000) -> Clip:
    """A clip whose sample tells where it lies."""
    return Clip(Path("ramp"), np.arange(1, samples + 1, dtype=np.int16))


class Desk:
    """The sources, and the voices that come back to them."""

    def __init__(self, clip: Clip | None = None, **settings: float) -> None:
        self.values = Values(Table())
        for name, value in settings.items():
            self.values.set(f"/encoder/{name.replace('__', '/')}", value)
        self.sources = Sources(self.values, 4, RATE, 1024, delay=1024)
        self.sources.file.clip = clip
        self.sources.reset()
        self.voices: Callable[[int], NDArray[np.float32]] = lambda n: np.zeros((4, n), np.float32)

    def play(self, samples: int, sizes: list[int]) -> NDArray[np.float32]:
        out, done, turn = np.zeros(samples, np.float32), 0, cycle(sizes)
        while done < samples:
            n = min(next(turn), samples - done)
            out[done : done + n] = self.sources.process(n)
            self.sources.feedback.write(self.voices(n))
            done += n
        return out


@pytest.mark.parametrize(
    "settings",
    [
        {"file__play": 1},
        {"file__play": 1, "file__loop": 0},
        {"file__play": 1, "file__start": 0.31, "file__end": 0.37},
        {"file__play": 1, "file__start": 0.9, "file__end": 0.1, "file__level_db": -7.3},
        {"file__play": 1, "file__start": 1, "file__end": 1},
    ],
)
def test_how_blocks_are_cut_does_not_change_a_bit(settings: dict[str, float]) -> None:
    whole = Desk(ramp(), **settings).play(30_000, [1024])
    assert whole.any()
    for sizes in ([1], [64, 300, 17, 1000]):
        assert np.array_equal(Desk(ramp(), **settings).play(30_000, sizes), whole)


def test_a_part_is_played_round_and_round_without_a_click() -> None:
    rest = Clip(Path("rest"), np.full(10_000, 16000, np.int16))
    settings = {"file__play": 1, "file__start": 0.2, "file__end": 0.5}
    sound = Desk(rest, **settings).play(20_000, [256])
    assert np.abs(np.diff(sound)).max() < 16000 * STEP / 170  # over 4 ms of 176 samples
    where = Desk(ramp(), **settings).play(20_000, [256])
    assert where[1500] == pytest.approx(3501 * STEP)
    assert where[1500 + 3000] == where[1500] and where[1500 + 6000] == where[1500]


def test_played_once_it_ends_and_begins_again_when_switched_on() -> None:
    desk = Desk(ramp(), file__play=1, file__loop=0)
    sound = desk.play(20_000, [256])
    assert sound[9_000] == pytest.approx(9_001 * STEP) and not sound[10_000:].any()
    assert desk.sources.file.ended
    for on in (0, 1):
        desk.values.set("/encoder/file/play", on)
        again = desk.play(5_000, [256])
    assert again[4_000] == pytest.approx(4_001 * STEP)


def test_switching_off_fades_and_a_new_clip_begins_at_its_start() -> None:
    desk = Desk(Clip(Path("rest"), np.full(30_000, 16000, np.int16)), file__play=1)
    desk.play(5_120, [256])
    desk.values.set("/encoder/file/play", 0)
    sound = desk.play(2_560, [256])
    assert np.abs(np.diff(sound)).max() < 1.51 * 16000 * STEP / 882 and not sound[882:].any()
    desk.values.set("/encoder/file/play", 1)
    desk.play(3_000, [100])
    desk.sources.file.clip = ramp()
    assert desk.play(3_000, [100])[2_000] == pytest.approx(2_001 * STEP)


def test_it_runs_on_unheard_and_silence_is_exact() -> None:
    desk = Desk(ramp(), file__play=1, file__level_db=-60)
    assert not desk.play(5_000, [250]).any()
    desk.values.set("/encoder/file/level_db", 0)
    assert desk.play(2_000, [250])[1_500] == pytest.approx(6_501 * STEP, rel=1e-5)
    assert not Desk(None, file__play=1).play(1_000, [100]).any()


def test_voices_come_back_late_by_the_delay_and_no_gain_passes_full_scale() -> None:
    random = np.random.default_rng(3)
    voices = random.standard_normal((4, 8_192)).astype(np.float32)
    whole: NDArray[np.float32] | None = None
    for sizes in ([512], [100, 1, 411], [64]):
        desk = Desk(feedback__2__level_db=24, feedback__3__level_db=-6)
        done = 0

        def next_voices(n: int) -> NDArray[np.float32]:
            nonlocal done
            done += n
            return voices[:, done - n : done]

        desk.voices = next_voices
        sound = desk.play(8_192, sizes)
        whole = sound if whole is None else whole
        assert np.array_equal(sound, whole), sizes
    assert whole is not None
    assert not whole[:1024].any() and np.abs(whole).max() < 1
    total = 10 ** (24 / 20) * voices[1] + 10 ** (-6 / 20) * voices[2]
    expected = total / np.sqrt(1 + total**2)
    assert np.allclose(whole[1024:], expected[:-1024], atol=1e-6)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e10, 1e30])
def test_whatever_the_voices_give_the_loop_stays_within_full_scale(size: float) -> None:
    feedback = Feedback(2, 64, 64)
    for _ in range(4):
        feedback.write(np.full((2, 64), size, np.float32))
        sound = feedback.read(np.full((2, 1), 16.0), 64)
        assert np.isfinite(sound).all() and np.abs(sound).max() <= 1


def test_voices_that_were_written_early_come_back_in_time() -> None:
    voices = 0.5 * np.random.default_rng(0).standard_normal((2, 1024)).astype(np.float32)
    gains = np.ones((2, 1))
    plain, early = Feedback(2, 128, 256), Feedback(2, 128, 256)
    for start in range(0, 1024, 128):
        here = voices[:, start : start + 128]
        odd = start // 128 % 2
        early.ahead = 128 * odd
        np.testing.assert_array_equal(early.read(gains, 128), plain.read(gains, 128))
        plain.write(here)
        if not odd:
            early.write(voices[:, start : start + 256])
