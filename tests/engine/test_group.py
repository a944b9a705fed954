"""The frame clock of a group of slots."""

import numpy as np
import pytest

from appliance.decoders.library import Library
from appliance.engine.group import Group


def group(library: Library, model: str = "fast", *, offset: int = 0, rate: int = 44100) -> Group:
    decoder = library.open(model, [1, 2])
    return Group(model, decoder, [0, 1], rate=rate, offset=offset, reserve=4096, max_block=1024)


def run(subject: Group, blocks: int, block: int, *, headroom: int = 0) -> np.ndarray:
    z = np.random.default_rng(5).standard_normal((4096, 2, 8))
    on = np.ones(2, np.bool_)
    frame, got = 0, []
    for start in range(0, blocks * block, block):
        while subject.next_start < start + block:
            subject.post(z[frame], on)
            frame += 1
            while subject.pending:
                subject.work(lambda now=start - headroom: now)
        out = np.empty((2, block), np.float32)
        subject.read(start, headroom, out)
        got.append(out)
    assert subject.late == 0 and subject.skipped == 0
    return np.concatenate(got, axis=1)


@pytest.mark.parametrize("offset", [0, 128, 256])
@pytest.mark.parametrize("headroom", [0, 256, 777])
def test_offset_and_headroom_only_delay(library: Library, offset: int, headroom: int) -> None:
    plain = run(group(library), 40, 256)
    moved = run(group(library, offset=offset), 40, 256, headroom=headroom)
    delay = offset + headroom
    assert not moved[:, :delay].any()
    assert np.array_equal(moved[:, delay:], plain[:, : plain.shape[1] - delay])
    assert np.abs(plain).max() > 0.01


def test_block_size_does_not_matter(library: Library) -> None:
    whole = run(group(library), 12, 1000)
    for block in (1, 64, 300):
        parts = run(group(library), 3000 // block, block)
        assert np.array_equal(parts, whole[:, : parts.shape[1]])


def test_another_rate_keeps_time_and_pitch(library: Library) -> None:
    """A model at 48 kHz in an engine at 44.1 kHz sounds as its resampled whole does."""
    import soxr  # noqa: PLC0415

    subject = group(library, "other")
    got = run(subject, 400, 256)
    decoder = library.open("other", [1, 2])
    z = np.random.default_rng(5).standard_normal((4096, 2, 8)).astype(np.float32)
    frames = []
    audio = np.zeros((2, 256), np.float32)
    for frame in range(460):
        decoder.decode(z[frame], [True, True], audio)
        frames.append(audio.copy())
    whole = soxr.resample(np.concatenate(frames, axis=1).T, 48000, 44100, quality="HQ").T
    shift = subject.delay
    assert 0 < shift < 2048
    expected = whole[:, : got.shape[1] - shift]
    error = got[:, shift:] - expected
    assert np.abs(error[:, 500:]).max() < 1e-3
    assert abs(subject.start_of(48000) - 44100 * 256) <= 1


def test_a_worker_that_falls_behind_skips_and_stays_in_time(library: Library) -> None:
    reference = run(group(library), 64, 256)
    subject = group(library)
    z = np.random.default_rng(5).standard_normal((4096, 2, 8))
    on = np.ones(2, np.bool_)
    got = []
    for number in range(64):
        subject.post(z[number], on)
        asleep = 20 <= number < 40
        while subject.pending and not asleep:
            subject.work(lambda now=number * 256: now)
        out = np.empty((2, 256), np.float32)
        subject.read(number * 256, 0, out)
        got.append(out)
    audio = np.concatenate(got, axis=1)
    # Frames 20 to 39 were over; frame 40 found the queue full, before the worker emptied it.
    assert subject.skipped == subject.late == 21
    assert np.array_equal(audio[:, : 20 * 256], reference[:, : 20 * 256])
    back = audio[:, 43 * 256 :]
    assert np.abs(back).max() > 0.01  # it came back; its state differs, frames were missed
    assert not audio[:, 22 * 256 : 40 * 256].any()
    assert subject.stream.written == 64 * 256


def test_a_sleeping_row_costs_nothing_and_wakes_without_a_click(library: Library) -> None:
    subject = group(library)
    z = np.full((2, 8), 0.7)
    got = []
    for number in range(60):
        on = np.array([True, not 20 <= number < 40])
        subject.post(z, on)
        subject.work(lambda now=number * 256: now)
        out = np.empty((2, 256), np.float32)
        subject.read(number * 256, 0, out)
        got.append(out)
    audio = np.concatenate(got, axis=1)
    assert not audio[1, 20 * 256 : 40 * 256].any()
    assert abs(audio[1, 40 * 256]) < 1e-3
    assert np.abs(audio[1, 40 * 256 :]).max() > 0.01
    assert np.abs(audio[0, 20 * 256 : 40 * 256]).max() > 0.01


def test_a_decoder_that_gives_nan_starts_anew(library: Library) -> None:
    subject = group(library)
    decode, calls = subject.decoder.decode, [0]

    def spoil(z: np.ndarray, active: list[bool], audio: np.ndarray) -> None:
        decode(z, active, audio)
        calls[0] += 1
        if calls[0] == 10:
            audio[1, 7] = np.nan

    subject.decoder.decode = spoil  # type: ignore[method-assign]
    audio = run(subject, 20, 256)
    clean = run(group(library), 20, 256)
    assert np.isfinite(audio).all() and subject.healed == 1
    assert np.array_equal(audio[0], clean[0])
    assert not audio[1, 9 * 256 : 10 * 256].any()
    assert np.abs(audio[1, 10 * 256 :]).max() > 0.01


def test_a_broken_decoder_falls_silent_and_time_goes_on(library: Library) -> None:
    subject = group(library)
    z = np.zeros((2, 8))
    on = np.ones(2, np.bool_)
    subject.post(z, on)
    subject.fail()
    for _ in range(5):
        subject.post(z, on)
        subject.work(lambda: 0)
    assert subject.broken
    assert subject.stream.written == 6 * 256
    assert not subject.pending
