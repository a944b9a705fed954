"""How the large matrices of a graph are stored and multiplied."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MIXED = "mixed"
"""The name of a graph whose matrices are stored in more than one way."""


class Precision(StrEnum):
    """One way to store a matrix, from exact to coarse."""

    FP32 = "fp32"
    FP16 = "fp16"  # only where the processor adds and multiplies it
    BLOCKS8 = "blocks8"  # 8-bit weights and activations, a scale for each block of both
    INT8 = "int8"  # 8-bit weights with a scale per column; one scale for all activations
    BLOCKS4 = "blocks4"  # as BLOCKS8 with 4-bit weights


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix that need not be exact: `steps` rows of `inputs` numbers enter, `outputs` leave."""

    steps: int
    inputs: int
    outputs: int


Plan = Precision | Sequence[Precision]
"""One precision for every such matrix of a graph, or one for each in the order of writing."""


def name_of(plan: Plan) -> str:
    """Return the name of a graph written by `plan`."""
    kinds = {plan} if isinstance(plan, Precision) else set(plan)
    return str(kinds.pop()) if len(kinds) == 1 else MIXED if kinds else str(Precision.FP32)


def candidates() -> tuple[Precision, ...]:
    """Return the precisions that this processor multiplies."""
    if _has_half():
        return tuple(Precision)
    return tuple(p for p in Precision if p is not Precision.FP16)


def _has_half() -> bool:
    """Return whether the processor has half-precision arithmetic that the runtime uses."""
    if platform.machine() != "aarch64":
        return False
    try:
        return "asimdhp" in Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return False
