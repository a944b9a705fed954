"""What random latents are held to: loud enough, in key."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.training import restraint, waveform
from models.training.recipes import RECIPES
from models.training.restraint import Restraint
from tests.models.conftest import D_MINOR_PENTATONIC_HZ, SAMPLE_RATE

RULE = Restraint()
QUICK = RECIPES["choir"].quick()


def tone(hertz: float, dbfs: float = -20.0) -> Tensor:
    """Return a sine, (1, samples), at an RMS level."""
    time = torch.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    return 2**0.5 * 10 ** (dbfs / 20) * torch.sin(2 * torch.pi * hertz * time)[None]


@pytest.mark.parametrize("hertz", [4 * hertz for hertz in D_MINOR_PENTATONIC_HZ])
def test_tones_of_the_scale_cost_nothing_and_others_much(hertz: float) -> None:
    assert float(restraint.strangeness(tone(hertz), RULE)) < 0.05
    assert float(restraint.strangeness(tone(hertz * 2 ** (1 / 12)), RULE)) > 2.0


def test_half_the_energy_off_key_costs_its_logarithm() -> None:
    both = tone(880.0) + tone(932.33)
    assert float(restraint.strangeness(both, RULE)) == pytest.approx(0.693, abs=0.05)


def test_only_what_is_too_quiet_costs() -> None:
    assert float(restraint.quietness(tone(440.0, -30.0), -36.0)) == 0.0
    # ten dB are 2.3 nepers of power
    assert float(restraint.quietness(tone(440.0, -46.0), -36.0)) == pytest.approx(5.3, abs=0.1)


def test_training_on_it_brings_a_silent_network_to_sound() -> None:
    network = waveform.generator(QUICK.waveform.shape)
    for parameter in network.waveform_module.parameters():
        parameter.data.mul_(0.01)
    for parameter in network.noise_module.parameters():
        parameter.data.mul_(0.01)
    dice = torch.Generator().manual_seed(1)
    rule = replace(RULE, key_weight=0.0)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses: list[float] = []
    for _ in range(30):
        loss = restraint.penalty(network, rule, dice)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 1.0
    assert losses[-1] < 0.5 * losses[0]
