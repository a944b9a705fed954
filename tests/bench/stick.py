"""The bars of a box: sticks cut off, an engine killed and started, an import beside the sound."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import yaml

from appliance.engine.client import Client
from appliance.errors import EngineUnreachableError
from appliance.imports.queue import ImportQueue
from appliance.machine import describe
from tests.jack import JackServer
from tests.panel.usb.sticks import text
from tests.presets import faulty_disk

ROOT = Path(__file__).parents[2]
_PORT = 57232
_NEAR = 0.25  # seconds, of which 0.1 is the polling


@click.command()
@click.option("--count", default=300, show_default=True)
@click.option("--seed", default=1, show_default=True)
def interrupted(count: int, seed: int) -> None:
    """Cut COUNT visits of a stick off anywhere; nothing may be lost."""
    with tempfile.TemporaryDirectory() as scratch:
        library = faulty_disk.build(Path(scratch))
        command = [sys.executable, "-m", "tests.panel.usb.interrupted"]
        done = subprocess.run(
            [*command, f"{scratch}/work", str(count), str(seed)],
            cwd=ROOT,
            env=faulty_disk.environment(library),
            capture_output=True,
            text=True,
            check=True,
        )
    said = json.loads(done.stdout)
    click.echo(describe())
    for end, number in sorted(said["ends"].items()):
        click.echo(f"  {end}: {number}")
    click.echo(f"{said['visits']} visits cut off, {len(said['wrong'])} of them with a loss")
    for wrong in said["wrong"]:
        click.echo(f"  {wrong}")


@click.command()
@click.option("--count", default=4, show_default=True)
def restart(count: int) -> None:
    """Kill the playing engine COUNT times; how soon does the same sound play again?"""
    click.echo(describe())
    with tempfile.TemporaryDirectory() as scratch:
        box = _Box(Path(scratch), "null")
        times: list[float] = []
        box.start()
        try:
            box.ready()
            with Client(port=_PORT) as client:
                client.send("/offset/1/value", 0.25)
            time.sleep(6)  # the sound as it stands is saved every five seconds
            for number in range(count):
                if number and number % 2 == 0:
                    time.sleep(35)  # a third crash in a row would call for another sound
                box.kill()
                began = time.monotonic()
                time.sleep(0.1)  # as the unit's RestartSec
                box.start()
                box.ready()
                times.append(time.monotonic() - began)
                with Client(port=_PORT) as client:
                    same = abs(client.get("/offset/1/value") - 0.25) < 1e-6
                click.echo(f"  {times[-1]:.2f} s, {'the same' if same else 'ANOTHER'} sound")
        finally:
            box.kill()
    times.sort()
    click.echo(f"median {times[len(times) // 2]:.2f} s, slowest {times[-1]:.2f} s")


@click.command()
@click.option("--model", type=click.Path(exists=True, path_type=Path), help="RAVE v2 FILE.ts.")
@click.option("--longest", default=160.0, show_default=True, help="Seconds to wait for the import.")
@click.option("--calm", default=15.0, show_default=True, help="Seconds of playing before it.")
def importing(model: Path | None, longest: float, calm: float) -> None:
    """Let a stick bring a full-size RAVE while the factory instrument plays on JACK's clock."""
    with tempfile.TemporaryDirectory() as scratch, JackServer(Path(scratch)) as jack:
        folder = Path(scratch)
        home = folder / "stick" / "neural-synth"
        for name in ("models", "presets"):
            (home / name).mkdir(parents=True)
        (home / "presets" / "05.yaml").write_bytes(text("Five"))
        if model is None:
            from tests.decoders.rave_export import make_rave  # noqa: PLC0415

            make_rave(home / "models" / "rave.ts", generation="v2", causal=True, capacity=96)
        else:
            shutil.copyfile(model, home / "models" / "rave.ts")
        click.echo(describe())
        size = (home / "models" / "rave.ts").stat().st_size / 1e6
        box = _Box(folder, jack.name, env=jack.env, rate=jack.rate)
        box.start()
        longer = str(longest + calm + 30)
        shape = [jack.name, str(jack.rate), str(jack.period), "3", longer]
        controls = [_control(jack, "write", *shape)]
        controls += [_control(jack, "sleep", str(c), longer) for c in os.sched_getaffinity(0)]
        try:
            box.ready()
            seen, before = _Faults(box), time.monotonic() + calm
            while time.monotonic() < before:
                seen.look()
            began = time.monotonic()
            stick = box.process("stick", "take", str(folder / "stick"))
            os.sched_setscheduler(stick.pid, os.SCHED_IDLE, os.sched_param(0))
            while stick.poll() is None:
                seen.look()
            taken = time.monotonic() - began
            runner = box.process("imports", "run")
            while runner.poll() is None and time.monotonic() - began < longest:
                seen.look()
            runner.kill()
            ended = time.monotonic()
            [job] = ImportQueue(folder / "data" / "imports", folder / "data" / "models").status()
        finally:
            box.kill()
            for control in controls:
                control.terminate()
        lines = [c.communicate(timeout=30)[0].splitlines() for c in controls]
        stalls = [float(line.split()[1]) for part in lines for line in part if "stall" in line]
        click.echo(
            f"{size:.0f} MB taken from the stick in {taken:.1f} s; import {job.state} after "
            f"{ended - began:.0f} s {job.step} {job.reason}"
        )
        for kind in ("xruns", "late"):
            calm_ones = [m for m, k in seen.faults if k == kind and m < began]
            during = [m for m, k in seen.faults if k == kind and m >= began]
            shared = [m for m in during if any(abs(m - stall) < _NEAR for stall in stalls)]
            click.echo(
                f"{kind}: {len(calm_ones)} in {calm:.0f} s before, {len(during)} during it, of "
                f"which {len(shared)} together with a stall of the machine"
            )
        click.echo(f"controls that do no work stalled {len(stalls)} times")


def _control(jack: JackServer, *arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.bench.control", *arguments]
    return subprocess.Popen(command, env=jack.env, stdout=subprocess.PIPE, text=True, cwd=ROOT)


class _Faults:
    """Watches the engine's counters: (moment, kind) of each xrun and late frame."""

    def __init__(self, box: "_Box") -> None:
        self._box = box
        self._seen = box.faults()
        self.faults: list[tuple[float, str]] = []

    def look(self) -> None:
        """Wait a tenth of a second and note what is new."""
        time.sleep(0.1)
        now = self._box.faults()
        moment = time.monotonic()
        self.faults += [(moment, k) for k, v in now.items() for _ in range(v - self._seen[k])]
        self._seen = now


class _Box:
    """`neural-synth play --box` in `folder`, as a service manager runs it."""

    def __init__(
        self, folder: Path, output: str, *, env: dict[str, str] | None = None, rate: int = 48000
    ) -> None:
        settings = {"audio": {"output": output, "rate": rate}, "osc": {"port": _PORT}}
        (folder / "config.yaml").write_text(yaml.safe_dump(settings))
        (folder / "run").mkdir()
        self._notify = folder / "notify"
        self._env = (env or dict(os.environ)) | {
            "NEURAL_SYNTH_CONFIG": str(folder / "config.yaml"),
            "NEURAL_SYNTH_DATA": str(folder / "data"),
            "NEURAL_SYNTH_RUNTIME": str(folder / "run"),
        }
        self._engine: subprocess.Popen[bytes] | None = None
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.bind(str(self._notify))
        self._heard.settimeout(60)

    def start(self) -> None:
        """Start the engine."""
        self._engine = self.process("play", "--box", env={"NOTIFY_SOCKET": str(self._notify)})

    def ready(self) -> None:
        """Wait until it says that it plays."""
        while self._heard.recv(1000) != b"READY=1":
            pass

    def kill(self) -> None:
        """End the engine without a word."""
        if self._engine is not None:
            self._engine.send_signal(signal.SIGKILL)
            self._engine.wait()

    def process(
        self, *arguments: str, env: dict[str, str] | None = None
    ) -> "subprocess.Popen[Any]":
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "appliance", *arguments],
            cwd=ROOT,
            env=self._env | (env or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def faults(self) -> dict[str, int]:
        """Return xruns and late frames so far."""
        for _ in range(20):
            try:
                with Client(port=_PORT) as client:
                    state = client.status()
            except EngineUnreachableError:
                continue
            late = int(state["engine"]["late_frames"])
            return {"xruns": int(state["output"]["xruns"]), "late": late}
        raise EngineUnreachableError("The engine does not answer.")
