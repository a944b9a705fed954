"""The control grid: which sample an instant carries and which instant a frame reads."""

import numpy as np
import pytest

from appliance.latent import grid


def test_an_instant_carries_the_last_sample_of_a_block_as_a_frame_reads_it():
    signal = np.arange(128 * 48)
    for ratio in (128, 512, 2048):
        last_of_block = signal.reshape(-1, ratio)[:, -1]
        frame_starts = np.arange(1, len(signal) // ratio + 1) * ratio  # the frame after each block
        read = [grid.carried_sample(grid.frame_instant(int(s))) for s in frame_starts]
        assert np.array_equal(signal[read], last_of_block)


@pytest.mark.parametrize(
    ("sample", "first", "frame"), [(0, 0, 0), (1, 1, 0), (127, 1, 0), (128, 1, 1), (129, 2, 1)]
)
def test_samples_map_to_the_instants_around_them(sample: int, first: int, frame: int):
    assert grid.first_instant(sample) == first
    assert grid.frame_instant(sample) == frame
    assert grid.border_sample(frame) <= sample <= grid.border_sample(first)


def test_blocks_of_any_size_share_out_the_instants_without_gap_or_repeat():
    sizes = np.random.default_rng(1).integers(1, 700, 300).tolist()
    expected, sample = 0, 0
    for size in sizes:
        first, count = grid.block_instants(sample, size)
        assert first == expected
        borders = [s for s in range(sample, sample + size) if s % 128 == 0]
        assert [grid.border_sample(first + i) for i in range(count)] == borders
        expected, sample = first + count, sample + size
