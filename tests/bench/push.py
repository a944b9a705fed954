"""The bars of a Push: plugged and pulled a thousand times, how soon a turn is heard, its cost."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
import pytest
import yaml

from appliance.config import Config, OscConfig
from appliance.machine import describe
from appliance.panel.box import Box
from appliance.panel.part import Desk
from appliance.panel.push.device.fake import FakePush
from appliance.panel.push.device.model import MODELS
from appliance.panel.push.device.part import PushPart
from appliance.panel.push.live import LiveSurface
from tests.jack import JackServer
from tests.panel.conftest import Engine, until
from tests.panel.push.torment import hasten, torment

ROOT = Path(__file__).parents[2]
_PORT = 57233
_TURN, _MIX, _FIRST_KNOB = 0xB0, 109, 71


@contextmanager
def _played(port: int) -> Generator[tuple[FakePush, Box]]:
    """Yield a Push that keeps the rules and plays the engine at `port`."""
    box = Box(port=port)
    box.start()
    box.wait(20)
    surface = LiveSurface(box)
    surface.start()
    push = FakePush(MODELS[1])
    part = PushPart(Desk(box, Config(osc=OscConfig(port=port)), surface, {}), push)
    part.start()
    push.plug()
    until(lambda: push.frame_count > 0)
    time.sleep(1)
    try:
        yield push, box
    finally:
        part.stop()
        surface.stop()
        box.stop()
        for rule in push.broken:
            click.echo(f"  broken: {rule}")


@click.command()
@click.option("--count", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def plugging(count: int, seed: int) -> None:
    """Plug, pull, switch and silence Pushes COUNT times, with garbage between."""
    engine = Engine()
    box = Box(port=engine.port)
    box.start()
    box.wait(5)
    surface = LiveSurface(box)
    surface.start()
    click.echo(describe())
    with pytest.MonkeyPatch.context() as patch:
        hasten(patch)
        broken = torment(Desk(box, Config(), surface, {}), rounds=count, seed=seed)
    surface.stop()
    box.stop()
    engine.stop()
    click.echo(f"{count} sequences, each ended in a full surface; {len(broken)} rules broken")


@click.command()
@click.option("--count", default=300, show_default=True)
def turning(count: int) -> None:
    """Turn an encoder COUNT times; how soon has the engine the new value?"""
    engine = Engine()
    times: list[float] = []
    try:
        with _played(engine.port) as (push, _):
            for number in range(count):
                before = engine.values.get("/offset/1/value")
                start = time.perf_counter()
                push.play(_TURN, _FIRST_KNOB, 2 if number % 2 else 126)
                while engine.values.get("/offset/1/value") == before:
                    time.sleep(0.0001)
                    if time.perf_counter() - start > 2:
                        raise click.ClickException("A turn was lost.")
                times.append(1e3 * (time.perf_counter() - start))
                time.sleep(0.02)
    finally:
        engine.stop()
    middle, late = np.percentile(times, (50, 99))
    click.echo(describe())
    click.echo(f"{count} turns: median {middle:.2f} ms, p99 {late:.2f} ms, worst {max(times):.2f}")


@click.command()
@click.option("--seconds", default=30.0, show_default=True)
def playing(seconds: float) -> None:
    """Play from a Push with a moving picture beside the real engine; what does the panel cost?"""
    with tempfile.TemporaryDirectory() as scratch, JackServer(Path(scratch)) as server:
        file = Path(scratch) / "config.yaml"
        file.write_text(yaml.safe_dump({"osc": {"port": _PORT}, "audio": {"rate": server.rate}}))
        command = [sys.executable, "-m", "appliance", "play", "--config", str(file)]
        engine = subprocess.Popen([*command, "--output", server.name], cwd=ROOT, env=server.env)
        try:
            with _played(_PORT) as (push, box):
                push.play(_TURN, _MIX, 127)  # the page whose scope moves all the time
                push.play(_TURN, _MIX, 0)
                until(lambda: box.state.output.rate > 0)
                time.sleep(2)
                before = box.state
                frames, busy, start = push.frame_count, time.process_time(), time.monotonic()
                for number in range(int(20 * seconds)):
                    push.play(_TURN, _FIRST_KNOB + number % 4, 1 if number % 8 < 4 else 127)
                    time.sleep(0.05)
                took = time.monotonic() - start
                rate = (push.frame_count - frames) / took
                share = 100 * (time.process_time() - busy) / took
                after = box.state
        finally:
            engine.terminate()
            engine.wait()
    xruns = after.output.xruns - before.output.xruns
    late = after.engine.late_frames - before.engine.late_frames
    click.echo(describe())
    click.echo(
        f"{took:.0f} s: {rate:.1f} pictures a second, panel {share:.1f} % of a core; "
        f"engine {xruns} xruns, {late} late frames"
    )
    click.echo(json.dumps({"fps": rate, "percent": share, "xruns": xruns, "late": late}))
