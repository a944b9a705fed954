"""RAVE decoders rebuilt as graphs equal their TorchScript files, random numbers and all."""

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch

from appliance.decoders import families, rave_tree
from appliance.decoders.contract import open_model
from appliance.decoders.graph import Graph
from appliance.decoders.layers import Chain
from appliance.decoders.noise import NoiseSynthesis
from appliance.decoders.precision import Precision
from appliance.decoders.scripted import UnknownTreeError
from tests.decoders.conftest import Rave
from tests.decoders.rave_player import Array, Player, both, latents, rebuilt, silence, snr_db

KINDS: dict[str, dict[str, Any]] = {
    "v1 causal": {"generation": "v1"},
    "v1 centred, noise": {"generation": "v1", "causal": False, "noise": True},
    "v1 centred, noise cold": {
        "generation": "v1", "causal": False, "noise": True, "warmed_up": False, "ratios": (4, 2),
    },
    "v1 centred, loudness strided": {
        "generation": "v1", "causal": False, "loud_stride": 2, "ratios": (4, 4),
    },
    "v1 centred, noise before waveform": {
        "generation": "v1", "causal": False, "noise": True, "ratios": (2,),
    },
    "v1 in its own wrapper": {
        "generation": "v1", "wrapper": "trace", "noise": True, "ratios": (4, 2),
    },
    "v1 of the first generation": {
        "generation": "v1", "wrapper": "early", "causal": False, "noise": True, "ratios": (4, 4),
    },
    "v1 with a prior": {"generation": "v1", "wrapper": "combined", "ratios": (4, 2)},
    "v2 causal": {},
    "v2 centred": {"causal": False},
    "v2 noise": {"noise": True},
    "v2 centred, noise": {"causal": False, "noise": True},
    "v2 4 latents of 32, biases": {"latents": 4, "full": 32, "bias": True, "modulated": False},
    "v2 16 latents of 32": {"latents": 16, "full": 32, "ratios": (4, 2)},
    "v2 8 latents of 8": {"full": 8, "ratios": (4, 2)},
    "v2 ratio 32": {"ratios": (2,), "capacity": 8},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_rebuild_equals_torchscript(kind: str, rave: Rave) -> None:
    model, decoder = rebuilt(rave(**KINDS[kind]))
    for batch in (1, 2):
        silence(model)
        expected, heard = both(model, Player(decoder, batch), batch)
        assert 0.02 < np.sqrt(np.square(expected[12:]).mean()) < 0.5
        assert np.abs(heard - expected).max() <= 1e-4 * np.abs(expected).max()


def test_noise_and_padding_are_loud_enough_to_be_tested(rave: Rave) -> None:
    for kind in ("v1 centred, noise", "v2 noise"):
        model, decoder = rebuilt(rave(**KINDS[kind]))
        player = Player(decoder, 1)
        expected, _ = both(model, player, 1)
        for silent in player.graph.noises:
            other = Player(decoder, 1)
            without: list[Array] = []
            for frame, z in enumerate(latents(model, 1)):
                torch.manual_seed(frame)
                noises = {
                    n.name: other._drawn(1, n.distribution, n.shape) for n in player.graph.noises
                }
                noises[silent.name] = np.zeros_like(noises[silent.name])
                without.append(other.decode(z, noises))
            assert snr_db(expected, np.array(without)) < 40


@pytest.mark.parametrize("kind", ["v1 centred, noise", "v2 centred, noise"])
def test_several_frames_a_call_give_the_same_samples(kind: str, rave: Rave) -> None:
    _, decoder = rebuilt(rave(**KINDS[kind]))
    random = np.random.default_rng(0)
    z = torch.from_numpy(random.standard_normal((2, 8, 8)).astype(np.float32))
    single = Player(decoder, 2)
    noises = {
        n.name: random.uniform(-1, 1, (2, 8 * n.shape[0], *n.shape[1:])).astype(np.float32)
        for n in single.graph.noises
    }
    heard: dict[int, Array] = {}
    for frames in (1, 2, 4):
        player = Player(decoder, 2, frames=frames)
        parts: list[Array] = []
        for start in range(0, 8, frames):
            now = {
                n.name: noises[n.name][:, start * n.shape[0] : (start + frames) * n.shape[0]]
                for n in single.graph.noises
            }
            parts.append(player.decode(z[:, :, start : start + frames], now))
        heard[frames] = np.concatenate(parts, axis=1)
    for frames in (2, 4):
        assert np.abs(heard[frames] - heard[1]).max() <= 1e-5 * np.abs(heard[1]).max()


@pytest.mark.parametrize("kind", ["v1 centred, noise", "v2 causal"])
def test_rows_of_a_batch_do_not_hear_each_other(kind: str, rave: Rave) -> None:
    model, decoder = rebuilt(rave(**KINDS[kind]))
    pair, quiet = Player(decoder, 2), Player(decoder, 2)
    for frame, z in enumerate(latents(model, 2, 20)):
        torch.manual_seed(frame)
        first = pair(z)[0]
        z[1] *= 30  # the neighbour plays something else
        torch.manual_seed(frame)
        second = quiet(z)
        assert np.array_equal(first, second[0])
    name, kept = next(iter(pair.states.items()))
    assert not np.array_equal(np.asarray(kept)[1], np.asarray(quiet.states[name])[1])


@pytest.mark.parametrize("kind", ["v1 centred, noise", "v2 causal", "v2 centred, noise"])
def test_int8_differs_a_little(kind: str, rave: Rave) -> None:
    model, decoder = rebuilt(rave(**KINDS[kind]))
    expected, heard = both(model, Player(decoder, 1, Precision.INT8), 1)
    assert 20 <= snr_db(expected, heard) < 60


def test_family_names(rave: Rave) -> None:
    assert rebuilt(rave(generation="v1"))[1].family == "rave-v1"
    assert rebuilt(rave())[1].family == "rave-v2"


@pytest.mark.parametrize("block", [8, 64])
def test_noise_synthesis_follows_the_fourier_law(block: int) -> None:
    bands, channels, blocks = 5, 3, 2
    random = np.random.default_rng(1)
    predicted = random.normal(4, 2, (1, blocks, channels * bands)).astype(np.float32)
    noise = random.uniform(-1, 1, (1, blocks, channels, block)).astype(np.float32)
    graph = Graph()
    synthesis = NoiseSynthesis(Chain(()), channels, bands, block)
    out = synthesis.write(graph, graph.input("x", blocks, channels * bands))
    graph.output("y", out.name, (out.steps, out.channels))
    session = ort.InferenceSession(graph.serialize({}), providers=["CPUExecutionProvider"])
    heard = np.asarray(session.run(["y"], {"x": predicted, "noise0": noise})[0])

    amplitude = 2 / (1 + np.exp(5 - predicted.astype(np.float64))) ** 2.3 + 1e-7
    response = np.fft.irfft(amplitude.reshape(blocks, channels, bands), axis=-1)
    size = response.shape[-1]
    hann = np.sin(np.pi * np.arange(size) / size) ** 2
    response = np.roll(response, size // 2, -1) * hann
    response = np.roll(np.pad(response, ((0, 0), (0, 0), (0, block - size))), -(size // 2), -1)
    spectrum = np.fft.rfft(noise[0], 2 * block) * np.fft.rfft(response, 2 * block)
    expected: Any = np.fft.irfft(spectrum, 2 * block)[..., :block]  # (blocks, channels, block)
    expected = expected.transpose(0, 2, 1).reshape(1, blocks * block, channels)
    np.testing.assert_allclose(heard, expected, atol=2e-6)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"channels": 3, "inner_channels": 2}, "it makes 3 channels of 2"),
        ({"flag": "stereo_mode"}, "stereo_mode is set"),
        ({"flag": "learn_target", "adain": "fresh"}, "learn_target is set"),
        ({"flag": "reset_source"}, "reset_source is set"),
        ({"wrapper": "unknown"}, "latent space is of class UnknownScriptedRAVE"),
    ],
)
def test_trees_outside_the_family_are_refused(
    options: dict[str, Any], reason: str, rave: Rave
) -> None:
    model, contract = open_model(rave(**options, ratios=(2,)))
    with pytest.raises(UnknownTreeError, match=reason):
        rave_tree.recognise(model, contract.latents)
    with pytest.raises(UnknownTreeError, match=f"not RAVE: .*{reason}.*; not vschaos2: "):
        families.recognise(model, contract.latents)
