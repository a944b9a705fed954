"""Layers that hear the future become streaming ones that sound later, by a counted lag."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from appliance.decoders.alignment import align
from appliance.decoders.layers import (
    Activation,
    Chain,
    Convolution,
    Layer,
    Sum,
    TransposedConvolution,
)
from tests.decoders.chunks import draw, late, stream

Whole = Callable[[torch.Tensor], torch.Tensor]
CHANNELS, STEPS, SETTLED = 5, 96, 40


def centred(
    taps: int, *, stride: int = 1, dilation: int = 1, pads: tuple[int, int] | None = None,
    seed: int = 0,
) -> tuple[Layer, Whole]:  # fmt: skip
    weight = draw(CHANNELS, CHANNELS, taps, seed=seed)
    reach = (taps - 1) * dilation
    before, after = pads or (reach - reach // 2, reach // 2)
    layer = Convolution(
        weight, None, stride=stride, dilation=dilation, history=before + after, ahead=after
    )

    def whole(x: torch.Tensor) -> torch.Tensor:
        x = functional.pad(x, (before, after))
        return functional.conv1d(x, torch.from_numpy(weight), None, stride, 0, dilation)

    return layer, whole


def transposed(stride: int) -> tuple[Layer, Whole]:
    weight = draw(CHANNELS, CHANNELS, 2 * stride)

    def whole(x: torch.Tensor) -> torch.Tensor:
        return functional.conv_transpose1d(
            x, torch.from_numpy(weight), stride=stride, padding=stride // 2
        )

    return TransposedConvolution(weight, None, stride), whole


def chain(*parts: tuple[Layer, Whole]) -> tuple[Layer, Whole]:
    def whole(x: torch.Tensor) -> torch.Tensor:
        for _, part in parts:
            x = part(x)
        return x

    return Chain(tuple(layer for layer, _ in parts)), whole


def total(*parts: tuple[Layer, Whole]) -> tuple[Layer, Whole]:
    layer = Sum(tuple(layer for layer, _ in parts), (0,) * len(parts))
    return layer, lambda x: torch.stack([part(x) for _, part in parts]).sum(0)


TANH: tuple[Layer, Whole] = (Activation("tanh"), torch.tanh)
SAME: tuple[Layer, Whole] = (Chain(()), lambda x: x)
CASES: dict[str, tuple[tuple[Layer, Whole], int, int]] = {  # layers, lag before, lag behind
    "convolution": (centred(7), 0, 3),
    "dilated": (centred(3, dilation=9), 2, 11),
    "causal": (centred(7, pads=(6, 0)), 0, 0),
    "strided": (centred(4, stride=4), 0, 1),
    "strided, already late": (centred(3, stride=4), 3, 1),
    "strided, causal and late": (centred(8, stride=4, pads=(4, 0)), 1, 1),
    "transposed": (transposed(4), 3, 14),
    "residual": (total(chain(TANH, centred(3, dilation=3)), SAME), 1, 4),
    "three branches": (total(centred(3), centred(7, seed=1), SAME), 0, 3),
    "up and down": (
        chain(centred(3), transposed(4), TANH, total(centred(5), SAME), centred(4, stride=2)), 0, 5
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_result_is_the_offline_one_later(case: str) -> None:
    (layer, whole), before, behind = CASES[case]
    aligned, lag = align(layer, before)
    assert lag == behind
    x = draw(2, STEPS, CHANNELS, seed=2)
    columns = torch.from_numpy(x).transpose(1, 2)
    expected = whole(columns).transpose(1, 2).numpy()
    delayed: Any = late(columns, before).transpose(1, 2).numpy()
    heard = stream(aligned, np.ascontiguousarray(delayed), 8)
    rate = heard.shape[1] / STEPS
    first, last = int(SETTLED * rate), heard.shape[1] - lag
    difference = np.abs(heard[:, first + lag :] - expected[:, first:last]).max()
    assert difference <= 4e-6 * np.abs(expected).max()
