"""Real-time: plays the instrument through an output, whose blocking write is the only clock."""

import os
import threading
import time

import numpy as np
from numpy.typing import NDArray

from appliance import LATENT_CHANNELS
from appliance.audio.output import Output
from appliance.config import Config
from appliance.engine.group import AMPLE
from appliance.engine.instrument import Instrument
from appliance.engine.monitor import Monitor
from appliance.engine.queue import ParameterQueue
from appliance.engine.realtime import (
    Scheduling,
    enter_real_time,
    prepare_process,
    release_process,
)
from appliance.engine.worker import Frames, Worker

_WARM_FRAMES = 12
_CACHE_BYTES = 48 << 20
_REST = 0.5  # seconds between two steps of the headroom


class Player:
    """Runs an instrument in real time: one audio thread, some decoding threads.

    Parameter changes go into `queue`. Counters may be read from any thread at any time.
    """

    def __init__(
        self,
        instrument: Instrument,
        output: Output,
        config: Config,
        *,
        monitor: Monitor | None = None,
    ) -> None:
        """Warm every decoder up and choose the headroom from what a frame then takes.

        `monitor` gets what `output` gets.
        """
        self.instrument = instrument
        self.output = output
        self.monitor = monitor
        self.queue = ParameterQueue()
        self.blocks = 0
        self.busy_seconds = 0.0
        self.longest_seconds = 0.0
        self.headroom_raised = 0
        self.reading = instrument.master.meters.read()
        """The output's meters over the last tenth of a second."""
        self.flags: tuple[str, ...] = ()
        self.error: BaseException | None = None
        self._period = output.period
        self._meter_blocks = max(1, output.rate // (10 * output.period))
        instrument.headroom = self._first_headroom(config)
        self._limit = min(instrument.headroom + 8 * self._period, instrument.reserve)
        cores = tuple(config.engine.cores)
        self._audio_scheduling = Scheduling(config.engine.priority, cores[:1])
        # Decoding yields to the audio thread: a late frame fades, a late block is an xrun.
        decoding = Scheduling(max(1, config.engine.priority - 10), cores[1:])
        self.workers = [
            Worker(groups, instrument.due, decoding)
            for groups in self._shares(config.engine.workers)
        ]
        self._block: NDArray[np.float32] = np.zeros((2, self._period), np.float32)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audio", daemon=True)
        self._late_seen = 0
        self._rest = 0.0
        self._heartbeat = time.monotonic()

    def start(self) -> None:
        """Start the threads; sound begins with the first block."""
        self.flags = prepare_process()
        for worker in self.workers:
            worker.start()
        self._thread.start()

    def stop(self) -> None:
        """End the threads after the block in hand; the output stays open."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        for worker in self.workers:
            worker.stop()
        release_process()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the audio thread ends or `seconds` pass; return whether it ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def stalled_seconds(self) -> float:
        """Time since the audio thread last finished a block."""
        return time.monotonic() - self._heartbeat

    @property
    def late(self) -> int:
        """Frames so far that were not decoded when they were due."""
        return sum(group.late for group in self.instrument.groups)

    def _shares(self, wanted: int) -> list[list[Frames]]:
        """Deal the groups to workers, the slowest first, each to the least loaded worker."""
        encoding = self.instrument.encoding
        frames: list[Frames] = [*self.instrument.groups, *([encoding] if encoding else [])]
        groups = sorted(frames, key=_load, reverse=True)
        count = min(wanted or _useful_workers(), len(groups))
        shares: list[list[Frames]] = [[] for _ in range(count)]
        for group in groups:
            min(shares, key=lambda share: sum(_load(g) for g in share)).append(group)
        return shares

    def _first_headroom(self, config: Config) -> int:
        """Return the configured headroom, or more where the measured decode time asks for it.

        Between two frames other work takes the processor's caches, so each timed frame begins
        with cold ones: the weights then come from memory, as they do when playing.
        """
        evict = np.zeros(_CACHE_BYTES, np.uint8)
        total = worst = 0.0
        for group in self.instrument.groups:
            decoder = group.decoder
            z = np.zeros((decoder.rows, LATENT_CHANNELS), np.float32)
            audio = np.zeros((decoder.rows, decoder.ratio), np.float32)
            times: list[float] = []
            for _ in range(_WARM_FRAMES):
                evict += 1
                start = time.perf_counter()
                decoder.decode(z, [True] * decoder.rows, audio)
                times.append(time.perf_counter() - start)
            for row in range(decoder.rows):
                decoder.reset(row)
            group.last_seconds = float(np.median(times))
            worst = max(worst, group.last_seconds)
            total += group.last_seconds
        if (encoding := self.instrument.encoding) is not None:
            encoding.warm(_WARM_FRAMES)
        # A frame may wait for one of every other group, and may itself take twice its usual time.
        needed = int(np.ceil((total + worst) * self.instrument.rate / self._period)) + 1
        most = self.instrument.reserve // self._period
        return min(max(config.engine.headroom, needed), most) * self._period

    def _run(self) -> None:
        self.flags += enter_real_time(self._audio_scheduling)
        try:
            while not self._stopping.is_set():
                self._one_block()
        except BaseException as error:
            self.error = error

    def _one_block(self) -> None:
        start = time.perf_counter()
        instrument = self.instrument
        self.queue.drain(instrument.values.array, instrument.morph)
        done = 0
        while done < self._period:
            part = self._block[:, done : done + instrument.stretch(self._period - done)]
            instrument.begin(part.shape[1])
            for worker in self.workers:
                worker.wake()
            instrument.finish(part)
            done += part.shape[1]
        self._adapt()
        if self.blocks % self._meter_blocks == 0:
            self.reading = instrument.master.meters.read()
        seconds = time.perf_counter() - start
        self.busy_seconds += seconds
        self.longest_seconds = max(self.longest_seconds, seconds)
        if self.monitor is not None:
            self.monitor.write(self._block)
        self.output.write(self._block)
        self.blocks += 1
        self._heartbeat = time.monotonic()

    def _adapt(self) -> None:
        """Give decoding one more period when a frame was nearly late, up to a limit."""
        slack = AMPLE
        for group in self.instrument.groups:
            slack = min(slack, group.slack)
            group.slack = AMPLE
        late = self.late
        if late == self._late_seen and slack >= self._period:
            return
        self._late_seen = late
        now = time.monotonic()
        if now >= self._rest and self.instrument.headroom + self._period <= self._limit:
            self._rest = now + _REST
            self.headroom_raised += 1
            self.instrument.delay_by(self._period)


def _load(group: Frames) -> float:
    return group.last_seconds / group.frame_samples


def _useful_workers() -> int:
    return max(1, len(os.sched_getaffinity(0)) - 1 if hasattr(os, "sched_getaffinity") else 2)
