"""What an imported graph is for."""

from enum import StrEnum


class Role(StrEnum):
    """Latents to sound, or sound to latents; also the key of a graph's contract in its file."""

    DECODER = "decoder"
    ENCODER = "encoder"


PEAKS = "peaks"
"""A spectral decoder's input that lets phases follow its peaks, 0 or 1 for each row."""
