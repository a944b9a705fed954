"""Exports that do not stream are made streaming, and equal one long offline decode, later."""

from pathlib import Path
from typing import Any

import pytest

from appliance.decoders.graph import Graph
from appliance.decoders.importer import import_model
from appliance.decoders.verification import offline_error
from tests.decoders.conftest import Rave
from tests.decoders.imports import NO_ENCODER
from tests.decoders.rave_player import rebuilt

CENTRED: dict[str, Any] = {"causal": False, "ratios": (4, 2)}
OFFLINE: dict[str, dict[str, Any]] = {
    "v1": {"generation": "v1", "causal": False, "noise": True, "ratios": (4, 2)},
    "v1, loudness strided": {
        "generation": "v1",
        "causal": False,
        "loud_stride": 4,
        "noise": True,
        "ratios": (4, 4),
    },
    "v1 causal": {"generation": "v1", "ratios": (4, 2)},
    "v2": {**CENTRED},
    "v2 causal": {"ratios": (4, 4, 2)},
    "v2 ratio 32": {"causal": False, "ratios": (2,)},
    "v2 noise": {**CENTRED, "noise": True, "bias": True},
    "v3": {**CENTRED, "snake": True, "adain": "learnt"},
    "stereo, resampled": {**CENTRED, "channels": 2, "resampled": True, "noise": True},
    "two channels": {**CENTRED, "channels": 2, "inner_channels": 2, "noise": True},
    "no filter bank": {**CENTRED, "banked": False},
}


@pytest.mark.parametrize("kind", OFFLINE)
def test_an_offline_export_is_made_streaming(kind: str, opened: Any) -> None:
    model, contract, architecture, decoder = opened(streaming=False, **OFFLINE[kind])
    assert offline_error(model, contract, decoder, architecture.delay) <= 2e-5


def test_offline_error_hears_a_wrong_delay(opened: Any) -> None:
    model, contract, architecture, decoder = opened(streaming=False, **OFFLINE["v2"])
    for wrong in (architecture.delay - 1, architecture.delay + 1):
        assert offline_error(model, contract, decoder, wrong) > 1e-2


@pytest.mark.parametrize("kind", ["v1", "v2", "v3"])
def test_made_streaming_keeps_the_states_of_a_streaming_export(kind: str, rave: Rave) -> None:
    options = OFFLINE[kind] | {"noise": False}
    offline, streaming = (rebuilt(rave(streaming=s, **options))[1] for s in (False, True))
    states: list[Any] = []
    for decoder in (offline, streaming):
        graph = Graph()
        decoder.write(graph)
        states.append([state.shape for state in graph.states])
    assert states[0] == states[1]


def test_noise_waits_for_whole_blocks(rave: Rave) -> None:
    _, decoder = rebuilt(rave(streaming=False, **OFFLINE["v1"]))
    assert decoder.noise is not None
    assert decoder.lag % decoder.noise.block == 0
    assert decoder.noise.delay == decoder.lag // decoder.noise.block
    assert decoder.delay == (decoder.lag + 16) * 16


def test_the_card_of_an_offline_export(rave: Rave, folder: Path) -> None:
    source = rave(streaming=False, **OFFLINE["v2 noise"])
    card = import_model(source, folder, name="bell")
    assert (card.runtime, card.delay) == ("onnx", rebuilt(source)[1].delay)
    note = "Made streaming: in nn~ this export clicks at every frame."
    assert card.notes == [note, NO_ENCODER]
    assert "\ndelay: " in (folder / "bell" / "card.yaml").read_text()
