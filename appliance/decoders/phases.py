"""The phases of magnitude frames: at random, or carried along by the partials that show as peaks.

A sinusoid is a peak of the magnitudes. Its frequency is the vertex of a parabola through the
logarithms of three bins (exact for a Gaussian window), and from one frame to the next its phase
turns by that frequency. The bins around a peak belong to it and follow its phase, every second
one turned by half, as the spectrum of a centred window has them. After Puckette, "Phase-locked
vocoder" (1995), and Laroche and Dolson, "Improved phase vocoder time-scale modification of audio"
(1999). What stands out of its surroundings by less than a threshold is noise and keeps random
phases.
"""

import numpy as np

from appliance.decoders.graph import Graph
from appliance.decoders.role import PEAKS

_NEIGHBOURS = 2  # bins on either side that a peak stands above
_SURROUNDINGS = 15  # bins on either side that a peak is measured against
_TONAL_DB = 3.0  # what a peak stands above the mean level of its surroundings, at least
_REACH = 16  # bins on either side that follow a peak, unless another one is nearer
_QUIETEST = 1e-6  # magnitudes below count as this: a logarithm of zero has no use
_FAR = 1e6  # a bin that is none, in the search for the nearest peak
_NOISY = 1e3  # marks the phases of peaks that are noise


def choose(graph: Graph, magnitudes: str, bins: int, hop: int) -> tuple[str, str]:
    """Append the choice: magnitudes (batch, bins) to phases and magnitudes of the same shape.

    Phases are in turns, 0 to 1. Frames are 2 (bins - 1) samples long, one every `hop`. A row whose
    control is 0 takes its phases from the random numbers and its magnitudes as they are.
    """
    turn = graph.noise("uniform", (bins,))
    wanted = graph.control(PEAKS)
    past = graph.state((bins,))  # last phases plus one: zero says there are none
    any_row = graph.node("ReduceMax", [wanted], keepdims=0)
    phase, heard = graph.either(
        graph.node("Cast", [any_row], to=9),  # boolean
        [(bins,), (bins,)],
        lambda: _followed(graph, magnitudes, turn, past, wanted, bins, hop),
        lambda: (turn, magnitudes),
    )
    graph.keep(past, "Add", [phase, graph.scalar(1)])
    return phase, heard


def _followed(
    graph: Graph, magnitudes: str, turn: str, past: str, wanted: str, bins: int, hop: int
) -> tuple[str, str]:
    """Append phases that follow the peaks where that is `wanted`, and magnitudes."""
    wanted = graph.node("Greater", [wanted, graph.scalar(0.5)])
    begun = graph.node("Greater", [past, graph.scalar(0.5)])
    place = graph.constant(np.arange(bins, dtype=np.float32)[None])
    level = graph.node("Log", [graph.node("Max", [magnitudes, graph.scalar(_QUIETEST)])])
    peak = _peaks(graph, level, bins)
    nearest, distance = _nearest(graph, peak, place, bins)
    turned = graph.node("Mul", [_frequency(graph, level, place, bins), _step(graph, bins, hop)])
    carried = graph.node("Add", [past, turned])
    carried = graph.node("Where", [_tonal(graph, level), carried, graph.scalar(_NOISY)])
    followed = graph.node("GatherElements", [carried, nearest], axis=1)
    followed = graph.node("Add", [followed, graph.node("Mul", [distance, graph.scalar(0.5)])])
    locked = graph.node("Less", [followed, graph.scalar(_NOISY / 2)])
    for rule in (graph.node("LessOrEqual", [distance, graph.scalar(_REACH)]), begun, wanted):
        locked = graph.node("And", [locked, rule])
    phase = graph.node("Where", [locked, followed, turn])
    phase = graph.node("Sub", [phase, graph.node("Floor", [phase])])
    # Overlapping frames of one partial add up as amplitudes, frames of noise as powers.
    share = graph.scalar(float(np.sqrt(hop / (2 * (bins - 1)))))
    gain = graph.node("Where", [locked, share, graph.scalar(1)])
    return phase, graph.node("Mul", [magnitudes, gain])


def _step(graph: Graph, bins: int, hop: int) -> str:
    """Return the turns that one bin of frequency adds within a hop."""
    return graph.scalar(hop / (2 * (bins - 1)))


def _peaks(graph: Graph, level: str, bins: int) -> str:
    """Return whether a bin is as high as all its neighbours; the outermost bins never are."""
    inner = np.ones((1, bins), bool)
    inner[:, [0, -1]] = False
    highest = _pooled(graph, "MaxPool", level, _NEIGHBOURS, _NEIGHBOURS)
    higher = graph.node("GreaterOrEqual", [level, highest])
    return graph.node("And", [higher, graph.constant(inner)])


def _nearest(graph: Graph, peak: str, place: str, bins: int) -> tuple[str, str]:
    """Return the nearest peak's bin, int64, and the distance to it, float, of every bin."""
    none = graph.scalar(-_FAR)
    below = graph.node("Where", [peak, place, none])
    below = _pooled(graph, "MaxPool", below, _REACH, 0)
    above = graph.node("Where", [peak, graph.node("Neg", [place]), none])
    above = graph.node("Neg", [_pooled(graph, "MaxPool", above, 0, _REACH)])
    back, ahead = graph.node("Sub", [place, below]), graph.node("Sub", [above, place])
    bound = graph.node("Where", [graph.node("LessOrEqual", [back, ahead]), below, above])
    ends = [graph.scalar(0), graph.scalar(bins - 1)]
    nearest = graph.node("Cast", [graph.node("Clip", [bound, *ends])], to=7)  # int64
    return nearest, graph.node("Min", [back, ahead])


def _frequency(graph: Graph, level: str, place: str, bins: int) -> str:
    """Return the frequency in bins of the partial that a bin is the peak of."""
    wide = graph.node("Pad", [level, graph.constant(np.array([0, 1, 0, 1], np.int64))], mode="edge")
    before, after = graph.cut(wide, 0, bins, 1), graph.cut(wide, 2, bins + 2, 1)
    twice = graph.node("Add", [level, level])
    bend = graph.node("Sub", [graph.node("Add", [before, after]), twice])
    bend = graph.node("Min", [bend, graph.scalar(-1e-6)])  # a peak bends down
    tilt = graph.node("Sub", [before, after])
    half = graph.node("Div", [graph.node("Mul", [tilt, graph.scalar(0.5)]), bend])
    return graph.node(
        "Add", [place, graph.node("Clip", [half, graph.scalar(-0.5), graph.scalar(0.5)])]
    )


def _tonal(graph: Graph, level: str) -> str:
    """Return whether a bin stands out of its surroundings."""
    mean = _pooled(graph, "AveragePool", level, _SURROUNDINGS, _SURROUNDINGS)
    height = graph.node("Sub", [level, mean])
    return graph.node("Greater", [height, graph.scalar(_TONAL_DB * np.log(10) / 20)])


def _pooled(graph: Graph, operator: str, x: str, before: int, after: int) -> str:
    """Return the highest or mean of `before` bins, a bin itself and `after` bins."""
    bins = graph.node("Unsqueeze", [x, graph.constant(np.array([1], np.int64))])
    pooled = graph.node(operator, [bins], kernel_shape=[before + 1 + after], pads=[before, after])
    return graph.node("Squeeze", [pooled, graph.constant(np.array([1], np.int64))])
