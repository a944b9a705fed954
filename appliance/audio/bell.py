"""Real-time: waiting for a PCM until it has so many frames of room, or of sound."""

import select
import time

from appliance.audio.driver import Pcm

_RINGS = 4  # without the frames, after which a bell is not believed any more
_DOZE = 0.0003  # seconds between looks at such a card


class Bell:
    """The descriptors by which ALSA tells of a period of `pcm` at `rate` Hz; a fake has none."""

    def __init__(self, pcm: Pcm, rate: int) -> None:
        """Take the descriptors of an open PCM."""
        self._pcm = pcm
        self._rate = rate
        self._poll = select.poll()
        for descriptor, events in pcm.polldescriptors():
            self._poll.register(descriptor, events)

    def wait(self, frames: int, seconds: float) -> int:
        """Wait at most `seconds` for `frames`; return how many there are, or ALSA's error number.

        May raise what the PCM raises.
        """
        end = time.monotonic() + seconds
        rings = 0
        while 0 <= (there := self._pcm.avail()) < frames:
            left = min(end - time.monotonic(), (frames - there) / self._rate)
            if left <= 0:
                break
            # A card without a bell has the frames once so much time has passed.
            rung = self._poll.poll(1e3 * left)
            if rung:
                self._pcm.polldescriptors_revents(rung)
                rings += 1
            if rings > _RINGS:
                time.sleep(_DOZE)
        return there
