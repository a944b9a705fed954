"""The instrument in real time for minutes on JACK's dummy driver: xruns, late frames, CPU.

The machine may be shared, so controls without any work run beside it: a bare writer with the same
periods, and a sleeper on each core; time that a hypervisor withholds is read from the kernel. A
fault of the engine within a quarter of a second of a stall is the machine's and counted apart.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import yaml

from appliance.decoders.importer import import_model
from appliance.engine.client import Client
from appliance.errors import EngineUnreachableError
from appliance.machine import describe
from tests.jack import JackServer

_PORT = 57231
_NEAR = 0.25  # seconds, of which 0.1 is the polling


Act = Callable[[Client, dict[str, Any]], object]
"""Does something to the engine, given its status; called ten times a second."""


@click.command()
@click.option("--seconds", default=300, show_default=True)
@click.option("--period", default=256, show_default=True)
@click.option("--rave", type=click.Path(exists=True, path_type=Path), help="RAVE v2 FILE.ts.")
@click.option("--vschaos2", type=click.Path(exists=True, path_type=Path), help="vschaos2 FILE.ts.")
@click.option("--model", help="Encode the live input and decode it with this model alone.")
@click.option("--generate", is_flag=True, help="The factory instrument, while a prior generates.")
def endurance(
    seconds: int,
    period: int,
    rave: Path | None,
    vschaos2: Path | None,
    model: str | None,
    generate: bool,
) -> None:
    """Play two RAVE v2 and two vschaos2 decoders; missing files are made at full size."""
    with tempfile.TemporaryDirectory() as scratch, JackServer(Path(scratch), period=period) as jack:
        folder = Path(scratch)
        settings: dict[str, Any] = {
            "audio": {"output": jack.name, "rate": jack.rate, "period": period},
            "osc": {"port": _PORT},
            "models": [str(folder / "models")],
        }
        act: Act = _nothing
        if generate:
            act = _generate
        elif model is not None:
            settings |= {"decoders": [{"model": model}], "encoder": {"model": model}}
            act = _listen
        else:
            names = [_import(folder, "rave", rave), _import(folder, "vschaos2", vschaos2)]
            settings["decoders"] = [
                {"model": names[n // 2], "seed": n, "pan": 0.4 * n - 0.6} for n in range(4)
            ]
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings))
        click.echo(describe())
        _run(jack, config, seconds, act)


def _nothing(*_: object) -> None:
    """Let the engine play by itself."""


def _listen(client: Client, _: dict[str, Any]) -> None:
    """Raise the live input."""
    client.send("/encoder/live/level_db", 0.0)


def _generate(client: Client, status: dict[str, Any]) -> None:
    """Let a prior generate ten minutes for the first jam slot, again and again."""
    if status["jam"]["slots"][0]["working"] is None:
        client.send("/jam/generate", 1, 600.0)


def _import(folder: Path, kind: str, given: Path | None) -> str:
    path = given
    if path is None:
        path = folder / f"{kind}.ts"
        if kind == "rave":
            from tests.decoders.rave_export import make_rave  # noqa: PLC0415

            make_rave(path, generation="v2", causal=True, capacity=96)
        else:
            from tests.decoders.vschaos2_export import make_vschaos2  # noqa: PLC0415

            make_vschaos2(path, size="normal")
    return import_model(path, folder / "models").name


def _run(jack: JackServer, config: Path, seconds: int, act: Act) -> None:
    longer = str(seconds + 5)
    names = [jack.name, str(jack.rate), str(jack.period), "3", longer]
    controls = [_control(jack, "write", *names)]
    controls += [_control(jack, "sleep", str(core), longer) for core in os.sched_getaffinity(0)]
    engine = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "appliance",
            "play",
            "--config",
            str(config),
            "--seconds",
            str(seconds),
        ],
        env=jack.env,
        stdout=subprocess.PIPE,
        text=True,
    )
    begun = time.monotonic()
    faults: list[tuple[float, str]] = []
    seen = {"xruns": 0, "late": 0}
    before: tuple[float, float] | None = None
    used = 0.0
    state: dict[str, Any] | None = None
    stolen: list[float] = []
    latest = first = _stolen_seconds()
    while engine.poll() is None:
        time.sleep(0.1)
        if (now_stolen := _stolen_seconds()) > latest:
            latest = now_stolen
            stolen.append(time.monotonic())
        try:
            with Client(port=_PORT, timeout=0.5) as client:
                state = client.status()
                act(client, state)
        except EngineUnreachableError:
            continue
        now = {"xruns": state["output"]["xruns"], "late": state["engine"]["late_frames"]}
        faults += [(time.monotonic(), k) for k, v in now.items() for _ in range(v - seen[k])]
        seen = now
        try:
            moment = (time.monotonic(), _cpu_seconds(engine.pid))
        except OSError:
            break
        before = before or moment
        used = (moment[1] - before[1]) / max(1e-9, moment[0] - before[0])
    said, _ = engine.communicate(timeout=20)
    lines = [c.communicate(timeout=30)[0].splitlines() for c in controls]
    moments = [float(line.split()[1]) for part in lines for line in part if "stall" in line]
    longest = max((float(line.split()[2]) for part in lines for line in part), default=0.0)
    moments += stolen
    shared = [f for f in faults if any(abs(f[0] - m) < _NEAR for m in moments)]
    own = [f for f in faults if f not in shared]
    click.echo(said.rstrip())
    for moment, kind in faults:
        click.echo(f"  {kind} counted {moment - begun:.1f} s after the start")
    if state is not None:
        click.echo(
            f"longest block {state['engine']['longest_block_ms']} ms, headroom raised "
            f"{state['engine']['headroom_raised']} times to {state['engine']['headroom_ms']} ms"
        )
        jam, live = state["jam"], state["encoder"]["live"]
        if any(jam["problems"]) or jam["slots"][0]["version"]:
            click.echo(f"jam slot 1: version {jam['slots'][0]['version']}, {jam['problems']}")
        if live and live["open"]:
            click.echo(f"live input: {live}")
    click.echo(f"engine process: {100 * used:.1f} % of a core, {_memory(state)}")
    if state is not None:
        for decoder in state["decoders"]:
            click.echo(
                f"  {decoder['model']}: {decoder['decode_ms']} ms mean, {decoder['slowest_ms']} ms "
                f"slowest, of {decoder['frame_ms']} ms a frame, {decoder['frames']} frames"
            )
    click.echo(
        f"the hypervisor withheld {1e3 * (latest - first):.0f} ms of processor time, "
        f"at {len(stolen)} moments"
    )
    click.echo(
        f"controls: the bare writer stalled {len(lines[0])} times, the sleepers "
        f"{sum(map(len, lines[1:]))} times, at worst {1e3 * longest:.0f} ms"
    )
    click.echo(
        f"engine's own: {sum(k == 'xruns' for _, k in own)} xruns, "
        f"{sum(k == 'late' for _, k in own)} late frames; together with a control: "
        f"{sum(k == 'xruns' for _, k in shared)} xruns, "
        f"{sum(k == 'late' for _, k in shared)} late frames"
    )


def _control(jack: JackServer, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.control", *arguments]
    return subprocess.Popen(command, env=jack.env, stdout=subprocess.PIPE, text=True)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _stolen_seconds() -> float:
    """Return the time that a hypervisor gave to others while this machine wanted to run."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def _memory(state: object) -> str:
    return f"{state['engine'].get('memory_mb', '?')} MB" if isinstance(state, dict) else ""
