"""Real-time: slots that each play one channel of a two-channel model, both from one decode."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.decoders.onnx_decoder import OnnxDecoder

BOTH = -1
"""The channel of a slot that plays the mean of both."""
CHANNELS = {"both": BOTH, "left": 0, "right": 1}


class SplitDecoder:
    """A batch of slots of one two-channel model; see `appliance.decoders.decoder.Decoder`.

    A slot of the left and one of the right channel (0 and 1) with equal seeds share one decode,
    which reads the latents of the first of them.
    """

    def __init__(self, path: Path, seeds: Sequence[int], channels: Sequence[int]) -> None:
        """Load the graph at `path` for one slot per seed; raises ModelError as the runtime does."""
        rows = decodes(seeds, channels)
        self._first = [rows.index(row) for row in range(max(rows) + 1)]
        self._places = list(zip(rows, channels, strict=True))
        self._decoder = decoder = OnnxDecoder(path, [seeds[slot] for slot in self._first])
        self.rows = len(seeds)
        self.ratio, self.rate, self.latents = decoder.ratio, decoder.rate, decoder.latents
        self.peaks = np.zeros(self.rows, np.float32)
        self.conditions = np.zeros((self.rows, CONDITIONS), np.float32)
        self._z = np.zeros((decoder.rows, LATENT_CHANNELS), np.float32)
        self._mixed = np.zeros((decoder.rows, self.ratio), np.float32)
        self._active = [False] * decoder.rows

    def decode(
        self, z: NDArray[np.float32], active: Sequence[bool], audio: NDArray[np.float32]
    ) -> None:
        """Decode one frame for every active slot; see `Decoder.decode`."""
        self._active[:] = [False] * len(self._first)
        for slot, (row, _) in enumerate(self._places):
            self._active[row] |= active[slot]
        self._z[:] = z[self._first]
        self._decoder.decode(self._z, self._active, self._mixed)
        for slot, (row, channel) in enumerate(self._places):
            if active[slot]:
                single = channel != BOTH
                audio[slot] = self._decoder.heard[row, channel] if single else self._mixed[row]

    def reset(self, row: int) -> None:
        """Return the decode that the slot `row` plays to silence."""
        self._decoder.reset(self._places[row][0])


def decodes(seeds: Sequence[int], channels: Sequence[int]) -> list[int]:
    """Return for each slot the number of the decode that it plays, in order of appearance."""
    rows: list[int] = []
    open_to: dict[tuple[int, int], list[int]] = {}  # seed and the channel that is still free
    count = 0
    for seed, channel in zip(seeds, channels, strict=True):
        waiting = open_to.get((seed, channel), [])
        if channel != BOTH and waiting:
            rows.append(waiting.pop(0))
            continue
        rows.append(count)
        if channel != BOTH:
            open_to.setdefault((seed, 1 - channel), []).append(count)
        count += 1
    return rows
