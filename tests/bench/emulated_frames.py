"""Decodes some frames in an emulated processor; it asks for its parent's id before and after each.

`python tests/bench/emulated_frames.py GRAPH ROWS FRAMES`, with numpy and onnxruntime only.
"""

import os
import sys
from pathlib import Path

import numpy as np

from appliance.decoders.onnx_decoder import OnnxDecoder


def main() -> None:
    """Decode."""
    rows, frames = int(sys.argv[2]), int(sys.argv[3])
    decoder = OnnxDecoder(Path(sys.argv[1]), list(range(rows)))
    z = np.random.default_rng(0).standard_normal((frames, rows, 8)).astype(np.float32)
    audio, active = np.zeros((rows, decoder.ratio), np.float32), [True] * rows
    for now in z:
        os.getppid()
        decoder.decode(now, active, audio)
    os.getppid()


if __name__ == "__main__":
    main()
