"""Recognises RAVE v1 and v2 decoders in a scripted module tree."""

import numpy as np

from appliance.decoders.layers import Chain, Convolution, LeakyRelu
from appliance.decoders.noise import NoiseSynthesis
from appliance.decoders.rave import LatentPadding, RaveDecoder
from appliance.decoders.scripted import (
    Module,
    UnknownTreeError,
    array,
    child,
    children,
    delays,
    has,
    kind,
    read,
    scalar,
)

_WRAPPERS = ("VariationalScriptedRAVE", "TraceModel")


def recognise(model: Module, latents: int) -> RaveDecoder:
    """Return the decoder of a streaming, mono, variational RAVE export with `latents` inlets.

    Raises UnknownTreeError naming the first thing that does not fit.
    """
    top = child(model, "_rave") if "_rave" in dict(model.named_children()) else model
    decoder = child(top, "decoder")
    if kind(decoder) not in ("Generator", "GeneratorV2"):
        raise UnknownTreeError(f"its decoder is of class {kind(decoder)}")
    if kind(top) not in _WRAPPERS:
        raise UnknownTreeError(f"its latent space is of class {kind(top)}")
    _require_plain(top)
    latent = _latent(top, latents)
    synthesis = _synthesis(top)
    if kind(decoder) == "Generator":
        return _v1(decoder, latent, synthesis)
    return _v2(decoder, latent, synthesis)


def _require_plain(top: Module) -> None:
    """Refuse what changes the dataflow: channels, resampling, adaptive normalisation."""
    for name in ("n_channels", "target_channels"):
        if has(top, name) and int(scalar(getattr(top, name))) != 1:
            raise UnknownTreeError(f"{name} is {int(scalar(getattr(top, name)))}")
    for name in ("is_using_adain", "stereo", "deterministic"):
        if has(top, name) and bool(scalar(getattr(top, name))):
            raise UnknownTreeError(f"{name} is set")
    parts = dict(top.named_children())
    for name in ("resampler", "resample"):
        if name in parts and not _does_nothing(parts[name]):
            raise UnknownTreeError("it resamples its output")


def _does_nothing(resampler: Module) -> bool:
    """Return whether a resampling stage passes its input on; early exports always have one."""
    return kind(resampler) == "Identity" or bool(getattr(resampler, "identity", False))


def _latent(top: Module, latents: int) -> LatentPadding:
    if not has(top, "latent_pca"):
        raise UnknownTreeError("it has no latent_pca")
    rotation, mean = array(top.latent_pca), array(top.latent_mean)
    if rotation.shape != (len(mean), len(mean)) or latents > len(mean):
        raise UnknownTreeError(f"its latent_pca has shape {rotation.shape}")
    return LatentPadding(latents, rotation, mean)  # z @ pca equals conv1d with pca transposed


def _synthesis(top: Module) -> np.ndarray:
    pqmf = child(top, "pqmf")
    if kind(pqmf) != "CachedPQMF":
        raise UnknownTreeError(f"its filter bank is of class {kind(pqmf)}")
    layer = read(child(pqmf, "inverse_conv"))
    if not isinstance(layer, Convolution) or layer.history != layer.weight.shape[-1] - 1:
        raise UnknownTreeError("its filter bank is not streaming")
    return layer.weight


def _v1(decoder: Module, latent: LatentPadding, synthesis: np.ndarray) -> RaveDecoder:
    synth = child(decoder, "synth")
    branches = children(child(synth, "branches"))
    stride = int(decoder.loud_stride)
    # The earliest exports have no warm-up switch: their noise always sounds.
    noisy = bool(decoder.use_noise) and bool(scalar(getattr(decoder, "warmed_up", 1)))
    return RaveDecoder(
        generation="v1",
        latent=latent,
        net=read(child(decoder, "net")),
        waveform=read(branches[0]),
        loudness=read(branches[1]),
        loudness_stride=stride,
        modulated=False,
        noise=_noise(branches[2], synthesis.shape[0]) if noisy else None,
        delays=delays(synth),
        synthesis=synthesis,
    )


def _v2(decoder: Module, latent: LatentPadding, synthesis: np.ndarray) -> RaveDecoder:
    parts = dict(decoder.named_children())
    net = read(child(decoder, "net"))
    assert isinstance(net, Chain)
    if "waveform_module" in parts:
        waveform = read(parts["waveform_module"])
    else:
        net, waveform = Chain(net.layers[:-1]), net.layers[-1]
    if not isinstance(waveform, Convolution) or not isinstance(net.layers[-1], LeakyRelu):
        raise UnknownTreeError("its network does not end in a waveform convolution")
    noise = parts.get("noise_module")
    return RaveDecoder(
        generation="v2",
        latent=latent,
        net=net,
        waveform=waveform,
        loudness=None,
        loudness_stride=1,
        modulated=bool(decoder.amplitude_modulation),
        noise=None if noise is None else _noise(noise, synthesis.shape[0]),
        delays=(),
        synthesis=synthesis,
    )


def _noise(module: Module, channels: int) -> NoiseSynthesis:
    if kind(module) not in ("NoiseGenerator", "NoiseGeneratorV2"):
        raise UnknownTreeError(f"its noise is of class {kind(module)}")
    net = read(child(module, "net"))
    last = net.layers[-1] if isinstance(net, Chain) else None
    if not isinstance(last, Convolution):
        raise UnknownTreeError("its noise network does not end in a convolution")
    bands = last.weight.shape[0] // channels
    return NoiseSynthesis(net, channels, bands, int(scalar(module.target_size)))
