"""Train the waveform decoder on frozen latents, against a multi-scale STFT distance."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from models.training.features import HOP, N_FFT, SAMPLE_RATE
from models.training.generator import GeneratorV2, NoiseGeneratorV2, Shape
from models.training.layers import PlainLayers
from models.training.pqmf import BANDS, synthesise
from models.training.progress import Average, Run, learning_rate
from models.training.restraint import Restraint, penalty

WINDOW = 128  # samples in which a sound may not get louder than the corpus does
EXTREME = 8.0  # latent units a host may send
RESOLVING = 2048  # points of a transform that tells partials from the valleys between them
TONAL_HZ = 6000.0  # above, sound is mostly noise and has no valleys worth keeping
TONAL_BANDS = 4  # of 16: under 5.5 kHz
AHEAD = 256  # samples: a latent describes audio centred so far after the middle of its block


@dataclass(frozen=True)
class Phase:
    """A stretch of training: peak rate, where it begins to fall, how much overshoot counts.

    From `relax_from` on overshoot counts `relaxed` times; the parts are shares of the steps.
    `restraint` is how much it counts what random latents sound like.
    """

    steps: int
    rate: float = 1.5e-3
    decay_from: float = 0.6
    overshoot: float = 4.0
    relaxed: float = 2.0
    relax_from: float = 0.81
    restraint: float = 0.0

    def learning_rate(self, step: int) -> float:
        """Return the learning rate at a step of this phase."""
        return learning_rate(step, self.steps, self.rate, 100, self.decay_from)

    def weight(self, step: int) -> float:
        """Return how many times overshoot counts at a step of this phase."""
        return self.relaxed if step >= self.relax_from * self.steps else self.overshoot


@dataclass(frozen=True)
class WaveformRecipe:
    """Sizes of a waveform training; `settle` frames at the start of a segment are not judged.

    `noise_db` voices the noise branch after training, under and over 5.5 kHz: what it learns is the
    floor of the original, what leaks from partials included.
    """

    phases: tuple[Phase, ...] = (Phase(11_000),)
    batch: int = 4
    frames: int = 32
    settle: int = 4
    scales: tuple[int, ...] = (8192, 4096, 2048, 512, 128)
    noise_db: tuple[float, float] = (0.0, 0.0)
    latent_noise: float = math.exp(-2.0)
    guard: float = 2.0
    guard_every: int = 4
    restraint: Restraint = field(default_factory=Restraint)
    seed: int = 0
    shape: Shape = field(default_factory=Shape)

    @property
    def steps(self) -> int:
        """Steps of all phases."""
        return sum(phase.steps for phase in self.phases)

    def restrained(self) -> tuple[Phase, ...]:
        """Return the phases that hear random latents too."""
        return tuple(phase for phase in self.phases if phase.restraint)

    def phase(self, step: int) -> tuple[Phase, int]:
        """Return the phase that a step belongs to, and its place in it."""
        for phase in self.phases:
            if step < phase.steps:
                return phase, step
            step -= phase.steps
        raise IndexError(step)


def lead(ratio: int) -> int:
    """Return the zeros to put before audio, so that frames are centred `AHEAD` of their block."""
    return N_FFT // 2 - AHEAD - min(ratio, HOP) // 2


def distance(
    theirs: Tensor,
    ours: Tensor,
    scales: tuple[int, ...],
    dice: torch.Generator,
    overshoot: float = 1.0,
) -> Tensor:
    """Return the multi-scale distance of audio (batch, samples): relative square + log L1.

    Sound where the original has a valley between partials counts `overshoot` times: a decoder
    that cannot know a partial's phase otherwise settles for a floor, heard as a breathy edge.
    """
    total = torch.zeros(())
    for n_fft in scales:
        # a random frame grid, so that no grid can be learnt
        offset = int(torch.randint(n_fft // 4, (1,), generator=dice))
        want, have = (_magnitude(audio[:, offset:], n_fft) for audio in (theirs, ours))
        relative = (want - have).square().mean() / (want.square().mean() + 1e-6)
        change = torch.log(have + 1e-3) - torch.log(want + 1e-3)
        if overshoot > 1.0 and n_fft >= RESOLVING:
            change = change * torch.where(_valleys(want, n_fft) & (change > 0.0), overshoot, 1.0)
        total = total + relative + change.abs().mean()
    return total


def _valleys(magnitude: Tensor, n_fft: int) -> Tensor:
    """Return where magnitudes (batch, bins, frames) lie 12 dB under a partial within 130 Hz."""
    reach = round(130.0 * n_fft / SAMPLE_RATE)
    nearby = nn.functional.max_pool1d(magnitude.transpose(1, 2), 2 * reach + 1, 1, reach)
    below = magnitude < 0.25 * nearby.transpose(1, 2)
    below[:, round(TONAL_HZ * n_fft / SAMPLE_RATE) :] = False
    return below


def _magnitude(audio: Tensor, n_fft: int) -> Tensor:
    window = torch.hann_window(n_fft)
    spectrum = torch.stft(
        audio, n_fft, n_fft // 4, window=window, center=False, return_complex=True
    )
    # the small term keeps the gradient finite where a bin is exactly zero
    return torch.sqrt(spectrum.real.square() + spectrum.imag.square() + 1e-10)


def guard(
    network: GeneratorV2, limit: Tensor, dice: torch.Generator, corners: Tensor | None = None
) -> Tensor:
    """Return how far latents at random get louder than a log power, mean square in nepers.

    Rows of 6144 samples: uniform in -3..3, all -8 or 8, the same but held for half of them, and the
    given corners (rows, 8) held.
    """
    frames, latents = _guarded(network), network.latents
    uniform = 6.0 * torch.rand(1, latents, frames, generator=dice) - 3.0
    extreme = EXTREME * torch.sign(torch.rand(1, latents, frames, generator=dice) - 0.5)
    rows = [uniform, extreme, extreme[..., :: frames // 2].repeat_interleave(frames // 2, -1)]
    if corners is not None:
        rows.append(corners.unsqueeze(-1).repeat(1, 1, frames))
    power = _window_power(network(torch.cat(rows)))
    return nn.functional.relu(power - limit).square().mean()


def _guarded(network: GeneratorV2) -> int:
    """Return the frames in 6144 samples: more than a generator remembers."""
    return max(6, 6144 // network.ratio)


def _window_power(bands: Tensor) -> Tensor:
    """Return log powers (batch, windows) of bands (batch, 16, time); the bank keeps power."""
    step = WINDOW // BANDS
    return torch.log(bands.square().sum(1).unfold(-1, step, step).mean(-1) + 1e-9)


def all_corners(latents: int) -> Tensor:
    """Return every latent (2 ** latents, latents) of -8 and 8 only."""
    return torch.cartesian_prod(*[torch.tensor([-EXTREME, EXTREME])] * latents)


@torch.no_grad()
def loudest_corners(network: GeneratorV2, count: int = 6) -> Tensor:
    """Return the corners (count, latents) that sound loudest when held."""
    corners = all_corners(network.latents)
    frames = _guarded(network)
    parts = [network(part.unsqueeze(-1).repeat(1, 1, frames)) for part in corners.split(64)]
    loudest = torch.cat([_window_power(part).max(-1).values for part in parts])
    return corners[loudest.topk(count).indices]


def loud_moment(audio: Tensor) -> Tensor:
    """Return the log power that 1 % of the 3 ms windows of audio (samples,) exceed."""
    power = audio[: len(audio) // WINDOW * WINDOW].reshape(-1, WINDOW).square().mean(1)
    return torch.log(torch.quantile(power[:: max(1, len(power) // 100_000)], 0.99))


def generator(shape: Shape) -> GeneratorV2:
    """Return an untrained generator with an audible noise branch, so that it learns at all."""
    network = GeneratorV2(PlainLayers(), shape)
    assert isinstance(network.noise_module, NoiseGeneratorV2)
    last = network.noise_module.net[-1]
    assert isinstance(last, nn.Conv1d) and last.bias is not None
    last.bias.data.fill_(2.5)
    return network


def train(
    audio: Tensor,
    latents: Tensor,
    recipe: WaveformRecipe,
    checkpoint: Path | None = None,
    *,
    begin: GeneratorV2 | None = None,
) -> tuple[GeneratorV2, Run]:
    """Train on audio (samples,) and latents (8, blocks); return the averaged network and run.

    Training begins with a new network, or goes on with `begin`.
    """
    torch.manual_seed(recipe.seed)
    dice = torch.Generator().manual_seed(recipe.seed)
    ratio, frames = recipe.shape.ratio, recipe.frames
    network = generator(recipe.shape) if begin is None else begin.requires_grad_(True)
    limit = loud_moment(audio)
    optimizer = torch.optim.AdamW(network.parameters(), betas=(0.8, 0.99))
    average = Average(network)
    corners: Tensor | None = None  # looked for once the rate falls: few are loud by then
    run = Run("waveform", recipe.steps, checkpoint)
    run.resume(network, optimizer, average, dice)
    for step in run.loop(lambda: run.save(network, optimizer, average, dice)):
        phase, place = recipe.phase(step)
        for group in optimizer.param_groups:
            group["lr"] = phase.learning_rate(place)
        starts = torch.randint(
            latents.shape[1] - frames + 1, (recipe.batch,), generator=dice
        ).tolist()
        code = torch.stack([latents[:, start : start + frames] for start in starts])
        want = torch.stack([audio[start * ratio : (start + frames) * ratio] for start in starts])
        code = code + recipe.latent_noise * torch.randn(code.shape, generator=dice)
        have = synthesise(network(code))[:, 0]
        # the first frames have no past and are not judged
        settled = recipe.settle * ratio
        # valleys dug early stay; a lighter weight then gives the breath above them back
        overshoot = phase.weight(place)
        loss = distance(want[:, settled:], have[:, settled:], recipe.scales, dice, overshoot)
        if place >= phase.decay_from * phase.steps and (step % 200 == 0 or corners is None):
            corners = loudest_corners(network)
        if step % recipe.guard_every == 0:
            loss = loss + recipe.guard * guard(network, limit, dice, corners)
            if phase.restraint:
                loss = loss + phase.restraint * penalty(network, recipe.restraint, dice)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        average.update(network, step)
        run.note(loss)
    network.load_state_dict(average.state)
    voice(network, recipe.noise_db)
    return network.eval().requires_grad_(False), run


@torch.no_grad()
def voice(network: GeneratorV2, noise_db: tuple[float, float]) -> None:
    """Make the noise branch louder by so many dB under and over 5.5 kHz."""
    assert isinstance(network.noise_module, NoiseGeneratorV2)
    last = network.noise_module.net[-1]
    assert isinstance(last, nn.Conv1d) and last.bias is not None
    low, high = noise_db
    shift = torch.tensor([low] * TONAL_BANDS + [high] * (BANDS - TONAL_BANDS))
    # amplitudes are sigmoid(x - 5) ** 2.3, which is exp(2.3 x) where they are small
    last.bias += (shift * math.log(10.0) / 20.0 / 2.3).repeat_interleave(len(last.bias) // BANDS)


@torch.no_grad()
def render(network: GeneratorV2, latents: Tensor) -> Tensor:
    """Return audio (samples,) of latents (8, frames) in one call."""
    return synthesise(network(latents.unsqueeze(0)))[0, 0]
