"""Playing in threads: the same sound as inline, an honest clock, a sound that survives faults."""

import gc
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from appliance.audio.null import NullOutput
from appliance.audio.output import Output
from appliance.config import AudioConfig, Config, DecoderConfig, EngineConfig
from appliance.decoders.library import Library
from appliance.engine.headroom import Demand, measure
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


ALONE = replace(CONFIG, engine=EngineConfig())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the models be quick enough for the audio thread, however busy this machine is."""
    monkeypatch.setattr(Demand, "fits", lambda *_: True)


def prepare(library: Library, config: Config = CONFIG) -> Instrument:
    instrument = Instrument(config, library)
    instrument.values.update(
        {"/oscillators/1/waveform": "saw", "/oscillators/1/frequency": 7, "/offset/2/value": 0.8}
    )
    instrument.settle()
    return instrument


def play(
    library: Library, blocks: int, monitor: Monitor | None = None, config: Config = CONFIG
) -> tuple[np.ndarray, Player]:
    instrument = prepare(library, config)
    output = Lockstep(blocks)
    output.instrument = instrument
    player = Player(instrument, output, config, monitor=monitor)
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


@pytest.mark.usefixtures("quick")
def test_quick_models_play_without_headroom(library: Library) -> None:
    alone, player = play(library, 120, config=ALONE)
    assert player.alone and player.instrument.headroom == 0
    expected = np.zeros_like(alone)
    prepare(library).render(expected)
    assert np.array_equal(alone, expected)


@pytest.mark.usefixtures("quick")
def test_slow_blocks_hand_decoding_over_to_its_threads(library: Library) -> None:
    instrument = prepare(library, ALONE)
    output = Lockstep(300)
    output.instrument = instrument
    player = Player(instrument, output, ALONE)
    decode, calls = instrument.groups[1].decoder.decode, [0]

    def slow(*arguments: object) -> None:
        calls[0] += 1
        end = time.thread_time() + 0.01
        while 100 < calls[0] <= 104 and time.thread_time() < end:
            pass
        decode(*arguments)  # type: ignore[arg-type]

    instrument.groups[1].decoder.decode = slow  # type: ignore[method-assign]
    player.start()
    try:
        assert output.full.wait(30), player.error
    finally:
        player.stop()
    assert not player.alone and player.headroom_raised >= 1
    assert instrument.headroom >= 2 * 256
    audio = np.concatenate(output.got, axis=1)
    usual = np.abs(np.diff(audio[:, : 90 * 256])).max()
    assert np.abs(np.diff(audio[:, 90 * 256 : 130 * 256])).max() < 1.5 * usual
    assert np.abs(audio[:, 200 * 256 :]).max() > 0.01


def test_the_headroom_follows_from_what_frames_take(library: Library) -> None:
    instrument = prepare(library)
    demand = measure(instrument, 256)
    assert demand.longest == max(group.last_seconds for group in instrument.groups)
    assert demand.longest < demand.total == pytest.approx(demand.block)  # no group twice a block
    heavy = Demand(total=0.010, longest=0.004, block=0.010)
    assert heavy.periods(0.005, least=0, most=64) == 4
    assert heavy.periods(0.005, least=6, most=64) == 6
    assert heavy.periods(0.005, least=0, most=3) == 3
    assert heavy.fits(0.031) and not heavy.fits(0.029)


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


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("config", [CONFIG, ALONE])
def test_a_decoder_that_fails_mutes_its_group_only(library: Library, config: Config) -> None:
    instrument = prepare(library, config)
    output = Lockstep(200)
    output.instrument = instrument
    player = Player(instrument, output, config)
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
