"""Whether this machine has MIDI: asked before rtmidi, which fails loudly where it has none."""

import sys
from pathlib import Path

_SEQUENCER = Path("/dev/snd/seq")


def has_midi() -> bool:
    """Return whether rtmidi has something to open: on Linux ALSA's sequencer."""
    return sys.platform != "linux" or _SEQUENCER.exists()
