"""Networks taken out of exported files, so that training can go on where they stand."""

from pathlib import Path

import torch
from torch import Tensor, nn

from appliance.decoders.contract import open_model
from models.training.encoder import EncoderShape, EncoderV2
from models.training.features import CompactAxis
from models.training.generator import GeneratorV2, Shape
from models.training.layers import PlainLayers
from models.training.spectral import SpectralVAE
from models.training.waveform import voice

_CACHES = ("pad", "cache")


def spectral(path: Path) -> SpectralVAE:
    """Return the network of an exported spectral model, frozen.

    Raises ModelError if the file cannot be opened, RuntimeError if it has another shape.
    """
    model, _ = open_model(path)
    network = SpectralVAE(CompactAxis())
    network.encoder.load_state_dict(model.encoder.state_dict())
    network.decoder.load_state_dict(model.decoder.state_dict())
    return network.eval().requires_grad_(False)


def generator(path: Path, shape: Shape, noise_db: tuple[float, float]) -> GeneratorV2:
    """Return the generator of an exported waveform model, as it was before it was voiced.

    The gain of the export is left out. Raises as `spectral` does.
    """
    model, _ = open_model(path)
    state = _parameters(model.decoder)
    state["net.0.weight"] = state["net.0.weight"][:, : shape.latents]  # the rest is its breath
    network = GeneratorV2(PlainLayers(), shape)
    network.load_state_dict(state)
    low, high = noise_db
    voice(network, (-low, -high))
    return network.eval().requires_grad_(False)


def encoder(path: Path, shape: EncoderShape) -> EncoderV2:
    """Return the encoder of an exported waveform model; its scales, never used, are the means'."""
    model, _ = open_model(path)
    state = _parameters(model.encoder.encoder)
    last = max(int(name.split(".")[1]) for name in state)
    for name in (f"net.{last}.weight", f"net.{last}.bias"):
        means = state[name][: shape.latents]
        state[name] = torch.cat([means, means])
    network = EncoderV2(PlainLayers(), shape)
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


def _parameters(module: nn.Module) -> dict[str, Tensor]:
    """Return the state of a module without its caches."""
    return {
        name: value.clone()
        for name, value in module.state_dict().items()
        if name.rsplit(".", 1)[-1] not in _CACHES
    }
