"""Real-time: the whole signal path, from latent modules to the master, block by block.

Rendering steps it inline; playing gives the decoding to workers. Both use these very objects.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.config import Config
from appliance.decoders.library import Library
from appliance.engine.encoding import Encoding
from appliance.engine.group import Group
from appliance.engine.loading import Progress, open_groups
from appliance.engine.sounding import Sounding
from appliance.engine.stock import Stock
from appliance.input.sources import Sources
from appliance.latent import CONTROL_PERIOD, Clock, Jam, LatentSum, Noise, Offset, Oscillators
from appliance.latent.encoded import Encoded
from appliance.latent.grid import block_instants, frame_instant
from appliance.latent.terrain import Terrain
from appliance.mixing import Blend, Master, Mixer
from appliance.parameters.table import PHASES
from appliance.presets.box import box_values
from appliance.presets.morph import Morph

_PEAKS = PHASES.index("peaks")
_FEEDBACK_DELAY = 512
"""Samples by which the decoders' voices come back late, or a frame of the encoder, if longer."""


class Instrument:
    """Four decoders (or as many as the configuration has), the modules before and the mix behind.

    `headroom` is the number of samples between a frame's start and its sound. At 0 a block's own
    frames must be decoded before its sound is taken: see `decode_inline`.
    """

    def __init__(
        self,
        config: Config,
        library: Library,
        *,
        seed: int = 0,
        headroom: int = 0,
        max_block: int = 0,
        progress: Progress = lambda _model, _done, _total: None,
    ) -> None:
        """Load every slot's model; raises ModelError if one is missing or cannot be opened.

        `seed` moves the random numbers of all modules and decoders at once. Blocks may be as long
        as the configured period, `max_block` or 1024 samples, whichever is most. `progress` hears
        of each model before it is loaded, and how many slots of how many have theirs.
        """
        self.rate = config.audio.rate
        self.max_block = max(config.audio.period, max_block, 1024)
        self.headroom = headroom
        self.reserve = max(64 * config.audio.period, self.rate // 2)
        """The most samples of headroom that the streams have room for."""
        slots = len(config.decoders)
        cards = [library.card(slot.model) for slot in config.decoders]
        self.conditions = [card.conditions for card in cards]
        """What the model of each slot reads beside its latents."""
        self.values = box_values(config, self.conditions)
        self.morph = Morph(self.values)
        self.groups = open_groups(
            config,
            library,
            seed=seed,
            reserve=self.reserve,
            max_block=self.max_block,
            progress=progress,
        )
        self._phase = self.values.view("/decoder/{slot}/phase")
        self._conditions = self.values.view("/decoder/{slot}/condition/{condition}")
        self._sounding = Sounding(self.values)
        self.morph.hand = self._sounding.hand
        self._aligned = self._sounding.values.view("/mix/align")
        self._by_peaks = np.array([card.phases == "peaks" for card in cards])
        instants = self.max_block // CONTROL_PERIOD + 2
        self.clock = Clock(self.values, self.rate, max_instants=instants)
        self.morph.bar_line = self.clock.bar_line
        self.encoded = Encoded(self.values, self.rate)
        self.encoding = self._open_encoder(config, library, seed)
        self.jam = Jam(self.values, self.rate, clock=self.clock, max_instants=instants)
        self.terrain = Terrain(self.values, self.rate)
        modules = (
            Offset(self.values, self.rate),
            Oscillators(self.values, self.rate, clock=self.clock, max_instants=instants),
            Noise(self.values, self.rate, seed, clock=self.clock, max_instants=instants),
            self.encoded,
            self.jam,
            self.terrain,
        )
        self.latents = LatentSum(self.values, slots, modules, max_instants=instants)
        self.mixer = Mixer(self._sounding.values, slots, self.rate, self.max_block)
        self.master = Master(self._sounding.values, self.rate, self.max_block)
        frame = self.encoding.frame_samples if self.encoding else 0
        self.sources = Sources(
            self.values,
            slots,
            self.rate,
            self.max_block,
            delay=max(math.ceil(frame), _FEEDBACK_DELAY),
        )
        self.blend = Blend(self._sounding.values, self.rate, self.max_block)
        self._heard: NDArray[np.float32] = np.zeros(0, np.float32)
        self._z = np.zeros((slots, LATENT_CHANNELS, instants))
        self._held = np.zeros((slots, LATENT_CHANNELS))
        self._sounding.tail = self._longest_frame + self.mixer.fade
        self._voices: NDArray[np.float32] = np.zeros((slots, self.max_block), np.float32)
        self._rows = [self._voices_of(group) for group in self.groups]
        self._aligned_at = 0
        self._stock = Stock(self.max_block)
        self._max_instants = instants
        self._mixed = 0  # samples mixed so far
        self._rests = False
        self._owed = 0  # instants that have passed and are yet to be evaluated
        self._generation = 0
        self.sample = 0
        """The engine's clock: samples begun so far."""
        self.batch = 0
        """Samples that may be worked on at once while nothing moves; 0 is block by block.

        They are mixed as soon as they are decoded, and latents are evaluated when a frame begins:
        the sound stays the same, but a change in the mix may be heard so much later.
        """

    @property
    def _longest_frame(self) -> int:
        return math.ceil(max(group.frame_samples for group in self.groups))

    def stretch(self, count: int) -> int:
        """Return how many of the next `count` samples may be done as one block."""
        if self.sources.feeding_back:
            count = min(count, self.sources.longest)
        count = self._sounding.stretch(self._as_of(self.sample), min(count, self.max_block))
        return self.morph.stretch(self.sample, count)

    def begin(self, count: int, encode: Callable[[], object] = lambda: None) -> None:
        """Evaluate the latents of the next `count` samples and post the frames that start there.

        What the encoder hears meanwhile is posted first, and `encode` called: it may encode at
        once, or leave that to another thread.
        """
        start, end = self.sample, self.sample + count
        rests = not (self.morph.moving or self.morph.waiting)
        self.morph.step(start)
        self.values.observe()
        self._sounding.note(start)
        self._rests = rests and self.values.generation == self._generation
        self._generation = self.values.generation
        self.sources.feedback.ahead = self._stock.left
        self._heard = self.sources.process(count)
        if self.encoding is not None:
            self.encoding.write(self._heard)
            encode()
        first, instants = block_instants(start, count)
        if self._may_wait(end, instants):
            self._owed += instants
            return
        first -= self._owed
        z = self._evaluate(first, self._owed + instants)
        for group in self.groups:
            while (sample := group.next_start) < end:
                # The last value before the frame, as nn~ reads it; no filter, no interpolation.
                instant = frame_instant(sample) - first
                latent = self._held if instant < 0 else z[:, :, instant]
                active = self._sounding.active(sample)
                group.post(latent, active, self._following_peaks, self._conditions)
        self._hold(z)

    def catch_up(self) -> None:
        """Evaluate the latents that have waited: parameters are about to change."""
        if self._owed:
            self._hold(self._evaluate(block_instants(self.sample, 0)[0] - self._owed, self._owed))

    def _may_wait(self, end: int, instants: int) -> bool:
        """Return whether the `instants` before sample `end` are as good evaluated later."""
        return (
            self.batch > 0
            and self._rests
            and self.clock.free
            and self._owed + 2 * instants + 1 <= self._max_instants
            and all(group.next_start >= end for group in self.groups)
        )

    def _evaluate(self, first: int, instants: int) -> NDArray[np.float64]:
        """Return the latents of instants that follow the last ones, float64 (slots, 8, n)."""
        z = self._z[:, :, :instants]
        self._owed = 0
        self.clock.advance(first, instants)
        self.latents.evaluate(first, z)
        if instants:
            self.jam.record(self.latents.outputs)
        return z

    def _hold(self, z: NDArray[np.float64]) -> None:
        if z.shape[2]:
            self._held[:] = z[:, :, -1]

    @property
    def z(self) -> NDArray[np.float64]:
        """What every decoder slot reads, as of the last instant, float64 (slots, 8), live."""
        return self._held

    @property
    def _following_peaks(self) -> NDArray[np.bool_]:
        """Slots whose phases follow the peaks, if their model can do that, bool (slots,)."""
        return np.where(self._phase == 0, self._by_peaks, self._phase == _PEAKS)

    def due(self) -> int:
        """Return the sample that is due now: the clock less the headroom."""
        return self.sample - self.headroom

    def encode_inline(self) -> None:
        """Encode everything that was posted, in this thread."""
        while self.encoding is not None and self.encoding.pending:
            self.encoding.work(self.due)

    def _as_of(self, sample: int) -> int:
        """Return the sample as of which the mix works when it mixes `sample`.

        The master is still to hold the sound back, so that a recall leaves after one headroom.
        """
        return sample - max(self.headroom - self.master.latency, 0)

    def decode_inline(self) -> None:
        """Decode everything that was posted, in this thread."""
        for group in self.groups:
            while group.pending:
                group.work(self.due)

    def finish(self, out: NDArray[np.float32]) -> None:
        """Fill `out`, float32 (2, count), with the mix of what is due now and advance the clock."""
        count, done = out.shape[1], self._stock.take(out)
        if done < count:
            many = self._ready(count - done)
            if many > count - done:
                self._mix(self._stock.fill(many), done)
                self._stock.take(out[:, done:])
            else:
                self._mix(out[:, done:], done)
        self.sample += count

    def _ready(self, count: int) -> int:
        """Return how many samples to mix now that `count` are due: times as many if it goes on."""
        times = min(self.batch, self.max_block) // count
        if times < 2 or not self._rests or self._sounding.waiting:
            return count
        if self.sources.feeding_back or not self.blend.closed:
            return count
        decoded = min(group.decoded for group in self.groups) - self._mixed + self.headroom
        return count * max(1, min(times, decoded // count))

    def _mix(self, out: NDArray[np.float32], done: int) -> None:
        """Mix into `out`, float32 (2, n), what follows the `done` samples of the present block."""
        count, sample = out.shape[1], self._mixed
        self._sounding.hear(self._as_of(sample))
        if self._aligned_at != self._sounding.values.generation:
            self._align()
        voices = self._voices[:, :count]
        for group, rows in zip(self.groups, self._rows, strict=True):
            part = rows[:, :count]
            group.read(sample, self.headroom, part)
            if isinstance(group.rows, list):
                voices[group.rows] = part
        self.sources.feedback.write(voices)
        self.mixer.process(voices, out)
        self.blend.process(out, self._heard[done:])
        self.master.process(out)
        self._mixed += count

    def render(self, out: NDArray[np.float32]) -> None:
        """Fill `out`, float32 (2, count), inline: encode, decode and mix in this thread."""
        start = 0
        while start < out.shape[1]:
            part = out[:, start : start + self.stretch(out.shape[1] - start)]
            self.begin(part.shape[1], self.encode_inline)
            self.decode_inline()
            self.finish(part)
            start += part.shape[1]

    def delay_by(self, samples: int) -> None:
        """Give decoding `samples` more headroom from the next block on, without a click."""
        for group in self.groups:
            group.jump(self._mixed, self.headroom)
        self.headroom += samples

    def settle(self) -> None:
        """Take the current parameters as the start: no ramp leads to them."""
        self.values.observe()
        self._sounding.settle()
        self.clock.reset(0)
        self.latents.reset(0)
        self.sources.reset()
        self.mixer.reset()
        self.blend.reset()
        self.master.reset()

    def _open_encoder(self, config: Config, library: Library, seed: int) -> Encoding | None:
        """Return the encoder that the configuration names."""
        chosen = config.encoder
        if chosen.model is None:
            return None
        encoder = library.open_encoder(chosen.model, precision=chosen.precision, seed=seed)
        return Encoding(
            chosen.model, encoder, self.encoded, rate=self.rate, max_block=self.max_block
        )

    def _voices_of(self, group: Group) -> NDArray[np.float32]:
        """Return where the group's sound goes: among the voices if its slots are neighbours."""
        if isinstance(group.rows, slice):
            return self._voices[group.rows]
        return np.zeros((len(group.slots), self.max_block), np.float32)

    def _align(self) -> None:
        """Let the quicker decoders wait for the slowest if that is wanted, else let them go."""
        self._aligned_at = self._sounding.values.generation
        longest = max(group.look_ahead for group in self.groups) if self._aligned[0] else 0
        for group in self.groups:
            group.hold(max(longest - group.look_ahead, 0), self._mixed, self.headroom)
