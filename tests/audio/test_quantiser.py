"""The bytes a card gets are the samples, by the stated rule, whatever the block sizes."""

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.audio.quantiser import SAMPLE_BYTES, Quantiser

FORMATS = list(SAMPLE_BYTES)


def encode(
    signal: NDArray[np.float32], format_name: str, sizes: list[int], seed: int = 3
) -> NDArray[np.uint8]:
    """Return uint8 (n, frame bytes) of `signal`, (2, n), cut into blocks of the cycled `sizes`."""
    quantiser = Quantiser(format_name=format_name, max_block=max(sizes), seed=seed)
    out = np.zeros((signal.shape[1], quantiser.frame_bytes), np.uint8)
    start = turn = 0
    while start < signal.shape[1]:
        stop = min(start + sizes[turn % len(sizes)], signal.shape[1])
        quantiser.encode(signal[:, start:stop], out[start:stop])
        start, turn = stop, turn + 1
    return out


def noise(frames: int, level: float = 0.5) -> NDArray[np.float32]:
    random = np.random.default_rng(5)
    return (level * random.uniform(-1, 1, (2, frames))).astype(np.float32)


def test_s32_is_exact_for_every_float32_sample() -> None:
    signal = noise(5000)
    got = encode(signal, "S32_LE", [256]).view("<i4")
    assert np.array_equal(got, np.rint(signal.T.astype(np.float64) * 2**31))


def test_s24_rounds_to_the_nearest_step() -> None:
    signal = noise(5000)
    data = encode(signal, "S24_3LE", [256]).reshape(-1, 2, 3)
    padded = np.concatenate([np.zeros((5000, 2, 1), np.uint8), data], axis=2)
    got = np.ascontiguousarray(padded).view("<i4")[..., 0] >> 8
    assert np.array_equal(got, np.rint(signal.T.astype(np.float64) * 2**23))


def test_s16_dither_is_triangular_zero_mean_and_within_one_and_a_half_steps() -> None:
    signal = noise(200_000)
    error = encode(signal, "S16_LE", [256]).view("<i2") - signal.T.astype(np.float64) * 2**15
    assert np.max(np.abs(error)) <= 1.51
    assert abs(np.mean(error)) < 0.01
    # Triangular dither (1/6) and rounding (1/12) add to a quarter of a step squared.
    assert np.var(error) == pytest.approx(0.25, rel=0.02)
    # The error's loudness must not follow the signal: that is what dither is for.
    loud = np.abs(signal.T) > 0.25
    assert np.var(error[loud]) == pytest.approx(np.var(error[~loud]), rel=0.03)


def test_s16_keeps_a_tone_below_one_step() -> None:
    tone = (0.4 / 2**15 * np.sin(np.arange(96000) * 0.05)).astype(np.float32)
    got = encode(np.stack([tone, tone]), "S16_LE", [256]).view("<i2")[:, 0]
    assert np.dot(got, tone) / np.dot(tone, tone) == pytest.approx(2**15, rel=0.05)


@pytest.mark.parametrize("format_name", FORMATS)
def test_full_scale_clips_and_what_is_not_finite_is_silence(format_name: str) -> None:
    row = np.array([1.0, -1.0, 7.0, -7.0, np.nan, np.inf, -np.inf], np.float32)
    got = encode(np.stack([row, row]), format_name, [256])
    if format_name == "FLOAT_LE":
        values, top, bottom = got.view("<f4")[:, 0], 1.0, -1.0
    elif format_name == "S24_3LE":
        raw = got.reshape(-1, 2, 3)[:, 0].astype(np.int32)
        values = raw[:, 0] | raw[:, 1] << 8 | (raw[:, 2].astype(np.int8).astype(np.int32) << 16)
        top, bottom = 2**23 - 1, -(2**23)
    else:
        values = got.view({"S32_LE": "<i4", "S16_LE": "<i2"}[format_name])[:, 0]
        bits = 8 * SAMPLE_BYTES[format_name]
        # The largest float32 below 1 lies 128 steps below full scale in 32 bits.
        top, bottom = (2**31 - 128 if bits == 32 else 2**15 - 1), -(2 ** (bits - 1))
    steps = 1 if format_name == "S16_LE" else 0
    assert np.all(np.abs(values[:4] - np.array([top, bottom, top, bottom], np.float64)) <= steps)
    assert np.all(np.abs(values[4:].astype(np.float64)) <= steps)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("sizes", [[1], [7], [64], [1000], [4096], [3, 500, 1, 129]])
def test_bytes_do_not_depend_on_block_sizes(format_name: str, sizes: list[int]) -> None:
    signal = noise(3000)
    assert np.array_equal(encode(signal, format_name, sizes), encode(signal, format_name, [3000]))


@pytest.mark.parametrize("format_name", FORMATS)
def test_memory_does_not_grow(format_name: str) -> None:
    quantiser = Quantiser(format_name=format_name, max_block=256)
    block = noise(256)
    out = np.zeros((256, quantiser.frame_bytes), np.uint8)
    quantiser.encode(block, out)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(500):
            quantiser.encode(block, out)
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert after - before < 2000
