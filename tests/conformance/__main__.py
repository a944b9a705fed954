"""`python -m tests.conformance`: import genuine exports, survive damaged files."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import click

from tests.conformance.damaged import damaged
from tests.conformance.genuine import genuine


@click.group()
def conformance() -> None:
    """Hold the importer against files that this project did not write."""


conformance.add_command(genuine)
conformance.add_command(damaged)

if __name__ == "__main__":
    conformance()
