"""The ring between worker and audio thread: in time, and never a click."""

import numpy as np
import pytest

from appliance.engine.stream import FADE, Stream


def sine(count: int, rows: int = 2) -> np.ndarray:
    time = np.arange(count) / 44100
    return np.stack([np.sin(2 * np.pi * f * time) for f in (440, 997)[:rows]]).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_reads_what_was_written_at_the_right_time(seed: int) -> None:
    random = np.random.default_rng(seed)
    signal = sine(50_000)
    stream = Stream(2, 4096, 1024)
    written = read = 0
    got: list[np.ndarray] = []
    while read < 45_000:
        while written < read + 1024:
            count = int(random.integers(1, 700))
            stream.write(signal[:, written : written + count])
            written += count
        out = np.empty((2, int(random.integers(1, 1000))), np.float32)
        assert stream.read(read, out)
        got.append(out.copy())
        read += out.shape[1]
    assert np.array_equal(np.concatenate(got, axis=1), signal[:, :read])


def test_is_silent_before_position_zero() -> None:
    stream = Stream(1, 1024, 512)
    stream.write(np.ones((1, 300), np.float32))
    out = np.full((1, 200), 9, np.float32)
    assert stream.read(-150, out)
    assert np.array_equal(out[0], np.r_[np.zeros(150), np.ones(50)].astype(np.float32))


@pytest.mark.parametrize("gap", [10, 200, 256, 1000, 5000])
@pytest.mark.parametrize("block", [64, 256, 1000])
def test_a_late_frame_rings_out_and_returns_in_time(gap: int, block: int) -> None:
    """Samples that come `gap` too late leave no step larger than the sine's own."""
    signal = sine(40_000)
    stream = Stream(2, 20_000, 1024)
    stream.write(signal[:, :8_000])
    got: list[np.ndarray] = []
    read, complete = 0, []
    while read < 30_000:
        if read >= 8_000 + gap and stream.written == 8_000:
            stream.write(signal[:, 8_000:40_000])
        out = np.empty((2, block), np.float32)
        complete.append(stream.read(read, out))
        got.append(out)
        read += block
    audio = np.concatenate(got, axis=1)
    if block < gap:
        assert not all(complete)
    late_from, late_to = 8_000, 8_000 + gap + 2 * block + FADE
    assert np.array_equal(audio[:, :late_from], signal[:, :late_from])
    assert np.array_equal(audio[:, late_to:], signal[:, late_to : audio.shape[1]])
    steepest = np.abs(np.diff(signal)).max()
    assert np.abs(np.diff(audio)).max() < 1.6 * steepest


def test_a_second_late_frame_during_the_return_does_not_click() -> None:
    signal = sine(20_000)
    stream = Stream(2, 20_000, 256)
    got: list[np.ndarray] = []
    random = np.random.default_rng(4)
    for read in range(0, 12_000, 64):
        if random.random() < 0.5 and stream.written < read + 200:
            stream.write(signal[:, stream.written : stream.written + 150])
        out = np.empty((2, 64), np.float32)
        stream.read(read, out)
        got.append(out)
    audio = np.concatenate(got, axis=1)
    assert np.abs(audio).max() <= 1.01
    assert np.abs(np.diff(audio)).max() < 3 * np.abs(np.diff(signal)).max()


def test_a_jump_crossfades() -> None:
    signal = sine(20_000)
    stream = Stream(2, 20_000, 256)
    stream.write(signal)
    got: list[np.ndarray] = []
    for read in range(0, 8_192, 256):
        if read == 4_096:
            stream.jump(read)
        out = np.empty((2, 256), np.float32)
        stream.read(read if read < 4_096 else read - 300, out)
        got.append(out)
    audio = np.concatenate(got, axis=1)
    assert np.abs(np.diff(audio)).max() < 1.6 * np.abs(np.diff(signal)).max()
    assert np.array_equal(audio[:, 4_096 + FADE :], signal[:, 4_096 + FADE - 300 : 8_192 - 300])
