"""Opens a TorchScript file and reads the nn~ contract: which methods, how many inlets, what ratio.

Source: acids-ircam/nn_tilde 1.6.0. A method ``decode`` has a buffer ``decode_params`` holding
[inlets, inlet ratio, outlets, outlet ratio]; older files lack the list of methods.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import torch

from appliance.decoders.archive import check_archive, first_line
from appliance.decoders.condition import Condition
from appliance.errors import ModelError

Model = Any  # a torch.jit.RecursiveScriptModule; its attributes are the file's own

_METHODS = ("encode", "decode", "forward", "prior")
_CACHES = (".cache", ".pad", ".input_buffer", ".output_buffer")
_DEFAULT_RATE = 44100
_LOWEST_RATE, _HIGHEST_RATE = 8000, 768000
_LABEL = re.compile(r"\(signal\) (.+) label \((?:0-(\d{1,9})|float)\)")
_LONGEST = 40  # letters of a label's name
_LARGEST = 65536  # of the four numbers; more is a damaged file, and memory for it an outage


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a model file says of its method ``encode``."""

    channels: int
    latents: int
    ratio: int  # samples per latent frame
    labels: int = 0  # further outlets: labels that it predicts


@dataclass(frozen=True, slots=True)
class Contract:
    """What a model file says of itself."""

    methods: tuple[str, ...]
    latents: int  # the first inlets
    ratio: int  # samples per latent frame
    channels: int
    rate: int
    rate_declared: bool
    encoding: Encoding | None = None  # None if it cannot encode
    conditions: tuple[Condition, ...] = ()  # the inlets behind the latents
    prior: bool = False  # whether it can make up its own latents

    @property
    def inlets(self) -> int:
        """The number of inlets."""
        return self.latents + len(self.conditions)


def open_model(path: Path) -> tuple[Model, Contract]:
    """Load `path` on the CPU with all caches at zero; return the model and its contract.

    Raises ModelError with one sentence: the file, what is wrong with it and what to do.
    """
    check_archive(path)
    try:
        model = torch.jit.load(str(path), map_location="cpu").eval()
    except Exception as error:
        raise ModelError(
            f"{path} cannot be loaded as TorchScript ({first_line(error)}). "
            "Export it again, or copy it again if it came over a network or a stick."
        ) from error
    contract = _read(model, path)
    _check_numbers(model, path)
    # Exports are saved with whatever the last test left in them, sometimes NaN.
    silence(model)
    return model, contract


def silence(model: Model) -> None:
    """Let a model forget what it has heard and played."""
    with torch.inference_mode():  # a call may have left tensors that only it can change
        for name, buffer in model.named_buffers():
            if name.endswith(_CACHES) and buffer.is_floating_point():
                buffer.zero_()


def _read(model: Model, path: Path) -> Contract:
    methods = _methods(model)
    if "decode" not in methods:
        found = ", ".join(methods) or "none"
        raise ModelError(
            f"{path} has no method 'decode' (methods found: {found}). "
            "Only models that decode latents to audio can play in a slot."
        )
    top = model._rave if hasattr(model, "_rave") else model
    values = _params(model, top, "decode")
    if not _sensible(values) or values[1] % values[3]:
        raise ModelError(
            f"{path} says decode_params = {values}, but four numbers from 1 to {_LARGEST} are "
            "needed: inlets, inlet ratio, outlets, outlet ratio. Export the model again with nn~ "
            "support."
        )
    inlets, ratio, outlets, outlet_ratio = values
    if outlet_ratio != 1:
        raise ModelError(
            f"{path} gives one value per {outlet_ratio} samples, not audio, so it cannot play "
            "in a decoder slot. Use a model whose decode_params end in 1."
        )
    rate = _rate(top)
    conditions = _conditions(model, inlets)
    latents = inlets - len(conditions)
    predicted = 0 if not conditions else len(dict(model.prediction_modules.named_children()))
    encodes = "encode" in methods
    encoding = _encoding(_params(model, top, "encode"), predicted) if encodes else None
    return Contract(
        methods,
        latents,
        ratio,
        outlets,
        rate or _DEFAULT_RATE,
        rate is not None,
        encoding,
        conditions,
        "prior" in methods and _params(model, top, "prior") == [1, ratio, latents, ratio],
    )


def _conditions(model: Model, inlets: int) -> tuple[Condition, ...]:
    """Return what the inlets behind the latents are, if the model says how many those are."""
    latents = getattr(model, "latent_dim", None)
    labels = getattr(model, "decode_input_labels", None)
    if not isinstance(latents, int) or not 0 < latents < inlets or not isinstance(labels, list):
        return ()
    if len(labels) != inlets or not hasattr(model, "prediction_modules"):
        return ()
    return tuple(_condition(str(label)) for label in labels[latents:])


def _condition(label: str) -> Condition:
    found = _LABEL.fullmatch(label)
    if found is None:
        return Condition(label[:_LONGEST])
    return Condition(found[1][:_LONGEST], min(int(found[2] or 0), _LARGEST))


def _encoding(params: list[int], labels: int) -> Encoding | None:
    if not _sensible(params) or params[1] != 1 or params[2] <= labels:
        return None
    return Encoding(params[0], params[2] - labels, params[3], labels)


def _params(model: Model, top: Model, method: str) -> list[int]:
    """Return the four numbers of a method, if they are whole numbers at all."""
    params = getattr(model, f"{method}_params", None)
    return _whole_numbers(getattr(top, f"{method}_params", None) if params is None else params)


def _sensible(values: list[int]) -> bool:
    return len(values) == 4 and min(values) >= 1 and max(values) <= _LARGEST


def _methods(model: Model) -> tuple[str, ...]:
    """Return the methods the file lists or, where it cannot list any, those it has, as nn~ does."""
    try:
        return tuple(str(m) for m in model.get_methods())
    except Exception:
        return tuple(m for m in _METHODS if hasattr(model, f"{m}_params") or _is_method(model, m))


def _is_method(model: Model, name: str) -> bool:
    return bool(model._c._has_method(name)) and name != "forward"


def _whole_numbers(params: object) -> list[int]:
    if not isinstance(params, torch.Tensor) or params.dim() != 1 or params.is_complex():
        return []
    if not bool(torch.isfinite(params).all()):
        return []
    return [int(value) for value in params.tolist()]


def _rate(top: Model) -> int | None:
    """Return the sample rate the file declares anywhere, or None."""
    for name in ("sr", "sampling_rate"):
        value = getattr(top, name, None)
        if isinstance(value, torch.Tensor):
            value = value.reshape(-1)[0].item() if value.numel() else None
        if _is_rate(value):
            return int(value)
    for _, part in top.named_modules():
        value = getattr(part, "sr", None)
        if _is_rate(value):
            return int(value)
    return None


def _is_rate(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and _LOWEST_RATE <= value <= _HIGHEST_RATE


def _check_numbers(model: Model, path: Path) -> None:
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if name.endswith(_CACHES) or not tensor.is_floating_point():
            continue
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(
                f"{path} holds NaN or infinite numbers in '{name}', so it cannot sound. "
                "Export it from an earlier checkpoint."
            )
