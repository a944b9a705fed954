"""The graphs of one part of a model, decoder or encoder: the exact one and a faster one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from appliance.decoders.card import Variant
from appliance.decoders.graph import Graph
from appliance.decoders.planning import Chosen, choose, describe
from appliance.decoders.precision import Matrix, Plan, Precision, name_of
from appliance.decoders.quality import Quality
from appliance.decoders.role import Role
from appliance.decoders.survey import survey

Player = TypeVar("Player")
Judged_contra = TypeVar("Judged_contra", contravariant=True)

AUTO = "auto"
EXACT = str(Precision.FP32)

_FASTER = 0.98  # a coarser graph must need no more than this part of the exact one's time


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an import is asked for: a precision or "auto"; whether to keep codes; on which axes."""

    precision: str = AUTO
    codes: bool = False
    projection: str = ""


class Rule(Protocol[Judged_contra]):
    """What a coarser graph is judged by."""

    def judge(self, player: Judged_contra, /) -> Quality:
        """Return its quality."""
        ...


@dataclass(frozen=True, slots=True)
class Part(Generic[Player]):
    """How one part of a model is written, opened, judged and timed.

    `open` gives what plays a graph with a number of rows, `milliseconds` the time of one frame.
    """

    role: Role
    write: Callable[[Graph], None]
    description: dict[str, Any]
    codes: int
    open: Callable[[Path, int], Player]
    milliseconds: Callable[[Player], float]
    rows: int
    """Rows that are judged together."""


def write_exact(part: Part[Player], work: Path) -> tuple[Player, list[Matrix]]:
    """Write the float32 graph into `work`; return what plays it and its large matrices."""
    graph = Graph()
    part.write(graph)
    path = work / file_name(part.role, EXACT)
    path.write_bytes(graph.serialize(part.description, part.role))
    return part.open(path, 1), graph.matrices


def write_variants(
    part: Part[Player],
    rule: Rule[Player],
    exact: Player,
    matrices: list[Matrix],
    wanted: str,
    work: Path,
) -> tuple[str, dict[str, Variant], bool]:
    """Write the faster graph beside the exact one in `work`.

    Returns the name of the variant to play, all variants, and whether it keeps the rule. `wanted`
    is a precision or "auto": the fastest mixture that keeps the rule, by measured error and time.
    """  # fmt: skip
    path = work / file_name(part.role, EXACT)
    fine = Variant(path.name, path.stat().st_size, round(part.milliseconds(exact), 3))
    if wanted == EXACT or not matrices:
        return EXACT, {EXACT: fine}, True
    chosen = _chosen(part, rule, wanted, work)
    if chosen is None:
        return EXACT, {EXACT: fine}, True
    name = name_of(chosen.plan)
    path = _write(part, chosen.plan, name, work)
    coarse = Variant(
        path.name,
        path.stat().st_size,
        round(part.milliseconds(part.open(path, 1)), 3),
        round(chosen.quality.snr_db, 1),
        None if chosen.quality.mel_db is None else round(chosen.quality.mel_db, 2),
        list(chosen.lines),
    )
    faster = coarse.ms_per_frame <= _FASTER * fine.ms_per_frame
    plays = name if faster or wanted != AUTO else EXACT
    return plays, {EXACT: fine, name: coarse}, chosen.quality.accepted


def file_name(role: Role, precision: str) -> str:
    """Return the name of a graph's file."""
    return f"{role}.{precision}.onnx"


def _chosen(part: Part[Player], rule: Rule[Player], wanted: str, work: Path) -> Chosen | None:
    trial = work / file_name(part.role, "trial")
    known: dict[Plan, Quality] = {}

    def judge(plan: Plan) -> Quality:
        if plan not in known:
            known[plan] = rule.judge(part.open(_write(part, plan, "trial", work), part.rows))
        return known[plan]

    try:
        surveyed = survey(part.write, part.role, part.codes)
        if wanted == AUTO:
            return choose(surveyed, judge)
        plan = (Precision(wanted),) * len(surveyed)
        return Chosen(plan, judge(plan), describe(surveyed, plan))
    finally:
        trial.unlink(missing_ok=True)


def _write(part: Part[Player], plan: Plan, name: str, work: Path) -> Path:
    graph = Graph(plan)
    part.write(graph)
    path = work / file_name(part.role, name)
    path.write_bytes(graph.serialize(part.description, part.role))
    return path
