"""The master output in shared memory: whole for a reader in step, honest to one that is not."""

import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from appliance.engine.listener import Listener
from appliance.engine.monitor import FRAMES, Monitor
from appliance.errors import EngineUnreachableError

BLOCK = 256


def ramp(start: int, frames: int = BLOCK) -> np.ndarray:
    """Return samples that tell their position: exact in float32 below 2**24."""
    left = np.arange(start, start + frames, dtype=np.float32)
    return np.stack([left, -left])


@pytest.fixture
def monitor(tmp_path: Path) -> Monitor:
    return Monitor(44100, BLOCK, tmp_path)


def test_a_reader_in_step_gets_every_sample_round_the_ring(monitor: Monitor) -> None:
    listener = Listener(monitor.path)
    assert (listener.rate, listener.position) == (44100, 0)
    position, written = 0, 0
    while written < 3 * FRAMES:
        for _ in range(7):
            monitor.write(ramp(written))
            written += BLOCK
        while True:
            begin, sound = listener.read(position, 1000)
            assert begin == position
            assert np.array_equal(sound, ramp(begin, sound.shape[1]))
            position += sound.shape[1]
            if not sound.shape[1]:
                break
        assert position == written - BLOCK  # the last block is published by the next


def test_a_reader_that_was_lapped_skips_what_is_gone(monitor: Monitor) -> None:
    listener = Listener(monitor.path)
    for start in range(0, 2 * FRAMES, BLOCK):
        monitor.write(ramp(start))
    begin, sound = listener.read(5, 10 * FRAMES)
    assert begin == 2 * FRAMES - BLOCK + BLOCK - FRAMES
    assert np.array_equal(sound, ramp(begin, FRAMES - BLOCK))
    assert np.array_equal(listener.latest(300), ramp(2 * FRAMES - BLOCK - 300, 300))


def test_blocks_of_any_size_fit(monitor: Monitor) -> None:
    random = np.random.default_rng(1)
    listener = Listener(monitor.path)
    written = 0
    while written < FRAMES + 5000:
        frames = int(random.integers(1, BLOCK + 1))
        monitor.write(ramp(written, frames))
        written += frames
    assert np.array_equal(listener.latest(4000), ramp(listener.position - 4000, 4000))


def test_nothing_torn_is_ever_read_from_another_process(tmp_path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from tests.engine.test_monitor import BLOCK, Monitor, ramp
monitor = Monitor(48000, BLOCK, Path({str(tmp_path)!r}))
print(monitor.path, flush=True)
blocks = [ramp(start) for start in range(0, 1 << 22, BLOCK)]
sys.stdin.readline()
for block in blocks:
    monitor.write(block)
monitor.write(blocks[0])
sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None and writer.stdin is not None
        listener = Listener(Path(writer.stdout.readline().strip()))
        print(file=writer.stdin, flush=True)
        position = reads = 0
        while position < 1 << 22:
            begin, sound = listener.read(position, FRAMES)
            assert begin >= position
            assert np.array_equal(sound, ramp(begin, sound.shape[1]))
            position = begin + sound.shape[1]
            reads += bool(sound.shape[1])
        assert reads > 3
        print(file=writer.stdin, flush=True)


def test_what_a_killed_engine_leaves_is_cleared_by_the_next(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from appliance.engine.monitor import Monitor
monitor = Monitor(44100, 256, Path({str(tmp_path)!r}))
print(monitor.path, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as engine:
        assert engine.stdout is not None
        left = Path(engine.stdout.readline().strip())
        listener = Listener(left)
        beside = Monitor(44100, 256, tmp_path)
        assert left.exists() and not listener.gone
        engine.send_signal(signal.SIGKILL)
    after = Monitor(44100, 256, tmp_path)
    assert not left.exists() and listener.gone
    assert beside.path.exists()
    after.close()
    beside.close()
    listener.close()
    assert list(tmp_path.iterdir()) == []


def test_closing_tells_the_readers_and_leaves_no_name(monitor: Monitor) -> None:
    listener = Listener(monitor.path)
    monitor.write(ramp(0))
    monitor.write(ramp(BLOCK))
    monitor.close()
    monitor.close()
    assert listener.gone and not monitor.path.exists()
    assert np.array_equal(listener.latest(BLOCK), ramp(0))


@pytest.mark.parametrize("content", [b"", b"short", b"NSMON001" + bytes(5000), os.urandom(9000)])
def test_a_file_that_is_no_ring_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ring"
    path.write_bytes(content)
    with pytest.raises(EngineUnreachableError, match="ring"):
        Listener(path)
    with pytest.raises(EngineUnreachableError, match="Start the engine"):
        Listener(tmp_path / "absent")


def test_writing_keeps_no_memory(monitor: Monitor) -> None:
    block = ramp(0)
    for _ in range(100):
        monitor.write(block)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2000):
            monitor.write(block)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 2048
    assert peak - before < 8192
