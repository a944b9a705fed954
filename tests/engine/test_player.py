"""Playing in threads: the same sound as inline, an honest clock, a sound that survives faults."""

import gc
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.audio.null import NullOutput
from appliance.audio.output import Output
from appliance.config import AudioConfig, Config, DecoderConfig, EngineConfig
from appliance.decoders.library import Library
from appliance.engine.instrument import Instrument
from appliance.engine.listener import Listener
from appliance.engine.monitor import Monitor
from appliance.engine.player import Player
from appliance.engine.status import Status

CONFIG = Config(
    audio=AudioConfig(period=256),
    engine=EngineConfig(headroom=4, workers=2),
    decoders=[
        DecoderConfig(model="slow", seed=1),
        DecoderConfig(model="slow", seed=2),
        DecoderConfig(model="fast", seed=3),
        DecoderConfig(model="fast", seed=4),
    ],
)


class Lockstep(Output):
    """An output whose clock waits for the workers, so that threads cannot be late by chance."""

    def __init__(self, blocks: int) -> None:
        super().__init__(name="lockstep", rate=44100, period=256, periods=3, real_time=True)
        self.instrument: Instrument | None = None
        self.got: list[NDArray[np.float32]] = []
        self.full = threading.Event()
        self._blocks = blocks

    def write(self, block: NDArray[np.float32]) -> None:
        assert self.instrument is not None
        if len(self.got) < self._blocks:
            self.got.append(block.copy())
        else:
            self.full.set()
            time.sleep(0.001)
        deadline = time.monotonic() + 5
        while any(g.pending for g in self.instrument.groups):
            assert time.monotonic() < deadline, "a worker does not answer"
            time.sleep(0.0002)

    def close(self) -> None:
        pass


def prepare(library: Library) -> Instrument:
    instrument = Instrument(CONFIG, library)
    instrument.values.update(
        {"/oscillators/1/waveform": "saw", "/oscillators/1/frequency": 7, "/offset/2/value": 0.8}
    )
    instrument.settle()
    return instrument


def play(
    library: Library, blocks: int, monitor: Monitor | None = None
) -> tuple[np.ndarray, Player]:
    instrument = prepare(library)
    output = Lockstep(blocks)
    output.instrument = instrument
    player = Player(instrument, output, CONFIG, monitor=monitor)
    player.start()
    try:
        assert output.full.wait(30), player.error
    finally:
        player.stop()
    assert player.error is None
    return np.concatenate(output.got, axis=1), player


def test_threads_and_inline_give_the_same_samples(library: Library) -> None:
    threaded, player = play(library, 120)
    assert player.late == 0
    inline = prepare(library)
    inline.headroom = player.instrument.headroom
    expected = np.zeros_like(threaded)
    inline.render(expected)
    assert np.array_equal(threaded, expected)
    assert np.abs(expected).max() > 0.01


def test_the_monitor_gets_what_the_card_gets(library: Library, tmp_path: Path) -> None:
    monitor = Monitor(44100, 256, tmp_path)
    audio, player = play(library, 60, monitor)
    begin, heard = Listener(monitor.path).read(0, audio.shape[1])
    assert begin == 0 and np.array_equal(heard, audio)
    assert Status(player, "box").snapshot()["monitor"] == {"path": str(monitor.path)}
    monitor.close()


def test_the_collector_runs_again_after_playing(library: Library) -> None:
    play(library, 4)
    assert gc.isenabled()


def test_parameter_changes_arrive(library: Library) -> None:
    instrument = prepare(library)
    output = Lockstep(200)
    output.instrument = instrument
    player = Player(instrument, output, CONFIG)
    index = instrument.values.table.index("/master/level_db")
    player.queue.put(index, -60)
    player.start()
    try:
        assert output.full.wait(30)
    finally:
        player.stop()
    audio = np.concatenate(output.got, axis=1)
    assert not audio[:, 2 * 2048 :].any()


def test_a_decoder_that_fails_mutes_its_group_only(library: Library) -> None:
    instrument = prepare(library)
    output = Lockstep(200)
    output.instrument = instrument
    player = Player(instrument, output, CONFIG)
    slow = instrument.groups[0]
    decode, calls = slow.decoder.decode, [0]

    def failing(*arguments: object) -> None:
        calls[0] += 1
        if calls[0] > 10:
            raise RuntimeError("this model has had enough")
        decode(*arguments)  # type: ignore[arg-type]

    slow.decoder.decode = failing  # type: ignore[method-assign]
    player.start()
    try:
        assert output.full.wait(30), player.error
        state = Status(player, "box").snapshot()
    finally:
        player.stop()
    assert slow.broken and not instrument.groups[1].broken
    assert any("had enough" in flag for flag in state["flags"])
    tail = np.concatenate(output.got, axis=1)[:, 150 * 256 :]
    assert np.abs(tail).max() > 1e-3


def test_repeated_late_frames_raise_the_headroom(library: Library) -> None:
    instrument = prepare(library)
    output = Lockstep(400)
    output.instrument = instrument
    player = Player(instrument, output, CONFIG)
    before = instrument.headroom
    fast = instrument.groups[1]
    decode, calls = fast.decoder.decode, [0]

    def slow(*arguments: object) -> None:
        calls[0] += 1
        if calls[0] in range(20, 26):
            time.sleep(0.05)
        decode(*arguments)  # type: ignore[arg-type]

    fast.decoder.decode = slow  # type: ignore[method-assign]
    wait = output.write

    def hurry(block: NDArray[np.float32]) -> None:
        """While the decoder dawdles, the card does not wait for it."""
        if calls[0] in range(19, 26):
            output.got.append(block.copy())
            time.sleep(0.006)
        else:
            wait(block)

    output.write = hurry  # type: ignore[method-assign]
    player.start()
    try:
        assert output.full.wait(30), player.error
        state = Status(player, "box").snapshot()
    finally:
        player.stop()
    assert fast.late > 0
    assert player.headroom_raised > 0
    assert instrument.headroom == before + player.headroom_raised * 256
    assert state["engine"]["late_frames"] == player.late
    assert state["engine"]["headroom_samples"] == instrument.headroom
    audio = np.concatenate(output.got, axis=1)
    assert np.isfinite(audio).all()


def test_status_counts_real_time(library: Library) -> None:
    output = NullOutput(rate=44100, period=256, periods=3, paced=True)
    player = Player(prepare(library), output, CONFIG)
    status = Status(player, "box", ("a warning from the start",))
    player.start()
    time.sleep(1.2)
    state = status.snapshot()
    player.stop()
    engine = state["engine"]
    assert engine["blocks"] == pytest.approx(1.2 * 44100 / 256, rel=0.5)
    assert 0 < engine["load"] < 1
    assert engine["longest_block_ms"] > 0
    assert state["decoders"][0]["slots"] == [1, 2]
    assert all(0 < d["decode_ms"] < d["frame_ms"] for d in state["decoders"])
    assert state["flags"][0] == "a warning from the start"
    assert state["meters"]["peak"][0] > 0


def test_an_output_that_fails_ends_the_thread_with_its_reason(library: Library) -> None:
    class Full(NullOutput):
        def write(self, block: NDArray[np.float32]) -> None:
            raise OSError(28, "No space left on device")

    player = Player(prepare(library), Full(), CONFIG)
    player.start()
    assert player.wait(10)
    player.stop()
    assert isinstance(player.error, OSError)
