"""Chooses how each matrix is stored: the fastest way in which the whole graph keeps the rule.

A plan minimises time + price * noise over what was measured for each matrix. The price rises until
the whole graph, measured, is good enough: so precision grows first where it costs least.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from appliance.decoders.precision import Plan, Precision
from appliance.decoders.quality import Quality
from appliance.decoders.survey import Choice, Surveyed

Judge = Callable[[Plan], Quality]

_FIRST_PRICE = 0.05  # all noise gone is worth this part of the fastest plan's time
_STEP = 4.0
_WORTH = 0.8  # 4 bits must bring the time down to this part of what 8 bits need


@dataclass(frozen=True, slots=True)
class Chosen:
    """A plan, what it measured as a whole, and a line about each matrix."""

    plan: tuple[Precision, ...]
    quality: Quality
    lines: tuple[str, ...]


def choose(surveyed: Sequence[Surveyed], judge: Judge) -> Chosen | None:
    """Return the fastest plan that `judge` accepts, or None if only float32 is good enough."""
    usual = _first(surveyed, judge, without=Precision.BLOCKS4)
    if usual is None:
        return None
    if _least(surveyed, Precision.BLOCKS4) > _WORTH * _seconds(usual):
        return _chosen(surveyed, usual, judge)
    small = _first(surveyed, judge, without=None)
    if small is None or _seconds(small) > _WORTH * _seconds(usual):
        return _chosen(surveyed, usual, judge)
    return _chosen(surveyed, small, judge)


def describe(surveyed: Sequence[Surveyed], plan: Sequence[Precision]) -> tuple[str, ...]:
    """Return a line about each matrix: its shape, how it is stored, its own SNR and time."""
    lines: list[str] = []
    for part, precision in zip(surveyed, plan, strict=True):
        (choice,) = (c for c in part.choices if c.precision is precision)
        matrix = part.matrix
        lines.append(
            f"{matrix.steps} x {matrix.inputs} x {matrix.outputs}: {choice.precision}, "
            f"{1e6 * choice.seconds:.0f} us"
            + ("" if choice.noise == 0 else f", {-10 * math.log10(choice.noise):.0f} dB")
        )
    return tuple(lines)


def stored(lines: Sequence[str]) -> list[Precision]:
    """Return the precisions that `describe` put into its lines."""
    return [Precision(line.split(": ")[1].split(",")[0]) for line in lines]


def _chosen(surveyed: Sequence[Surveyed], choices: Sequence[Choice], judge: Judge) -> Chosen:
    plan = tuple(choice.precision for choice in choices)
    return Chosen(plan, judge(plan), describe(surveyed, plan))


def _first(
    surveyed: Sequence[Surveyed], judge: Judge, *, without: Precision | None
) -> tuple[Choice, ...] | None:
    """Return the first plan on the way from fast to exact that `judge` accepts."""
    for choices in _plans(surveyed, without):
        plan = tuple(choice.precision for choice in choices)
        if set(plan) <= {Precision.FP32}:
            return None
        if judge(plan).accepted:
            return choices
    return None


def _plans(surveyed: Sequence[Surveyed], without: Precision | None) -> Iterator[tuple[Choice, ...]]:
    """Give different plans at rising prices of noise, until nothing but float32 is left."""
    fastest = _at(surveyed, 0.0, without)
    noise = sum(choice.noise for choice in fastest)
    price = _FIRST_PRICE * _seconds(fastest) / max(noise, 1e-30)
    last: tuple[Choice, ...] = ()
    while any(choice.precision is not Precision.FP32 for choice in last or fastest):
        now = _at(surveyed, price, without)
        if now != last:
            last = now
            yield now
        price *= _STEP


def _at(
    surveyed: Sequence[Surveyed], price: float, without: Precision | None
) -> tuple[Choice, ...]:
    return tuple(
        min(
            (choice for choice in part.choices if choice.precision is not without),
            key=lambda choice: choice.seconds + price * choice.noise,
        )
        for part in surveyed
    )


def _least(surveyed: Sequence[Surveyed], extra: Precision) -> float:
    """Return the least time of any plan; only worth asking if `extra` is ever the fastest."""
    if not any(c.precision is extra for c in _at(surveyed, 0.0, None)):
        return float("inf")
    return _seconds(_at(surveyed, 0.0, None))


def _seconds(choices: Sequence[Choice]) -> float:
    return sum(choice.seconds for choice in choices)
