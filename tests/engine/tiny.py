"""A library of very small, real decoders: written, stored and run as any imported model is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from appliance.decoders.card import FORMAT, Card, EncoderCard, Source, Variant, write_card
from appliance.decoders.graph import Graph
from appliance.decoders.layers import Activation, Chain, Convolution, LeakyRelu
from appliance.decoders.layers import TransposedConvolution as Up
from appliance.decoders.library import Library
from appliance.decoders.role import Role
from appliance.decoders.streaming import write


def write_model(
    folder: Path,
    name: str,
    *,
    ratio: int = 256,
    rate: int = 44100,
    latents: int = 8,
    seed: int = 0,
    encodes: bool = False,
) -> None:
    """Store a decoder with memory and noise: `ratio` must be a power of four times four.

    One that `encodes` has an encoder beside it.
    """
    random = np.random.default_rng(seed)

    def weight(*shape: int, fan: int) -> np.ndarray:
        return (random.standard_normal(shape) / np.sqrt(fan)).astype(np.float32)

    graph = Graph()
    z = graph.input("z", 1, latents)
    noise = graph.noise("normal", (1, 4))
    joined = graph.node("Concat", [z.name, noise], axis=2)
    signal = type(z)(joined, 1, latents + 4)
    layers = [Convolution(weight(16, latents + 4, 3, fan=3 * latents), None, history=2)]
    steps, channels = 1, 16
    while steps < ratio:
        layers += [LeakyRelu(0.2), Up(weight(channels, 8, 8, fan=2 * channels), None, 4)]
        steps, channels = steps * 4, 8
    layers += [Convolution(weight(1, 8, 7, fan=224), None, history=6), Activation("tanh")]
    audio = write(graph, Chain(tuple(layers)), signal)
    assert audio.steps == ratio
    graph.output("audio", graph.reshape(audio.name, ratio), (ratio,))
    home = folder / name
    home.mkdir(parents=True)
    description: dict[str, str | int] = {
        "family": "tiny",
        "rate": rate,
        "ratio": ratio,
        "latents": latents,
    }
    (home / "decoder.fp32.onnx").write_bytes(graph.serialize(description))
    encoder: EncoderCard | None = None
    if encodes:
        (home / "encoder.fp32.onnx").write_bytes(_encoder(ratio, latents, description, weight))
        variants = {"fp32": Variant("encoder.fp32.onnx", 1, 0.1)}
        encoder = EncoderCard(ratio, latents, "fp32", variants, 0, ratio // 2, ratio)
    card = Card(
        format=FORMAT,
        name=name,
        family="tiny",
        runtime="onnx",
        rate=rate,
        ratio=ratio,
        latents=latents,
        channels=1,
        level_db=-20,
        precision="fp32",
        variants={"fp32": Variant("decoder.fp32.onnx", 1, 0.1)},
        source=Source("none", 0, ""),
        importer="test",
        encoder=encoder,
    )
    write_card(card, home)


def _encoder(
    ratio: int,
    latents: int,
    description: dict[str, str | int],
    weight: Callable[..., np.ndarray],
) -> bytes:
    """Return an encoder whose latents are what one filter as long as a frame gives."""
    graph = Graph()
    x = graph.sound(ratio)
    layer = Convolution(20 * weight(latents, 1, ratio, fan=ratio), None, stride=ratio)
    z = write(graph, Chain((layer,)), x)
    graph.output("z", z.name, (z.steps, z.channels))
    return graph.serialize(description, Role.ENCODER)


def tiny_library(folder: Path) -> Library:
    """Return a library of "slow" (ratio 1024), "fast" (ratio 256) and "other" (256 at 48 kHz)."""
    write_model(folder, "slow", ratio=1024, seed=1)
    write_model(folder, "fast", ratio=256, seed=2)
    write_model(folder, "other", ratio=256, rate=48000, seed=3)
    return Library([folder])
