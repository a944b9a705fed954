"""Real-time: the decoder slots that play one model, decoded together frame by frame.

The audio thread posts a latent at each frame's start; a worker (or the audio thread itself when
rendering) decodes it and writes the samples into a stream, due one headroom later.
"""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from appliance import CONDITIONS, LATENT_CHANNELS
from appliance.decoders.decoder import Decoder
from appliance.engine.stream import Stream

AMPLE = 1 << 62  # slack before any frame was measured
_WAKING = 1024  # samples; a decoder that wakes starts with a jump, its filter bank's delay later
_BEHIND = 4  # frames a worker may be behind before new ones are passed over


class Group:
    """A batch of decoders with its own frame clock.

    `slots` are the decoder slots it plays, row by row. Frame n starts at sample
    `offset` + n * ratio of the engine's clock.
    """

    def __init__(
        self,
        model: str,
        decoder: Decoder,
        slots: Sequence[int],
        *,
        rate: int,
        offset: int,
        reserve: int,
        max_block: int,
        look_ahead: int = 0,
    ) -> None:
        """Prepare streams at `rate`; `reserve` samples of headroom must fit in the ring.

        `look_ahead` is by how many samples a latent is heard later than its frame.
        """
        self.look_ahead = look_ahead
        self.held = 0
        """Samples by which the sound waits for the decoders with a longer look-ahead."""
        self.model = model
        self.decoder = decoder
        self.slots = tuple(slots)
        first, last = self.slots[0], self.slots[-1] + 1
        neighbours = self.slots == tuple(range(first, last))
        self.rows = slice(first, last) if neighbours else list(self.slots)
        """Picks its slots from an array of all: a slice where that will do, which is quicker."""
        self.offset = offset
        self._rate = rate
        rows = len(self.slots)
        # The resampler holds back some samples; this bound on them is part of the delay.
        self._resamplers = [
            soxr.ResampleStream(decoder.rate, rate, 1, dtype="float32", quality="HQ")
            for _ in range(rows if decoder.rate != rate else 0)
        ]
        self.delay = self._resampler_delay() if self._resamplers else 0
        self.frame_samples = decoder.ratio * rate / decoder.rate
        self._room = pending = int(max_block / self.frame_samples) + 1 + _BEHIND
        capacity = reserve + self.delay + int((pending + 2) * self.frame_samples)
        self.stream = Stream(rows, capacity, max_block)
        self._latents = np.zeros((pending, rows, LATENT_CHANNELS), np.float32)
        self._active = np.zeros((pending, rows), np.bool_)
        self._peaks = np.zeros((pending, rows), np.bool_)
        self._conditions = np.zeros((pending, rows, CONDITIONS), np.float32)
        self._numbers = [0] * pending
        self._posted = 0
        self._taken = 0
        self._frame = 0  # the next frame to post
        self._expected = 0  # the next frame the stream needs
        self._audio: NDArray[np.float32] = np.zeros((rows, decoder.ratio), np.float32)
        self._sounding = self._asleep = [False] * rows
        self._fade = np.linspace(0, 1, min(_WAKING, decoder.ratio), dtype=np.float32)
        self.broken = False
        """True once the decoder raised an error; the group stays silent from then on."""
        self.slack = AMPLE
        """Least samples by which a frame was ready before it was due; the player sets it back."""
        self._late_frame = -1
        self.late = 0
        """Frames that were not ready when they were due."""
        self.skipped = 0
        """Frames that were not decoded at all because the worker was too far behind."""
        self.healed = 0
        """Frames that were not finite; their decoder started anew."""
        self.frames = 0
        self.last_seconds = 0.0
        self.slowest_seconds = 0.0
        self.total_seconds = 0.0

    def start_of(self, frame: int) -> int:
        """Return the sample of the engine's clock at which `frame` starts."""
        return self.offset + frame * self.decoder.ratio * self._rate // self.decoder.rate

    @property
    def next_start(self) -> int:
        """The sample at which the next frame to be posted starts."""
        return self.start_of(self._frame)

    def post(
        self,
        z: NDArray[np.float64],
        active: NDArray[np.bool_],
        peaks: NDArray[np.bool_] | None = None,
        conditions: NDArray[np.float64] | None = None,
    ) -> None:
        """Hand over the latent of the next frame, (slots, 8), and the slots that sound.

        `peaks` says which slots let a spectral model's phases follow its peaks; without it, none.
        `conditions`, (slots, CONDITIONS), is what conditioned models read; without it, zeros.
        """
        frame = self._frame
        self._frame += 1
        if self._posted - self._taken >= self._room:
            return  # the worker passes over the missing number
        place = self._posted % self._room
        rows = self.rows
        self._latents[place] = z[rows]
        self._active[place] = active[rows]
        self._peaks[place] = False if peaks is None else peaks[rows]
        self._conditions[place] = 0 if conditions is None else conditions[rows]
        self._numbers[place] = frame
        self._posted += 1

    @property
    def pending(self) -> bool:
        """True if a posted frame waits to be decoded."""
        return self._taken < self._posted

    @property
    def oldest_start(self) -> int:
        """The sample at which the oldest posted frame starts, if one is pending."""
        return self.start_of(self._numbers[self._taken % self._room])

    def fail(self) -> None:
        """Give silence for the frame in hand and freeze the group: its decoder raised an error."""
        self.broken = True
        self._pass_over()
        self._taken += 1

    def work(self, due: Callable[[], int]) -> None:
        """Decode the oldest posted frame, or pass it over if all of it should have sounded.

        `due` gives the sample that is due now: the engine's clock less its headroom.
        """
        place = self._taken % self._room
        number = self._numbers[place]
        while self._expected < number:
            self._pass_over()
        active = self._active[place]
        if self.broken or due() - self.delay >= self.start_of(number + 1):
            self._pass_over()  # all of it is over: catch up instead of decoding it
        else:
            self.decoder.peaks[:] = self._peaks[place]
            self.decoder.conditions[:] = self._conditions[place]
            self._decode(self._latents[place], active)
            self.slack = min(self.slack, self.start_of(number) + self.delay - due())
        self._taken += 1

    @property
    def decoded(self) -> int:
        """The engine's sample, without headroom, before which all is decoded."""
        return self.stream.written + self.offset + self.delay + self.held

    def read(self, sample: int, headroom: int, out: NDArray[np.float32]) -> None:
        """Fill `out`, float32 (rows, n), with what is due at engine sample `sample`."""
        position = sample - self.offset - headroom - self.delay - self.held
        if not self.stream.read(position, out):
            frame = int((position + out.shape[1] - 1) / self.frame_samples)
            if frame != self._late_frame:
                self._late_frame = frame
                self.late += 1

    def jump(self, sample: int, headroom: int) -> None:
        """Announce that the headroom changes before engine sample `sample` is read."""
        self.stream.jump(sample - self.offset - headroom - self.delay - self.held)

    def hold(self, samples: int, sample: int, headroom: int) -> None:
        """Let the sound wait for `samples` from engine sample `sample` on, without a click."""
        if samples != self.held:
            self.jump(sample, headroom)
            self.held = samples

    def _decode(self, z: NDArray[np.float32], active: NDArray[np.bool_]) -> None:
        start = time.perf_counter()
        audio = self._audio
        sounding: list[bool] = active.tolist()
        if any(sounding):
            self.decoder.decode(z, sounding, audio)
        for row, (on, was) in enumerate(zip(sounding, self._sounding, strict=True)):
            if not on:
                audio[row] = 0
            elif not was:
                audio[row, : len(self._fade)] *= self._fade  # it wakes in the middle of a sound
        if not math.isfinite(float(audio.sum())):
            self._heal(audio)
        self._sounding = sounding
        self._append(audio)
        seconds = time.perf_counter() - start
        self.frames += 1
        self.last_seconds = seconds
        self.total_seconds += seconds
        self.slowest_seconds = max(self.slowest_seconds, seconds)

    def _heal(self, audio: NDArray[np.float32]) -> None:
        """Silence the rows that are not finite and give them a fresh state: NaN stays otherwise."""
        for row, samples in enumerate(audio):
            if not np.isfinite(samples).all():
                samples[:] = 0
                self.decoder.reset(row)
                self.healed += 1

    def _pass_over(self) -> None:
        self._audio[:] = 0
        self._sounding = self._asleep
        self.skipped += 1
        self._append(self._audio)

    def _append(self, audio: NDArray[np.float32]) -> None:
        self._expected += 1
        if not self._resamplers:
            self.stream.write(audio)
            return
        self.stream.write(
            np.stack(
                [r.resample_chunk(row) for r, row in zip(self._resamplers, audio, strict=True)]
            )
        )

    def _resampler_delay(self) -> int:
        """Return the most samples by which the resampler's output lags behind its input."""
        trial = soxr.ResampleStream(self.decoder.rate, self._rate, 1, dtype="float32", quality="HQ")
        silence = np.zeros(self.decoder.ratio, np.float32)
        got = lag = 0
        for frame in range(1, 65):
            got += len(trial.resample_chunk(silence))
            due = frame * self.decoder.ratio * self._rate / self.decoder.rate
            lag = max(lag, int(np.ceil(due - got)))
        return lag + 2
