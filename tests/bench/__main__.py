"""`python -m tests.bench`: speed against TorchScript, and playing in real time for minutes."""

import os

os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")  # as the engine has it; children inherit it

import click

from tests.bench.a76 import a76
from tests.bench.cost import cost
from tests.bench.endurance import endurance
from tests.bench.latency import latency
from tests.bench.modules import modules
from tests.bench.presets import presets
from tests.bench.push import playing, plugging, turning
from tests.bench.speed import speed
from tests.bench.stick import importing, interrupted, restart
from tests.bench.strangers import strangers


@click.group()
def bench() -> None:
    """Measure; every figure is printed with the machine and the date."""


bench.add_command(speed)
bench.add_command(a76)
bench.add_command(endurance)
bench.add_command(latency)
bench.add_command(modules)
bench.add_command(cost)
bench.add_command(presets)
for command in (interrupted, restart, importing, strangers, plugging, turning, playing):
    bench.add_command(command)

if __name__ == "__main__":
    bench()
