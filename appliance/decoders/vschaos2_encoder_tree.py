"""Recognises vschaos2 encoders in a scripted module tree."""

from dataclasses import replace

import numpy as np

from appliance.decoders.folding import folded
from appliance.decoders.layers import Affine, Chain, Dense, Layer
from appliance.decoders.scripted import (
    Module,
    UnknownTreeError,
    array,
    child,
    children,
    has,
    kind,
    read,
)
from appliance.decoders.vschaos2_encoder import FrequencyDownsampling, SpectralEncoder
from appliance.decoders.vschaos2_projection import encoding
from appliance.decoders.vschaos2_tree import checked, sequence, spectral


def recognise(model: Module, latents: int, channels: int, ratio: int) -> SpectralEncoder:
    """Return the encoder of a vschaos2 export that gives `latents` once per `ratio` samples.

    Raises UnknownTreeError naming the first thing that does not fit.
    """
    checked(model, latents)
    if channels != 1:
        raise UnknownTreeError(f"its encoder has {channels} inlets")
    if has(model, "temperature") and model.temperature[0] != 0:
        raise UnknownTreeError(f"its temperature is {model.temperature[0]}")
    parts = spectral(child(model, "transform"), child(model, "overlap_add"))
    if has(parts.mono, "normalize") and bool(parts.mono.normalize):
        raise UnknownTreeError("its mono transform normalises")
    if parts.hop != ratio:
        raise UnknownTreeError(f"its frames come every {parts.hop} samples, not {ratio}")
    size = parts.size
    bins = size // 2 + 1 - int(parts.law.top_missing)
    spectrum, features = _network(child(model, "encoder"), bins, latents)
    window = array(parts.transform.window)[:size]
    projection = encoding(model, latents)
    return SpectralEncoder(
        latents, window, ratio, parts.law, spectrum, features, projection=projection
    )


def _network(
    encoder: Module, bins: int, latents: int
) -> tuple[tuple[FrequencyDownsampling, ...], tuple[Layer, ...]]:
    if kind(encoder) != "ConvEncoder":
        return (), _means(sequence(encoder), latents)
    if encoder.reshape_method != "flatten":
        raise UnknownTreeError(f"its encoder's reshape_method is '{encoder.reshape_method}'")
    if list(encoder.input_shape) != [1, bins]:
        raise UnknownTreeError(f"its encoder reads {list(encoder.input_shape)}")
    layers = [children(child(encoder, "pre_conv"))[0], *children(child(encoder, "conv_modules"))]
    parts = children(child(encoder, "flatten_module"))
    if [kind(part) for part in parts] != ["Reshape", "MLP"]:
        raise UnknownTreeError("its encoder does not end in a Reshape and an MLP")
    end = child(encoder, "dist_module")
    if kind(end) != "MLPNormal":
        raise UnknownTreeError(f"its latents are drawn by a {kind(end)}")
    features = _means(sequence(parts[1]), latents)
    if has(end, "out_nnlin"):
        features = (*features, read(end.out_nnlin))
    return tuple(_downsampling(layer) for layer in layers), features


def _means(layers: tuple[Layer, ...], latents: int) -> tuple[Layer, ...]:
    """Return layers whose last gives means and spreads, without the spreads."""
    features = folded(layers)
    last = features[-1] if features else None
    if not isinstance(last, Dense) or last.weight.shape[0] != 2 * latents:
        raise UnknownTreeError(f"its encoder does not end in a matrix to {latents} means")
    bias = None if last.bias is None else last.bias[:latents]
    return (*features[:-1], replace(last, weight=last.weight[:latents], bias=bias))


def _downsampling(layer: Module) -> FrequencyDownsampling:
    if kind(layer) != "ConvLayer":
        raise UnknownTreeError(f"its encoder has a layer of class {kind(layer)}")
    conv = child(layer, "conv")
    plain = kind(conv) == "Conv1d" and not isinstance(conv.padding, str)
    if not plain or conv.padding_mode != "zeros" or int(conv.groups) * int(conv.dilation[0]) != 1:
        raise UnknownTreeError(f"its encoder has a {kind(conv)} that is not a plain one")
    weight = array(conv.weight)
    bias = array(conv.bias) if has(conv, "bias") else np.zeros(len(weight), np.float32)
    parts = dict(layer.named_children())
    norm = read(parts["norm"]) if "norm" in parts else Chain(())
    if isinstance(norm, Affine):
        weight, bias = weight * norm.scale[:, None, None], bias * norm.scale + norm.shift
    elif norm != Chain(()):
        raise UnknownTreeError("its encoder normalises by something else than statistics")
    activation = read(parts["activation"]) if "activation" in parts else Chain(())
    return FrequencyDownsampling(
        weight, bias, int(conv.stride[0]), int(conv.padding[0]), activation
    )
