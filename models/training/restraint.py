"""Keep a waveform decoder sounding, and in key, where its latents come from no music.

Training hears latents of music only. At random the same decoder has dead zones and strays from the
key that its corpus was played in; both are measured here on random latents, as losses.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.training.features import SAMPLE_RATE
from models.training.generator import GeneratorV2
from models.training.pqmf import synthesise

_SETTLING = 4096  # samples: a generator begins in silence
_HEARD = 8192
_MOMENT = 1024  # samples in which a level is taken
_N_FFT = 4096  # tells semitones apart from 260 Hz on
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 5000.0


@dataclass(frozen=True)
class Restraint:
    """What random latents are held to: moments no quieter, energy in a scale above C."""

    root: int = 2
    scale: tuple[int, ...] = (0, 3, 5, 7, 10)
    quiet_dbfs: float = -36.0
    key_weight: float = 1.0


def penalty(network: GeneratorV2, restraint: Restraint, dice: torch.Generator) -> Tensor:
    """Return how far N(0, 1) latents, moving and held, fall under the level and off the key."""
    frames = (_SETTLING + _HEARD) // network.ratio
    moving = torch.randn(1, network.latents, frames, generator=dice)
    held = torch.randn(2, network.latents, 1, generator=dice).expand(-1, -1, frames)
    audio = synthesise(network(torch.cat([moving, held])))[:, 0, _SETTLING:]
    return quietness(audio, restraint.quiet_dbfs) + restraint.key_weight * strangeness(
        audio, restraint
    )


def quietness(audio: Tensor, dbfs: float) -> Tensor:
    """Return how far moments of audio (rows, samples) are under a level, mean square in nepers."""
    power = torch.log(audio.unfold(1, _MOMENT, _MOMENT).square().mean(2) + 1e-9)
    return nn.functional.relu(dbfs * math.log(10.0) / 10.0 - power).square().mean()


def strangeness(audio: Tensor, restraint: Restraint) -> Tensor:
    """Return -log of the share of energy in key of audio (rows, samples), mean over its rows."""
    spectrum = torch.stft(
        audio, _N_FFT, _N_FFT // 4, window=torch.hann_window(_N_FFT), return_complex=True
    )
    energy = (spectrum.real.square() + spectrum.imag.square()).sum(2)
    hertz = torch.arange(energy.shape[1]) * SAMPLE_RATE / _N_FFT
    inside = (hertz > _LOWEST_HZ) & (hertz < _HIGHEST_HZ)
    tone = torch.round(12.0 * torch.log2(hertz.clamp_min(1.0) / 440.0)).long()
    above = (tone + 9 - restraint.root) % 12  # semitones above the root; 440 Hz is 9 above C
    wanted = inside & torch.isin(above, torch.tensor(restraint.scale))
    share = (energy[:, wanted].sum(1) + 1e-9) / (energy[:, inside].sum(1) + 1e-9)
    return -torch.log(share).mean()
