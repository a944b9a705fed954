"""What the engine costs with four full-size decoders: processor by thread, memory, start."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import yaml

from appliance.config import load_config
from appliance.decoders.importer import import_model
from appliance.engine.client import Client
from appliance.errors import EngineUnreachableError
from appliance.machine import describe
from tests.bench.parts import parts
from tests.decoders.rave_export import make_rave
from tests.decoders.vschaos2_export import make_vschaos2
from tests.jack import JackServer, missing

_PORT = 57139
_WARM_S = 4.0
_BARE_S = 6.0


@click.command()
@click.option("--seconds", default=20.0, show_default=True)
@click.option("--rate", default=44100, show_default=True, help="Of the card; the models' is 44100.")
@click.option("--period", default=256, show_default=True)
@click.option("--null", is_flag=True, help="Play into nothing instead of JACK's dummy driver.")
@click.option("--rave", type=click.Path(exists=True, path_type=Path), help="RAVE v2 FILE.ts.")
@click.option("--vschaos2", type=click.Path(exists=True, path_type=Path), help="vschaos2 FILE.ts.")
def cost(
    seconds: float, rate: int, period: int, *, null: bool, rave: Path | None, vschaos2: Path | None
) -> None:
    """Play two RAVE v2 and two vschaos2 decoders in real time, thread by thread."""
    reason = missing()
    if reason and not null:
        raise click.ClickException(f"{reason}: install it, or use --null.")
    click.echo(describe())
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        rave = rave or make_rave(folder / "rave.ts", capacity=96)
        vschaos2 = vschaos2 or make_vschaos2(folder / "vschaos2.ts", "normal")
        names = [import_model(path, folder / "models").name for path in (rave, vschaos2)]
        jack = None
        if not null:
            jack = stack.enter_context(JackServer(folder, rate=rate, period=period))
        audio = {"output": jack.name if jack else "null", "rate": rate, "period": period}
        file = folder / "config.yaml"
        file.write_text(
            yaml.safe_dump(
                {
                    "audio": audio,
                    "osc": {"port": _PORT},
                    "models": [str(folder / "models")],
                    "decoders": [{"model": names[n // 2], "seed": n} for n in range(4)],
                }
            )
        )
        env = jack.env if jack else dict(os.environ)
        _play(file, seconds, env)
        if jack is not None:
            _bare(jack)
        config = load_config(file).config
        for cold in (False, True):
            shares = parts(config, cold=cold)
            said = ", ".join(f"{part} {100 * share:.1f}" for part, share in shares.items())
            click.echo(f"stepped with {'cold' if cold else 'hot'} caches, % of a core: {said}")


def _play(config: Path, seconds: float, env: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "appliance", "play", "--no-panel", "--config", str(config)]
    start = time.monotonic()
    engine = subprocess.Popen(
        [*command, "--seconds", str(seconds + _WARM_S + 20)],
        stdout=subprocess.DEVNULL,
        env=env,
    )
    try:
        _wait_for_sound(start)
        click.echo(f"first frame {time.monotonic() - start:.2f} s after the start")
        time.sleep(_WARM_S)
        before, moment = _threads(engine.pid), time.monotonic()
        first = _status()
        time.sleep(seconds)
        after, passed = _threads(engine.pid), time.monotonic() - moment
        last = _status()
        click.echo(f"{_percent(before, after, passed):.1f} % of one core over {seconds:.0f} s:")
        _tell(before, after, passed)
        _tell_decoders(first, last, passed)
        now, most, shared = (resident_mib(engine.pid, w) for w in ("VmRSS", "VmHWM", "RssShmem"))
        click.echo(f"resident {now:.0f} MiB, most ever {most:.0f} MiB, shared with the card's "
                   f"server {shared:.0f} MiB")  # fmt: skip
    finally:
        engine.terminate()
        engine.wait(10)


Usage = dict[int, tuple[str, float, int]]
"""Per thread its name, seconds of processor time, and how often it fell asleep."""


def _threads(pid: int) -> Usage:
    usage: Usage = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            status = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines())
            spent = int((task / "schedstat").read_text().split()[0]) / 1e9
            usage[int(task.name)] = (
                status["Name"].strip(), spent, int(status["voluntary_ctxt_switches"]),
            )  # fmt: skip
    return usage


def _percent(before: Usage, after: Usage, seconds: float) -> float:
    gone = dict.fromkeys(after, 0.0)
    gone |= {thread: spent for thread, (_, spent, _) in before.items()}
    return 100 * sum(spent - gone[thread] for thread, (_, spent, _) in after.items()) / seconds


def _tell(before: Usage, after: Usage, seconds: float) -> None:
    """Print the threads that used processor time, and how often they were woken."""
    spent: dict[str, float] = {}
    woken = Counter[str]()
    for thread, (name, now, switches) in after.items():
        _, then, earlier = before.get(thread, (name, 0.0, 0))
        spent[name] = spent.get(name, 0.0) + now - then
        woken[name] += switches - earlier
    for name, share in sorted(spent.items(), key=lambda item: -item[1]):
        if share > 0.0005 * seconds:
            click.echo(f"  thread {name:15s} {100 * share / seconds:5.2f} %, "
                       f"woken {woken[name] / seconds:.0f} times a second")  # fmt: skip


def _tell_decoders(first: dict[str, Any], last: dict[str, Any], seconds: float) -> None:
    for before, after in zip(first["decoders"], last["decoders"], strict=True):
        frames = after["frames"] - before["frames"]
        took = after["frames"] * after["decode_ms"] - before["frames"] * before["decode_ms"]
        click.echo(
            f"  {after['model']} x {len(after['slots'])}: {took / max(1, frames):.2f} ms of each "
            f"{after['frame_ms']} ms, {took / 10 / seconds:.1f} % of a core; late {after['late']}"
        )
    engine = last["engine"]
    click.echo(
        f"  headroom {engine['headroom_ms']} ms, {last['output']['xruns']} xruns, a block's own "
        f"work {100 * engine['load']:.1f} % of a period"
    )


def _bare(jack: JackServer) -> None:
    """Print what writing silence with the same periods takes."""
    names = (jack.name, str(jack.rate), str(jack.period), "3", str(_BARE_S + 3))
    command = [sys.executable, "-m", "tests.bench.control", "write", *names]
    writer = subprocess.Popen(command, env=jack.env, stdout=subprocess.DEVNULL)
    try:
        time.sleep(1.5)
        before, moment = _threads(writer.pid), time.monotonic()
        time.sleep(_BARE_S)
        percent = _percent(before, _threads(writer.pid), time.monotonic() - moment)
        click.echo(f"a program that only writes silence there: {percent:.1f} % of a core")
    finally:
        writer.terminate()
        writer.wait(10)


def _status() -> dict[str, Any]:
    with Client("127.0.0.1", _PORT) as client:
        return client.status()


def _wait_for_sound(start: float) -> None:
    while time.monotonic() - start < 60:
        try:
            with Client("127.0.0.1", _PORT, timeout=0.05) as client:
                if all(group["frames"] > 0 for group in client.status()["decoders"]):
                    return
        except EngineUnreachableError:
            time.sleep(0.02)
    raise click.ClickException("The engine does not sound.")


def resident_mib(pid: int, what: str = "VmRSS") -> float:
    """Return the MiB that a process has in memory, or of what `what` names in its status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return float("nan")
