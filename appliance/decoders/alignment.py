"""Turns layers that hear the future into streaming ones that sound later, by whole steps.

A lag counts the steps by which a signal comes later than in an offline decode. A window that
reaches ahead adds its reach; a stride waits until the lag is a whole number of its own steps;
branches wait for the latest. The result equals the offline decode, its lag apart.
"""

import math
from dataclasses import replace

from appliance.decoders.layers import Chain, Convolution, Layer, Sum, TransposedConvolution
from appliance.decoders.rave import RaveDecoder
from appliance.decoders.rave_encoder import RaveEncoder


def align(layer: Layer, lag: int) -> tuple[Layer, int]:
    """Return `layer` as a streaming one for an input that is `lag` late, and its output's lag."""
    match layer:
        case Chain(layers):
            parts: list[Layer] = []
            for inner in layers:
                part, lag = align(inner, lag)
                parts.append(part)
            return Chain(tuple(parts)), lag
        case Convolution(stride=stride, ahead=ahead):
            wait = -(lag + ahead) % stride
            return replace(layer, ahead=0, delay=wait), (lag + ahead + wait) // stride
        case TransposedConvolution(stride=stride):
            return layer, lag * stride + stride // 2
        case Sum(branches):
            aligned = [align(branch, lag) for branch in branches]
            latest = max(end for _, end in aligned)
            delays = tuple(latest - end for _, end in aligned)
            return Sum(tuple(branch for branch, _ in aligned), delays), latest
        case _:
            return layer, lag


def made_streaming(decoder: RaveDecoder) -> RaveDecoder:
    """Return an offline `decoder` as a streaming one that knows its `lag` and `delay`."""
    net, lag = align(decoder.net, 0)
    block = 1 if decoder.noise is None else decoder.noise.block
    ends = [
        align(decoder.waveform, lag)[1],
        _end(decoder.loudness, lag, decoder.loudness_stride),
        _end(None if decoder.noise is None else decoder.noise.net, lag, block),
    ]
    # Strides and blocks of noise keep their places in time only if all wait for whole ones.
    grid = math.lcm(block, decoder.loudness_stride)
    total = -(-max(ends) // grid) * grid
    delays = (total - ends[0], total - ends[1], total - ends[2])
    loudness, noise = decoder.loudness, decoder.noise
    if loudness is not None:
        loudness = align(loudness, lag + delays[1])[0]
    if noise is not None:
        noise = replace(noise, net=align(noise.net, lag + delays[2])[0], delay=total // block)
    delay = total
    stages: list[Convolution | None] = []
    for stage in (decoder.synthesis, decoder.resampling):
        if stage is not None:
            delay = (delay + stage.ahead) * stage.weight.shape[0]
            stage = replace(stage, ahead=0)  # noqa: PLW2901
        stages.append(stage)
    return replace(
        decoder,
        net=net,
        waveform=align(decoder.waveform, lag + delays[0])[0],
        loudness=loudness,
        noise=noise,
        delays=delays,
        synthesis=stages[0],
        resampling=stages[1],
        lag=total,
        delay=delay,
    )


def encoder_made_streaming(encoder: RaveEncoder) -> RaveEncoder:
    """Return an offline `encoder` as a streaming one that knows its `lag` and `delay`."""
    resampling, lag = _aligned(encoder.resampling, 0)
    analysis, lag = _aligned(encoder.analysis, lag)
    first, end = _aligned(encoder.first, lag)
    net, end = align(encoder.net, end)
    assert first is not None and isinstance(net, Chain)
    return replace(
        encoder, first=first, net=net, analysis=analysis, resampling=resampling, lag=lag, delay=end
    )


def _aligned(stage: Convolution | None, lag: int) -> tuple[Convolution | None, int]:
    if stage is None:
        return None, lag
    aligned, end = align(stage, lag)
    assert isinstance(aligned, Convolution)
    return aligned, end


def _end(layer: Layer | None, lag: int, stride: int) -> int:
    return 0 if layer is None else align(layer, lag)[1] * stride
