"""Recognises RAVE decoders in a scripted module tree."""

from typing import Literal

import numpy as np

from appliance.decoders.alignment import made_streaming
from appliance.decoders.latents import Codebooks, Latent, Plain, Rotation, Sphere
from appliance.decoders.layers import Array, Chain, Convolution, Layer, LeakyRelu, Snake
from appliance.decoders.noise import NoiseSynthesis
from appliance.decoders.rave import RaveDecoder
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

_SET = ("learn_target", "learn_source", "reset_target", "reset_source", "stereo_mode")
_ADAPTIVE = "AdaptiveInstanceNormalization"


def recognise(model: Module, latents: int) -> RaveDecoder:
    """Return the decoder of a RAVE export with `latents` inlets, made streaming if it is not.

    Raises UnknownTreeError naming the first thing that does not fit.
    """
    top = whole(model)
    network = child(top, "decoder")
    if kind(network) not in ("Generator", "GeneratorV2"):
        raise UnknownTreeError(f"its decoder is of class {kind(network)}")
    channels, targets = _channels(top)
    synthesis = _synthesis(top)
    quiet = deterministic(top)
    read_network = _v1 if kind(network) == "Generator" else _v2
    waveform, net, loudness, lags, noise = read_network(network, quiet)
    decoder = RaveDecoder(
        generation=_generation(network),
        latent=_latent(top, latents, quiet),
        net=net,
        waveform=waveform,
        loudness=loudness,
        loudness_stride=1 if loudness is None else int(network.loud_stride),
        modulated=loudness is None and bool(network.amplitude_modulation),
        noise=None if noise is None else _noise(noise, _bands(synthesis) * channels),
        delays=lags,
        synthesis=synthesis,
        resampling=_resampling(top),
        channels=channels,
        heard=min(channels, targets),
        copies=targets if channels == 1 else 1,
    )
    return decoder if streaming(network) else made_streaming(decoder)


def whole(model: Module) -> Module:
    """Return the part that encodes and decodes; raises UnknownTreeError while it is to learn."""
    top = child(model, "_rave") if "_rave" in dict(model.named_children()) else model
    for name in _SET:
        if has(top, name) and _is_set(getattr(top, name)):
            raise UnknownTreeError(f"{name} is set")
    return top


def deterministic(top: Module) -> bool:
    """Return whether an early export was made without random numbers."""
    return has(top, "deterministic") and bool(scalar(top.deterministic))


def streaming(network: Module) -> bool:
    """Return whether a network remembers what it heard in earlier calls."""
    return any(kind(part) == "CachedConv1d" for part in network.modules())


def _is_set(value: object) -> bool:
    """Return whether a flag is set; attributes of nn~ are tuples of one."""
    return bool(value[0] if isinstance(value, tuple) else value)


def _generation(network: Module) -> Literal["v1", "v2", "v3"]:
    if kind(network) == "Generator":
        return "v1"
    classes = {kind(part) for part in network.modules()}
    return "v3" if classes & {"Snake", _ADAPTIVE} else "v2"


def _channels(top: Module) -> tuple[int, int]:
    """Return the channels that the network gives and those that the export gives."""
    if has(top, "stereo"):
        return 1, 1 + bool(scalar(top.stereo))
    channels = int(scalar(top.n_channels)) if has(top, "n_channels") else 1
    targets = int(scalar(top.target_channels)) if has(top, "target_channels") else channels
    if targets > channels > 1:
        raise UnknownTreeError(f"it makes {targets} channels of {channels}")
    return channels, targets


def _latent(top: Module, latents: int, quiet: bool) -> Latent:
    match kind(top):
        case "VariationalScriptedRAVE" | "TraceModel":
            return Rotation(latents, *principal_axes(top, latents), quiet)
        case "WasserteinScriptedRAVE":
            return Plain(latents, _noise_axes(top))
        case "SphericalScriptedRAVE":
            return Sphere(latents)
        case "DiscreteScriptedRAVE":
            books = children(child(child(child(top, "encoder"), "rvq"), "layers"))
            tables = np.stack([_table(book) for book in books])
            if len(tables) != latents:
                raise UnknownTreeError(f"it has {len(tables)} codebooks")
            return Codebooks(tables, _noise_axes(top))
        case other:
            raise UnknownTreeError(f"its latent space is of class {other}")


def principal_axes(top: Module, latents: int) -> tuple[Array, Array]:
    """Return latent_pca (full, full) and latent_mean (full,): (z - mean) @ pca.T are `latents`."""
    if not has(top, "latent_pca"):
        raise UnknownTreeError("it has no latent_pca")
    rotation, mean = array(top.latent_pca), array(top.latent_mean)
    if rotation.shape != (len(mean), len(mean)) or latents > len(mean):
        raise UnknownTreeError(f"its latent_pca has shape {rotation.shape}")
    return rotation, mean


def _noise_axes(top: Module) -> int:
    return int(child(top, "encoder").noise_augmentation)


def _table(book: Module) -> Array:
    """Return a codebook's entries (codes, width) as the network reads them."""
    entries = array(child(book, "_codebook").embed)
    out = child(book, "project_out")
    if kind(out) == "Identity":
        return entries
    return entries @ array(out.weight).T + array(out.bias)


def _synthesis(top: Module) -> Convolution | None:
    # A model without bands to join may still have a filter bank: its encoder's.
    if not has(top, "pqmf") or getattr(top, "output_mode", "") == "raw":
        return None
    pqmf = child(top, "pqmf")
    if kind(pqmf) != "CachedPQMF":
        raise UnknownTreeError(f"its filter bank is of class {kind(pqmf)}")
    return filters(child(pqmf, "inverse_conv"))


def _bands(synthesis: Convolution | None) -> int:
    return 1 if synthesis is None else synthesis.weight.shape[0]


def _resampling(top: Module) -> Convolution | None:
    stage = resampler(top)
    return None if stage is None else filters(child(stage, "upsample"))


def resampler(top: Module) -> Module | None:
    """Return the part that changes the sample rate; early exports have one that may not."""
    parts = dict(top.named_children())
    stage = parts.get("resampler", parts.get("resample"))
    if stage is None or kind(stage) == "Identity" or bool(getattr(stage, "identity", False)):
        return None
    return stage


def filters(module: Module) -> Convolution:
    """Return a convolution that keeps exactly its taps' reach of the past."""
    layer = read(module)
    taps = layer.weight.shape[-1] if isinstance(layer, Convolution) else 0
    if not isinstance(layer, Convolution) or layer.history != taps - 1:
        raise UnknownTreeError("its filters do not span their taps")
    return layer


_Parts = tuple[Layer, Layer, Layer | None, tuple[int, int, int], Module | None]


def _v1(network: Module, quiet: bool) -> _Parts:
    """Return waveform, network, loudness, their delays and that of the noise, and the noise."""
    synth = child(network, "synth")
    branches = children(child(synth, "branches"))
    # The earliest exports have no warm-up switch: their noise always sounds.
    warm = bool(scalar(getattr(network, "warmed_up", 1)))
    noise = branches[2] if bool(network.use_noise) and warm and not quiet else None
    lags = (*delays(synth), 0)
    return (
        read(branches[0]),
        read(child(network, "net")),
        read(branches[1]),
        (lags[0], lags[1], lags[2]),
        noise,
    )


def _v2(network: Module, quiet: bool) -> _Parts:
    """Return the parts as `_v1` does; there is no loudness."""
    parts = dict(network.named_children())
    net = read(child(network, "net"))
    assert isinstance(net, Chain)
    if "waveform_module" in parts:
        waveform = read(parts["waveform_module"])
    else:
        net, waveform = Chain(net.layers[:-1]), net.layers[-1]
    if not isinstance(waveform, Convolution) or not isinstance(net.layers[-1], LeakyRelu | Snake):
        raise UnknownTreeError("its network does not end in a waveform convolution")
    return waveform, net, None, (0, 0, 0), None if quiet else parts.get("noise_module")


def _noise(module: Module, channels: int) -> NoiseSynthesis:
    if kind(module) not in ("NoiseGenerator", "NoiseGeneratorV2"):
        raise UnknownTreeError(f"its noise is of class {kind(module)}")
    net = read(child(module, "net"))
    last = net.layers[-1] if isinstance(net, Chain) else None
    if not isinstance(last, Convolution):
        raise UnknownTreeError("its noise network does not end in a convolution")
    bands = last.weight.shape[0] // channels
    return NoiseSynthesis(net, channels, bands, int(scalar(module.target_size)))
