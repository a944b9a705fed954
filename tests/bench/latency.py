"""From the live input to the sound it makes, on JACK's dummy driver with output led to input."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import yaml

from appliance.machine import describe
from tests.jack import JackServer


@click.command()
@click.option("--model", default="choir-live", show_default=True, help="Encodes and decodes.")
@click.option("--models", type=click.Path(path_type=Path), help="A folder to look for it.")
@click.option("--period", default=256, show_default=True)
@click.option("--rate", default=44100, show_default=True)
@click.option("--bursts", default=20, show_default=True)
def latency(model: str, models: Path | None, period: int, rate: int, bursts: int) -> None:
    """Run `neural-synth latency --input` with a cable."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        JackServer(Path(scratch), rate=rate, period=period) as jack,
    ):
        config = Path(scratch) / "config.yaml"
        settings = {
            "audio": {"output": jack.name, "rate": jack.rate, "period": period},
            "encoder": {"capture": jack.name},
            "models": [str(models.resolve())] if models else [],
        }
        config.write_text(yaml.safe_dump(settings))
        command = ["-m", "appliance", "latency", "--input", "--config", str(config)]
        engine = subprocess.Popen(
            [sys.executable, *command, "--model", model, "--bursts", str(bursts)], env=jack.env
        )
        while engine.poll() is None and not jack.loop():
            time.sleep(0.1)
        engine.wait()
    click.echo(describe())
    sys.exit(engine.returncode)
