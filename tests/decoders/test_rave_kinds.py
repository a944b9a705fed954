"""Every kind of RAVE export is rebuilt: latents, activations, channels, sample rates."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from appliance.decoders.importer import import_model
from appliance.decoders.library import Library
from appliance.decoders.verification import relative_error
from tests.decoders.conftest import Rave
from tests.decoders.imports import NO_ENCODER, latents, play
from tests.decoders.rave_export import CODES
from tests.decoders.rave_player import snr_db

CENTRED: dict[str, Any] = {"causal": False, "ratios": (4, 2)}
KINDS: dict[str, dict[str, Any]] = {
    "v3 fresh": {"snake": True, "adain": "fresh", "ratios": (2,)},
    "v3 learnt": {**CENTRED, "snake": True, "adain": "learnt", "noise": True},
    "wasserstein": {"wrapper": "wasserstein", "axes": 6, "ratios": (2,)},
    "wasserstein without noise": {"wrapper": "wasserstein", "ratios": (2,)},
    "spherical": {"wrapper": "spherical", "ratios": (2,)},
    "spherical, 1 angle": {"wrapper": "spherical", "latents": 1, "ratios": (2,)},
    "discrete": {"wrapper": "discrete", "full": 8, "axes": 6, "ratios": (2,)},
    "discrete, projected": {"wrapper": "discrete", "full": 12, "width": 5, "ratios": (2,)},
    "many amplitudes": {"noise": True, "amplitudes": 32, "ratios": (4, 2)},
    "recurrent": {"full": 16, "recurrent": "on", "ratios": (2,)},
    "recurrence off": {"full": 16, "recurrent": "off", "ratios": (2,)},
    "no filter bank": {"banked": False, "ratios": (2,)},
    "v1 deterministic": {
        "generation": "v1", "wrapper": "trace", "flag": "deterministic", "noise": True,
        "ratios": (4, 2),
    },
    "stereo": {**CENTRED, "channels": 2, "noise": True},
    "stereo, v1": {
        "generation": "v1", "wrapper": "trace", "channels": 2, "noise": True, "ratios": (4, 2),
    },
    "two channels": {**CENTRED, "channels": 2, "inner_channels": 2, "noise": True},
    "two channels, v1": {
        "generation": "v1", "channels": 2, "inner_channels": 2, "noise": True, "ratios": (4, 2),
    },
    "the first of two channels": {"inner_channels": 2, "ratios": (2,)},
    "two of three channels": {"channels": 2, "inner_channels": 3, "ratios": (2,)},
    "resampled": {**CENTRED, "resampled": True},
    "resampled, v1": {
        "generation": "v1", "wrapper": "early", "resampled": True, "ratios": (4, 2),
    },
}  # fmt: skip
DETERMINISTIC = (
    "wasserstein without noise", "spherical", "spherical, 1 angle", "discrete, projected",
    "v1 deterministic",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_rebuild_equals_torchscript(kind: str, opened: Any) -> None:
    model, contract, architecture, decoder = opened(**KINDS[kind])
    assert architecture.delay == 0
    assert relative_error(model, contract, decoder, codes=architecture.codes) <= 2e-5
    assert decoder.random == (kind not in DETERMINISTIC)


def test_codes_are_cut_to_whole_numbers(opened: Any) -> None:
    *_, decoder = opened(**KINDS["discrete, projected"])
    quiet: list[np.ndarray] = []

    def heard(code: float) -> np.ndarray:
        decoder.reset(0)
        z = np.full((1, 8), code, np.float32)
        return np.concatenate([decoder.run(z, quiet).copy() for _ in range(40)])

    assert np.array_equal(heard(3.0), heard(3.9))
    assert not np.array_equal(heard(3.0), heard(4.0))
    assert np.array_equal(heard(-5), heard(0))
    assert np.array_equal(heard(1e9), heard(CODES - 1))
    assert np.isfinite(heard(float("nan"))).all()


def test_channels_of_a_mono_model_differ(opened: Any) -> None:
    model, _, _, decoder = opened(**KINDS["stereo"])
    assert all(shape[0] == 2 for _, shape in decoder.runtime.noise_inputs)
    z = torch.randn(1, 8, 24)
    with torch.inference_mode():
        left, right = model.decode(z)[0].numpy()
    assert snr_db(left, right) < 30


@pytest.mark.parametrize(
    ("kind", "family", "notes"),
    [
        ("v3 fresh", "rave-v3", []),
        ("wasserstein", "rave-v2", []),
        ("discrete", "rave-v2", ["Its inlets are codes: whole numbers from 0 to 31."]),
        ("spherical", "rave-v2", ["Its inlets are angles from -1 to 1 and wrap around beyond."]),
        ("stereo", "rave-v2", ["Has 2 channels: mixed to mono."]),
        (
            "two channels, v1", "rave-v1",
            ["Has 2 channels: mixed to mono, or apart in two slots with channel: left and right."],
        ),
        ("resampled", "rave-v2", []),
    ],
)  # fmt: skip
def test_cards(kind: str, family: str, notes: list[str], rave: Rave, folder: Path) -> None:
    card = import_model(rave(**KINDS[kind]), folder, name="bell", codes=True)
    assert (card.runtime, card.family, card.delay) == ("onnx", family, 0)
    assert card.notes == [*notes, NO_ENCODER]
    assert card.verified is not None and card.verified <= 2e-5
    assert card.ratio == {"resampled": 256, "two channels, v1": 128, "stereo": 128}.get(kind, 32)
    assert np.isfinite(play(Library([folder]).open("bell", [0]), latents(4, 1))).all()
