"""The control grid: where latent values are taken from an audio-rate signal.

Instant k lies at the border just before sample ``128 * k`` and carries the value the signal has at
sample ``128 * k - 1``, the last one before the border, as nn~ keeps the last sample of a block. A
decoder frame starting at sample ``128 * k`` therefore reads instant k. Instant 0 carries sample
-1: the state before the first sample, one phase increment before the start.
"""

CONTROL_PERIOD = 128
"""Samples between two grid instants."""


def carried_sample(instant: int) -> int:
    """Return the sample whose value `instant` carries: the last before its border."""
    return instant * CONTROL_PERIOD - 1


def border_sample(instant: int) -> int:
    """Return the first sample after `instant`, where a frame that reads it starts."""
    return instant * CONTROL_PERIOD


def first_instant(sample: int) -> int:
    """Return the first instant whose border lies at or after the start of `sample`."""
    return -(-sample // CONTROL_PERIOD)


def frame_instant(frame_start: int) -> int:
    """Return the instant that a decoder frame starting at sample `frame_start` reads.

    It is the last instant whose border lies at or before the frame start.
    """
    return frame_start // CONTROL_PERIOD


def block_instants(start: int, samples: int) -> tuple[int, int]:
    """Return (first instant, number of instants) with borders in [start, start + samples).

    Both arguments are in samples; consecutive blocks give consecutive instants, sometimes none.
    """
    first = first_instant(start)
    return first, first_instant(start + samples) - first
