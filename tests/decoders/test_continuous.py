"""Discrete models played by continuous channels, encoder and decoder alike."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from appliance.decoders import continuous
from appliance.decoders.graph import Graph, Signal
from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from tests.decoders.conftest import Rave
from tests.decoders.imports import latents, play
from tests.decoders.test_rave_kinds import KINDS

Array = NDArray[np.float32]


def tables(books: int = 12, codes: int = 64, width: int = 16) -> Array:
    """Return codebooks that spread less and less, as those of residual quantizers do."""
    random = np.random.default_rng(0)
    size = 0.7 ** np.arange(books)[:, None, None]
    shape = random.standard_normal((width, width))
    return (size * random.standard_normal((books, codes, width)) @ shape).astype(np.float32)


def ran(x: Array, write: Any) -> Array:
    graph = Graph()
    given: Signal = write(graph, graph.input("x", x.shape[1], x.shape[2]))
    graph.output("y", graph.node("Identity", [given.name]), (given.steps, given.channels))
    session = ort.InferenceSession(graph.serialize({}), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x})[0])


def test_channels_span_what_the_codes_give() -> None:
    books = tables()
    axes, centre = continuous._axes(books)
    random = np.random.default_rng(1)
    picked = random.integers(0, books.shape[1], (20_000, len(books)))
    sums = np.sum([books[n][picked[:, n]] for n in range(len(books))], axis=0)
    assert np.allclose(centre, sums.mean(0), atol=0.1)
    powers = np.linalg.eigvalsh(np.cov(sums.T))[::-1][:8]
    assert np.allclose(np.square(axes).sum(1), powers, rtol=0.1)
    turned = axes @ axes.T
    assert np.allclose(turned, np.diag(np.diag(turned)), atol=1e-2 * turned.max())


def test_what_the_encoder_hears_the_decoder_plays() -> None:
    axes, centre = continuous._axes(tables())
    z = np.random.default_rng(2).standard_normal((2, 3, 8)).astype(np.float32)
    player = continuous.Axes(axes, centre, noise=0, books=12)
    x = ran(z, player.write)
    assert np.allclose(x, z @ axes + centre, atol=1e-4)
    inverse = np.ascontiguousarray((axes / np.square(axes).sum(1, keepdims=True)).T)
    listener = continuous.Projection(inverse, centre)
    again = ran(x, lambda graph, given: listener.write(graph, given, 0))
    assert np.allclose(again, z, atol=1e-3)


@pytest.mark.parametrize("kind", ["discrete", "discrete, projected"])
def test_an_import(kind: str, rave: Rave, folder: Path) -> None:
    card = import_model(rave(**KINDS[kind], encoded=True), folder, name="bell")
    width = 8 if kind == "discrete" else 12
    assert card.codes == 0 and card.latents == min(8, width)
    assert card.verified is not None and card.verified <= 2e-5
    assert "it plays by 8 continuous channels" in card.notes[0]
    assert card.encoder is not None and card.encoder.latents == card.latents
    library = Library([folder])
    decoder = library.open("bell", [0])
    small, large = (play(decoder, latents(40, 1) + shift) for shift in (0.0, 0.01))
    assert np.isfinite(small).all() and np.abs(small).max() > 1e-3
    # A small gesture is heard, and is small: codes would stay or jump.
    moved = np.abs(large - small).max()
    assert moved > 0
    encoder = library.open_encoder("bell")
    sound = np.random.default_rng(0).standard_normal(encoder.ratio).astype(np.float32)
    assert encoder.encode(sound).shape == (card.latents,)


def test_codes_are_kept_where_they_are_wanted(rave: Rave, folder: Path) -> None:
    card = import_model(rave(**KINDS["discrete"]), folder, name="bell", codes=True)
    assert card.codes > 0 and "Its inlets are codes" in card.notes[0]
