"""What the engine costs with four full-size decoders: processor, memory, start."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import yaml

from appliance.decoders.importer import import_model
from appliance.engine.client import Client
from appliance.errors import EngineUnreachableError
from appliance.machine import describe
from tests.decoders.rave_export import make_rave
from tests.decoders.vschaos2_export import make_vschaos2

_PORT = 57139
_WARM_S = 4.0


@click.command()
@click.option("--seconds", default=20.0, show_default=True)
@click.option("--rave", type=click.Path(exists=True, path_type=Path), help="RAVE v2 FILE.ts.")
@click.option("--vschaos2", type=click.Path(exists=True, path_type=Path), help="vschaos2 FILE.ts.")
def cost(seconds: float, rave: Path | None, vschaos2: Path | None) -> None:
    """Play two RAVE v2 and two vschaos2 decoders into nothing, in real time."""
    click.echo(describe())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rave = rave or make_rave(folder / "rave.ts", capacity=96)
        vschaos2 = vschaos2 or make_vschaos2(folder / "vschaos2.ts", "normal")
        names = [import_model(path, folder / "models").name for path in (rave, vschaos2)]
        config = folder / "config.yaml"
        config.write_text(
            yaml.safe_dump(
                {
                    "audio": {"output": "null"},
                    "osc": {"port": _PORT},
                    "models": [str(folder / "models")],
                    "decoders": [{"model": names[n // 2], "seed": n} for n in range(4)],
                }
            )
        )
        _play(config, seconds)


def _play(config: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "appliance", "play", "--no-panel", "--config", str(config)]
    start = time.monotonic()
    engine = subprocess.Popen(
        [*command, "--seconds", str(seconds + _WARM_S + 20)],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_sound(start)
        click.echo(f"first frame {time.monotonic() - start:.2f} s after the start")
        time.sleep(_WARM_S)
        before, moment = _cpu(engine.pid), time.monotonic()
        time.sleep(seconds)
        part = (_cpu(engine.pid) - before) / (time.monotonic() - moment)
        with Client("127.0.0.1", _PORT) as client:
            status = client.status()
        click.echo(f"{100 * part:.1f} % of one core over {seconds:.0f} s")
        click.echo(f"resident {_memory(engine.pid, 'VmRSS'):.0f} MiB, most ever "
                   f"{_memory(engine.pid, 'VmHWM'):.0f} MiB")  # fmt: skip
        for group in status["decoders"]:
            click.echo(f"  {group}")
    finally:
        engine.terminate()
        engine.wait(10)


def _wait_for_sound(start: float) -> None:
    while time.monotonic() - start < 60:
        try:
            with Client("127.0.0.1", _PORT, timeout=0.05) as client:
                if all(group["frames"] > 0 for group in client.status()["decoders"]):
                    return
        except EngineUnreachableError:
            time.sleep(0.02)
    raise click.ClickException("The engine does not sound.")


def _cpu(pid: int) -> float:
    """Return the seconds of processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int, what: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return float("nan")
