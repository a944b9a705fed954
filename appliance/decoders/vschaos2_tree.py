"""Recognises vschaos2 decoders in a scripted module tree."""

from dataclasses import dataclass

import numpy as np

from appliance import CONDITIONS
from appliance.decoders import fourier
from appliance.decoders.folding import folded
from appliance.decoders.frequency import (
    FrequencyConvolution,
    FrequencyNetwork,
    FrequencyUpsampling,
)
from appliance.decoders.layers import Affine, Array, Chain, Dense, Layer
from appliance.decoders.scripted import (
    Module,
    UnknownTreeError,
    array,
    child,
    children,
    has,
    kind,
    read,
    scalar,
)
from appliance.decoders.vschaos2 import Contrast, Label, MagnitudeLaw, SpectralDecoder
from appliance.decoders.vschaos2_projection import chosen, decoding, offered

_SEQUENCES = ("Sequential", "MLP", "MLPLayer")  # classes that run their parts strictly in order
_TRANSFORMS = ("RealtimeDGT", "RealtimeSTFT")
_CONTRASTS: dict[str | None, Contrast] = {
    "log1p": "log1p",
    "log": "log",
    "log10": "log10",
    "none": "none",
    None: "none",
}


def recognise(model: Module, latents: int) -> SpectralDecoder:
    """Return the decoder of a vschaos2 export with `latents` inlets.

    Raises UnknownTreeError naming the first thing that does not fit.
    """
    checked(model, latents)
    overlap = child(model, "overlap_add")
    parts = spectral(child(model, "transform"), overlap)
    if has(parts.mono, "inversion_mode") and parts.mono.inversion_mode != "mono":
        raise UnknownTreeError(f"its output is '{parts.mono.inversion_mode}'")
    window, law = _window(parts, overlap), parts.law
    bins = parts.size // 2 + 1 - int(law.top_missing)
    features, spectrum, output = _decoder(child(model, "decoder"), bins)
    labels = _labels(model)
    width = latents + sum(label.table.shape[1] for label in labels)
    first = next((layer for layer in features if isinstance(layer, Dense)), None)
    if first is None or first.weight.shape[1] != width:
        raise UnknownTreeError(f"its decoder does not begin with a matrix on {width} inputs")
    return SpectralDecoder(
        latents,
        tuple(features),
        spectrum,
        output,
        law,
        window,
        parts.hop,
        projection=decoding(model, latents),
        labels=labels,
        notes=_notes(model, len(labels)),
    )


def _labels(model: Module) -> tuple[Label, ...]:
    """Return the labels that the decoder reads, in the order of its inlets."""
    if not has(model, "_decoder_ordered_tasks"):  # a model that was never given labels
        return ()
    tasks = [str(task) for task in model._decoder_ordered_tasks]
    if len(tasks) > CONDITIONS:
        raise UnknownTreeError(f"it reads {len(tasks)} labels, more than {CONDITIONS}")
    wrappers = dict(child(model, "concat_embeddings").named_children()) if tasks else {}
    return tuple(_label(child(wrappers[task], "embedding_module"), task) for task in tasks)


def _label(embedding: Module, task: str) -> Label:
    match kind(embedding):
        case "OneHot":
            return Label(np.eye(int(embedding.n_classes), dtype=np.float32))
        case "Embedding":
            if embedding.max_norm is not None:
                raise UnknownTreeError(f"it bounds its label {task}")
            return Label(array(embedding.weight))
        case other:
            raise UnknownTreeError(f"its label {task} is read by a {other}")


def _notes(model: Module, labels: int) -> tuple[str, ...]:
    others = [name for name in offered(model) if name != chosen(model)]
    notes: list[str] = []
    if labels:
        notes.append(f"Reads {labels} labels beside its latents: /decoder/SLOT/condition/1 and on.")
    if others:
        notes.append(
            f"Its latents can be shown on other axes ({', '.join(others)}): "
            "import it again with --projection."
        )
    return tuple(notes)


def checked(model: Module, latents: int) -> None:
    """Raise UnknownTreeError unless the model plays `latents` as they are, frame by frame."""
    if kind(model) != "ScriptableSpectralAutoEncoder":
        raise UnknownTreeError(f"its outermost class is {kind(model)}")
    if int(model.latent_dim) != latents:
        raise UnknownTreeError(f"it has {model.latent_dim} latents, not {latents}")
    for name in ("use_oa", "export_for_nn"):
        if has(model, name) and not bool(getattr(model, name)):
            raise UnknownTreeError(f"{name} is not set")


@dataclass(frozen=True, slots=True)
class Spectral:
    """The parts of a chain of transforms, its sizes and its magnitude law."""

    mono: Module
    transform: Module
    size: int
    hop: int
    law: MagnitudeLaw


def spectral(compose: Module, overlap: Module) -> Spectral:
    """Return the parts of a chain of transforms; raises UnknownTreeError if it has others."""
    parts = children(child(compose, "transforms"))
    names = [kind(part) for part in parts]
    if len(parts) != 4 or [names[0], *names[2:]] != ["Mono", "Magnitude", "Unsqueeze"]:
        raise UnknownTreeError(f"its transforms are {', '.join(names)}")
    mono, transform, magnitude, unsqueeze = parts
    if names[1] not in _TRANSFORMS:
        raise UnknownTreeError(f"its spectral transform is of class {names[1]}")
    if has(mono, "squeeze") and not bool(mono.squeeze):
        raise UnknownTreeError("its mono transform keeps the channel axis")
    if int(unsqueeze.dim) != -2:
        raise UnknownTreeError(f"it unsqueezes axis {unsqueeze.dim}")
    size, hop = int(scalar(transform.n_fft)), int(scalar(transform.hop_length))
    if (int(scalar(overlap.n_fft)), int(scalar(overlap.hop_length))) != (size, hop):
        raise UnknownTreeError("its transform and its overlap have different sizes")
    if size % hop or size <= hop:
        raise UnknownTreeError(f"its frames of {size} samples every {hop}")
    try:
        fourier.factors(size)
    except ValueError as error:
        raise UnknownTreeError(str(error)) from error
    return Spectral(mono, transform, size, hop, _law(magnitude))


def _window(parts: Spectral, overlap: Module) -> Array:
    """Return the synthesis window of phases at random, the overlap's gain in it."""
    transform = parts.transform
    mode = str(transform.inversion_mode)
    if mode not in ("keep_input", "random"):
        raise UnknownTreeError(f"its inversion mode is '{mode}'")
    if mode == "keep_input" and has(transform, "phase_buffer") and transform.phase_buffer.numel():
        raise UnknownTreeError("it holds the phases of an encoded frame")
    return array(transform.inv_window)[: parts.size] / np.float32(scalar(overlap.gain_compensation))


def _law(magnitude: Module) -> MagnitudeLaw:
    if bool(magnitude.mel):
        raise UnknownTreeError("its magnitudes are on a mel scale")
    contrast = _CONTRASTS.get(magnitude.contrast_mode)
    if contrast is None:
        raise UnknownTreeError(f"its contrast is '{magnitude.contrast_mode}'")
    norm, scale, offset = child(magnitude, "norm"), 1.0, 0.0
    if kind(norm) == "Normalize":
        if norm.scale.numel() != 1 or norm.offset.numel() != 1:
            raise UnknownTreeError("its magnitudes are not scaled by one number")
        scale, offset = scalar(norm.scale), scalar(norm.offset)
    elif kind(norm) != "Dummy":
        raise UnknownTreeError(f"its magnitudes are scaled by a {kind(norm)}")
    top_missing = has(magnitude, "keep_nyquist") and not bool(magnitude.keep_nyquist)
    epsilon = scalar(magnitude.eps) if contrast in ("log", "log10") else 0.0
    return MagnitudeLaw(contrast, scale, offset, top_missing, epsilon)


def _decoder(decoder: Module, bins: int) -> tuple[list[Layer], FrequencyNetwork | None, Layer]:
    """Return the layers on features, the frequency network and the layer on its spectrum."""
    if kind(decoder) == "DeconvEncoder":
        return _deconvolution(decoder, bins)
    features = folded(sequence(decoder))
    last = max((i for i, layer in enumerate(features) if isinstance(layer, Dense)), default=-1)
    matrix = features[last] if features else None
    if not isinstance(matrix, Dense) or matrix.weight.shape[0] != bins:
        raise UnknownTreeError(f"its decoder does not end in a matrix to {bins} bins")
    return features[: last + 1], None, Chain(tuple(features[last + 1 :]))


def _deconvolution(decoder: Module, bins: int) -> tuple[list[Layer], FrequencyNetwork, Layer]:
    for name, wanted in (("mode", "forward"), ("reshape_method", "flatten"), ("dim", 1)):
        if getattr(decoder, name) != wanted:
            raise UnknownTreeError(f"its decoder's {name} is '{getattr(decoder, name)}'")
    parts = children(child(decoder, "flatten_module"))
    if [kind(part) for part in parts] != ["MLP", "Reshape"]:
        raise UnknownTreeError("its decoder does not begin with an MLP and a Reshape")
    channels, width = (int(size) for size in parts[1].target_shape)
    features = folded(sequence(parts[0]))
    matrix = features[-1]
    if not isinstance(matrix, Dense) or matrix.weight.shape[0] != channels * width:
        raise UnknownTreeError("its MLP does not end in the matrix that its Reshape reads")
    features[-1] = _turned(matrix, channels, width)
    steps, layers = width, list[FrequencyUpsampling]()
    for part in children(child(decoder, "conv_modules")):
        layers.append(_upsampling(part, steps))
        steps = layers[-1].outputs
    last = _last(child(decoder, "final_conv"))
    if steps + 2 * last.padding - last.weight.shape[1] + 1 != bins:
        raise UnknownTreeError(f"its decoder does not give {bins} bins")
    output = read(decoder.dist_module) if has(decoder, "dist_module") else Chain(())
    return features, FrequencyNetwork(width, channels, tuple(layers), last), output


def _turned(matrix: Dense, channels: int, width: int) -> Dense:
    """Return a matrix whose outputs run through channels first, bins second."""
    weight = matrix.weight.reshape(channels, width, -1).transpose(1, 0, 2)
    bias = matrix.bias
    if bias is not None:
        bias = np.ascontiguousarray(bias.reshape(channels, width).T).reshape(-1)
    return Dense(np.ascontiguousarray(weight).reshape(channels * width, -1), bias)


def _upsampling(layer: Module, steps: int) -> FrequencyUpsampling:
    if kind(layer) not in ("DeconvLayer", "GatedDeconvLayer"):
        raise UnknownTreeError(f"its decoder has a layer of class {kind(layer)}")
    conv = child(layer, "conv")
    if kind(conv) != "ConvTranspose1d" or int(conv.groups) != 1 or int(conv.dilation[0]) != 1:
        raise UnknownTreeError(
            f"its decoder has a {kind(conv)}, grouped or dilated or of new class"
        )
    weight, stride, padding = array(conv.weight), int(conv.stride[0]), int(conv.padding[0])
    bias = array(conv.bias) if has(conv, "bias") else np.zeros(weight.shape[1], np.float32)
    parts = dict(layer.named_children())
    norm = read(parts["norm"]) if "norm" in parts else Chain(())
    if isinstance(norm, Affine):
        weight, bias = weight * norm.scale[:, None], bias * norm.scale + norm.shift
    elif norm != Chain(()):
        raise UnknownTreeError("its decoder normalises by something else than statistics")
    kernel = weight.shape[2]
    outputs = (steps - 1) * stride - 2 * padding + kernel + int(conv.output_padding[0])
    activation = read(parts["activation"]) if "activation" in parts else Chain(())
    return FrequencyUpsampling(weight, bias, stride, padding, outputs, activation)


def _last(conv: Module) -> FrequencyConvolution:
    if kind(conv) != "Conv1d" or tuple(conv.weight.shape[:1]) != (1,):
        raise UnknownTreeError(f"its decoder ends in a {kind(conv)}, or not in one channel")
    steps = (int(conv.stride[0]), int(conv.dilation[0]), int(conv.groups))
    if steps != (1, 1, 1) or isinstance(conv.padding, str) or conv.padding_mode != "zeros":
        raise UnknownTreeError("its last convolution is not a plain one")
    bias = float(array(conv.bias)[0]) if has(conv, "bias") else 0.0
    return FrequencyConvolution(array(conv.weight)[0], bias, int(conv.padding[0]))


def sequence(module: Module) -> tuple[Layer, ...]:
    """Return the layers of a module that runs its parts in order, however deep."""
    if kind(module) not in _SEQUENCES:
        return (read(module),)
    return tuple(layer for part in children(module) for layer in sequence(part))
