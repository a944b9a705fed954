"""Real-time: sound cut into frames, encoded by a worker, and its latents handed back.

The audio thread writes blocks; whenever a frame is full, a worker (or the audio thread itself when
rendering) encodes it. Its latents hold from the end of the frame on.
"""

import time
from collections.abc import Callable

import numpy as np
import soxr
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.decoders.encoder import Encoder
from appliance.latent.encoded import Encoded

HOLD_SECONDS = 0.5
"""Silence after which the encoder rests and its latents are 0."""

_ROOM = 8  # frames that may wait beside those of one block


class Encoding:
    """An encoder with its own frame clock: frame n ends at sample (n + 1) * ratio of its rate.

    A model of another rate hears the sound through a resampler, whose delay comes on top. Exact
    silence of half a second lets the encoder rest: it forgets, and the latents are 0.
    """

    def __init__(
        self, model: str, encoder: Encoder, target: Encoded, *, rate: int, max_block: int
    ) -> None:
        """Publish the latents of sound at `rate` to `target`."""
        self.model = model
        self.encoder = encoder
        self._target = target
        self.lead = 0
        """Samples by which latents hold before their frame's end.

        Where a block of sound has come in whole before its own time is played, and is encoded at
        once, the block's length: its latents then shape that block already.
        """
        self._rate = rate
        self.frame_samples = encoder.ratio * rate / encoder.rate
        longest = int(self.frame_samples) + 1
        self._room = int(max_block / self.frame_samples) + 1 + _ROOM
        size = 1 << ((self._room + 2) * longest + max_block).bit_length()
        self._ring: NDArray[np.float32] = np.zeros(size, np.float32)
        self._mask = size - 1
        self._numbers = [0] * self._room
        self._posted = self._taken = 0
        self._frame = 0  # the next one to post
        self._written = 0
        self._quiet = 0  # samples of silence at the end of what was written
        self._rest = round(HOLD_SECONDS * rate)
        self._idle = self._rest + 3 * longest
        self._chunk: NDArray[np.float32] = np.zeros(longest, np.float32)
        self._zeros: NDArray[np.float32] = np.zeros(LATENT_CHANNELS, np.float32)
        self._silent = self._rest  # samples of silence at the end of what was encoded
        self._awake = False
        self._resampler = None
        if encoder.rate != rate:
            self._resampler = soxr.ResampleStream(
                rate, encoder.rate, 1, dtype="float32", quality="HQ"
            )
        # What the resampler gave beyond whole frames.
        self._rest_of_frame: NDArray[np.float32] = np.zeros(0, np.float32)
        self.last = np.zeros(LATENT_CHANNELS)
        """The latents that were published last."""
        self.broken = False
        """True once the encoder raised an error; the latents stay 0 from then on."""
        self.skipped = 0
        """Frames that were lost because the worker was too far behind."""
        self.frames = 0
        self.last_seconds = 0.0
        self.slowest_seconds = 0.0
        self.total_seconds = 0.0

    def write(self, block: NDArray[np.float32]) -> None:
        """Append a block, float32 (n,), and post the frames that it completes."""
        count = len(block)
        self._quiet = 0 if block.any() else self._quiet + count
        if self._quiet < len(self._ring) + count:  # it is not all silence already
            start = self._written & self._mask
            first = min(count, len(self._ring) - start)
            self._ring[start : start + first] = block[:first]
            self._ring[: count - first] = block[first:]
        self._written += count
        while self._end_of(self._frame) <= self._written:
            # After long silence the worker has let the encoder rest and need not be asked.
            if self._quiet < self._idle:
                self._post(self._frame)
            self._frame += 1

    @property
    def pending(self) -> bool:
        """True if a full frame waits to be encoded."""
        return self._taken < self._posted

    @property
    def oldest_start(self) -> int:
        """The sample at which the oldest waiting frame starts, if one is pending."""
        return self._end_of(self._numbers[self._taken % self._room] - 1)

    def work(self, due: Callable[[], int]) -> None:
        """Encode the oldest waiting frame."""
        del due  # however late they are, the latents are wanted
        number = self._numbers[self._taken % self._room]
        start, end = self._end_of(number - 1), self._end_of(number)
        chunk = self._chunk[: end - start]
        place = start & self._mask
        first = min(len(chunk), len(self._ring) - place)
        chunk[:first] = self._ring[place : place + first]
        chunk[first:] = self._ring[: len(chunk) - first]
        self._silent = 0 if chunk.any() else self._silent + len(chunk)
        if self._silent >= self._rest or self.broken:
            self._sleep(end)
        else:
            self._encode(chunk, end)
        self._taken += 1

    def fail(self) -> None:
        """Give zeros from now on: the encoder raised an error."""
        self.broken = True
        self._publish(self._written, self._zeros)
        self._taken += 1

    def reset(self) -> None:
        """Begin anew at sample 0, in silence; nothing may be pending."""
        self._written = self._frame = self._posted = self._taken = self._quiet = 0
        self._silent = self._rest
        self._forget()

    def _post(self, frame: int) -> None:
        if self._posted - self._taken >= self._room:
            self.skipped += 1
            return
        self._numbers[self._posted % self._room] = frame
        self._posted += 1

    def _end_of(self, frame: int) -> int:
        return (frame + 1) * self.encoder.ratio * self._rate // self.encoder.rate

    def _encode(self, chunk: NDArray[np.float32], end: int) -> None:
        start = time.perf_counter()
        self._awake = True
        if self._resampler is None:
            self._publish(end - self.lead, self.encoder.encode(chunk))
        else:
            sound = np.concatenate((self._rest_of_frame, self._resampler.resample_chunk(chunk)))
            ratio = self.encoder.ratio
            latents: NDArray[np.float32] | None = None
            while len(sound) >= ratio:
                latents = self.encoder.encode(sound[:ratio])
                sound = sound[ratio:]
            self._rest_of_frame = sound
            if latents is not None:
                self._publish(end - self.lead, latents)
        seconds = time.perf_counter() - start
        self.frames += 1
        self.last_seconds = seconds
        self.total_seconds += seconds
        self.slowest_seconds = max(self.slowest_seconds, seconds)

    def _sleep(self, end: int) -> None:
        if self._awake:
            self._forget()
            self._publish(end - self.lead, self._zeros)

    def _forget(self) -> None:
        self._awake = False
        self.encoder.reset()
        if self._resampler is not None:
            self._resampler.clear()
        self._rest_of_frame = np.zeros(0, np.float32)

    def _publish(self, sample: int, latents: NDArray[np.float32]) -> None:
        latents = latents[:LATENT_CHANNELS]
        self.last[: len(latents)] = latents
        self._target.publish(sample, latents)
