"""Real-time: plays the instrument through an output, whose blocking write is the only clock."""

import os
import threading
import time

import numpy as np
from numpy.typing import NDArray

from appliance.audio.output import Output
from appliance.config import Config
from appliance.engine.group import AMPLE
from appliance.engine.headroom import measure
from appliance.engine.instrument import Instrument
from appliance.engine.monitor import Monitor
from appliance.engine.queue import ParameterQueue
from appliance.engine.realtime import (
    Scheduling,
    enter_real_time,
    for_a_moment,
    prepare_process,
    release_process,
)
from appliance.engine.worker import Frames, Service, Worker

_BATCH = 2  # periods mixed at once at rest: each wake-up costs as much as the work itself
_REST = 0.5  # seconds between two steps of the headroom
_STRAIN = 2.5  # slow blocks, by which one thread for all has turned out not to be enough
_STRAIN_SECONDS = 3.0  # in which a slow block is forgotten, as an exponential


class Player:
    """Runs an instrument in real time: one audio thread, some decoding threads.

    Where a block's frames take a small part of a period the audio thread decodes them by itself,
    without headroom. If blocks then turn out slow after all, the decoding threads take over.

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
        self._seconds = output.period / output.rate
        # Decoding yields to the audio thread: a late frame fades, a late block is an xrun.
        decoding = Scheduling(max(1, config.engine.priority - 10), tuple(config.engine.cores[1:]))
        with for_a_moment(decoding):
            demand = measure(instrument, output.period)
        most = instrument.reserve // self._period
        headroom = demand.periods(self._seconds, config.engine.headroom, most) * self._period
        self.alone = not config.engine.headroom and demand.fits(self._seconds)
        """True while the audio thread decodes by itself."""
        if self.alone and instrument.encoding is not None:
            instrument.encoding.lead = output.period
        self._threaded = headroom
        instrument.headroom = 0 if self.alone else headroom
        instrument.batch = _BATCH * output.period
        self._limit = min(headroom + 8 * self._period, instrument.reserve)
        self._audio_scheduling = Scheduling(config.engine.priority, tuple(config.engine.cores[:1]))
        self.workers = [
            Worker(groups, instrument.due, decoding)
            for groups in self._shares(config.engine.workers)
        ]
        self._own = Service(self._frames(), instrument.due)
        self.services = (self._own, *(worker.service for worker in self.workers))
        self._slow = self._seconds * max(1, output.periods - 1) / 4
        self._strain = 0.0
        self._serving = 0.0  # seconds of the block in hand, and of them what the processor took
        self._worked = 0.0
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

    def _frames(self) -> list[Frames]:
        encoding = self.instrument.encoding
        return [*self.instrument.groups, *([encoding] if encoding else [])]

    def _shares(self, wanted: int) -> list[list[Frames]]:
        """Deal the groups to workers, the slowest first, each to the least loaded worker."""
        groups = sorted(self._frames(), key=_load, reverse=True)
        count = min(wanted or _useful_workers(), len(groups))
        shares: list[list[Frames]] = [[] for _ in range(count)]
        for group in groups:
            min(shares, key=lambda share: sum(_load(g) for g in share)).append(group)
        return shares

    def _run(self) -> None:
        self.flags += enter_real_time(self._audio_scheduling)
        try:
            while not self._stopping.is_set():
                self._one_block()
        except BaseException as error:
            self.error = error

    def _one_block(self) -> None:
        roomy = self.output.wait()  # first: what is set until then is heard
        start = time.perf_counter()
        instrument = self.instrument
        if self.queue.waiting:
            instrument.catch_up()
            self.queue.drain(instrument.values.array, instrument.morph)
        done = 0
        while done < self._period:
            part = self._block[:, done : done + instrument.stretch(self._period - done)]
            if self.alone:
                instrument.begin(part.shape[1], self._serve)
                self._serve()
            else:
                instrument.begin(part.shape[1])
            instrument.finish(part)
            done += part.shape[1]
        if self.alone:
            self._watch()
        else:
            self._adapt()
        if self.blocks % self._meter_blocks == 0:
            self.reading = instrument.master.meters.read()
        seconds = time.perf_counter() - start - self._serving
        self._serving = 0.0
        self.busy_seconds += seconds
        self.longest_seconds = max(self.longest_seconds, seconds)
        if self.monitor is not None:
            self.monitor.write(self._block)
        # As late as can be: two threads that want the interpreter at once only hinder each other.
        if not roomy:
            self._wake()  # the write will wait
        self.output.write(self._block)
        if roomy:
            self._wake()
        self.blocks += 1
        self._heartbeat = time.monotonic()

    def _wake(self) -> None:
        for worker in self.workers:
            if worker.service.pending:
                worker.wake()

    def _serve(self) -> None:
        start, worked = time.perf_counter(), time.thread_time()
        self._own.serve()
        self._worked += time.thread_time() - worked
        self._serving += time.perf_counter() - start

    def _watch(self) -> None:
        """Hand decoding over to its threads, with headroom, when it is slow again and again."""
        self._strain *= 1 - self._seconds / _STRAIN_SECONDS
        # What the machine withholds from one thread it would withhold from another.
        if self._worked > self._slow:
            self._strain += 1
        self._worked = 0.0
        if self._strain > _STRAIN:
            self.alone = False
            self.headroom_raised += 1
            self.instrument.delay_by(self._threaded)
            for group in self.instrument.groups:
                group.slack = AMPLE

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
