"""Recognises RAVE encoders in a scripted module tree."""

from dataclasses import replace

import numpy as np

from appliance.decoders.alignment import encoder_made_streaming
from appliance.decoders.folding import folded
from appliance.decoders.layers import Chain, Convolution
from appliance.decoders.posteriors import Angles, Book, Codes, Distribution, Features, Posterior
from appliance.decoders.rave_encoder import RaveEncoder
from appliance.decoders.rave_tree import (
    deterministic,
    filters,
    principal_axes,
    resampler,
    streaming,
    whole,
)
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


def recognise(model: Module, latents: int, channels: int, ratio: int) -> RaveEncoder:
    """Return the encoder of a RAVE export, made streaming if it is not.

    It gives `latents` once per `ratio` samples; an original that hears several `channels` hears
    the same on all. Raises UnknownTreeError naming the first thing that does not fit.
    """
    top = whole(model)
    outer = child(top, "encoder")
    network = dict(outer.named_children()).get("encoder", outer)  # v1 has no wrapper around it
    if kind(network) not in ("Encoder", "EncoderV2"):
        raise UnknownTreeError(f"its encoder is of class {kind(network)}")
    layers = folded([read(network)])
    first = layers[0]
    if not isinstance(first, Convolution):
        raise UnknownTreeError("its encoder does not begin with a convolution")
    if has(top, "input_mode") and top.input_mode not in ("pqmf", "raw"):
        raise UnknownTreeError(f"its encoder reads {top.input_mode}")
    stage, analysis = resampler(top), _analysis(top)
    encoder = RaveEncoder(
        ratio=ratio,
        first=_mono(first, channels),
        net=Chain(tuple(layers[1:])),
        posterior=_posterior(top, latents),
        analysis=analysis,
        resampling=None if stage is None else filters(child(stage, "downsample")),
    )
    return encoder if streaming(network) else encoder_made_streaming(encoder)


def _analysis(top: Module) -> Convolution | None:
    if not has(top, "pqmf") or (has(top, "input_mode") and top.input_mode == "raw"):
        return None
    pqmf = child(top, "pqmf")
    if kind(pqmf) != "CachedPQMF":
        raise UnknownTreeError(f"its filter bank is of class {kind(pqmf)}")
    bank = filters(child(pqmf, "forward_conv"))
    if bank.weight.shape[:2] != (bank.stride, 1):
        raise UnknownTreeError(f"its filter bank has shape {bank.weight.shape}")
    return bank


def _mono(first: Convolution, channels: int) -> Convolution:
    """Return the first convolution for the same sound on all channels."""
    outputs, inputs, taps = first.weight.shape
    apart = first.weight.reshape(outputs, channels, inputs // channels, taps)
    return replace(first, weight=apart.sum(1))


def _posterior(top: Module, latents: int) -> Posterior:
    match kind(top):
        case "VariationalScriptedRAVE" | "TraceModel":
            rotation, mean = principal_axes(top, latents)
            return Distribution(rotation[:latents], mean, deterministic(top))
        case "WasserteinScriptedRAVE":
            return Features()
        case "SphericalScriptedRAVE":
            return Angles()
        case "DiscreteScriptedRAVE":
            books = children(child(child(child(top, "encoder"), "rvq"), "layers"))
            if len(books) != latents:
                raise UnknownTreeError(f"it has {len(books)} codebooks")
            return Codes(tuple(_book(book) for book in books))
        case other:
            raise UnknownTreeError(f"its latent space is of class {other}")


def _book(book: Module) -> Book:
    entries = array(child(book, "_codebook").embed)
    before, after = child(book, "project_in"), child(book, "project_out")
    if kind(before) == kind(after) == "Identity":
        return Book(entries, entries)
    given = entries @ array(after.weight).T + array(after.bias)
    return Book(entries, given.astype(np.float32), array(before.weight), array(before.bias))
