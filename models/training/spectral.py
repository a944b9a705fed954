"""The spectral model: one magnitude frame to 8 latents and back, a vschaos2-type autoencoder.

Its encoder gives the whole family its latents: the waveform decoder learns on them, frozen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.features import BINS, HOP, N_FFT, CompactAxis, magnitudes
from models.training.progress import Average, Run, learning_rate

LATENTS = 8
_WIDTHS = (512, 320, 160)
_PART = 4096  # frames of an hour do not fit into memory at once


class SpectralVAE(nn.Module):
    """Encoder and decoder as plain sequences; the frequency axis is a fixed layer in each."""

    def __init__(self, axis: CompactAxis) -> None:  # noqa: D107
        super().__init__()
        first, last = nn.Linear(BINS, axis.size), nn.Linear(axis.size, BINS)
        for fixed, matrix in ((first, axis.pool), (last, axis.expand)):
            fixed.weight.data.copy_(matrix)
            fixed.bias.data.zero_()
            fixed.requires_grad_(False)
        self.encoder = nn.Sequential(
            first, *_dense((axis.size, *_WIDTHS)), nn.Linear(_WIDTHS[-1], 2 * LATENTS)
        )
        wide = tuple(reversed(_WIDTHS))
        self.decoder = nn.Sequential(
            *_dense((LATENTS, *wide)), nn.Linear(wide[-1], axis.size), last, nn.Softplus()
        )

    def standardize(self, heard: Tensor, wanted: Tensor) -> None:
        """Set input and output to the corpus' mean and spread, from m (frames, compact)."""
        pool, out = self.encoder[0], self.decoder[-3]
        assert isinstance(pool, nn.Linear) and isinstance(out, nn.Linear)
        mean, spread = heard.float().mean(0), heard.float().std()
        pool.weight.data.div_(spread)
        pool.bias.data.copy_(-mean / spread)
        out.weight.data.mul_(wanted.float().std())
        out.bias.data.copy_(wanted.float().mean(0))

    @torch.no_grad()
    def normalize_latents(self, heard: Tensor) -> None:
        """Make latents of m (frames, compact) mean 0, spread 1, the most telling first."""
        mean, log_variance = self.encode_compact(heard)
        centre, spread = mean.mean(0), mean.std(0)
        # how far a latent stands out of its own uncertainty says how much it tells
        order = torch.argsort(spread.square() / log_variance.exp().mean(0), descending=True)
        centre, spread = centre[order], spread[order]
        code, entry = self.encoder[-1], self.decoder[0]
        assert isinstance(code, nn.Linear) and isinstance(entry, nn.Linear)
        rows = torch.cat([order, order + LATENTS])
        code.weight.data.copy_(
            code.weight[rows] / torch.cat([spread, torch.ones(LATENTS)]).unsqueeze(1)
        )
        shift = torch.cat([centre / spread, 2.0 * torch.log(spread)])
        code.bias.data.copy_(code.bias[rows] / torch.cat([spread, torch.ones(LATENTS)]) - shift)
        columns = entry.weight[:, order]
        entry.bias.data.add_(columns @ centre)
        entry.weight.data.copy_(columns * spread)

    def encode_compact(self, heard: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance (frames, 8) of m on the compact axis (frames, compact)."""
        pool = self.encoder[0]
        assert isinstance(pool, nn.Linear)
        scale = pool.weight[
            0
        ].sum()  # the rows of the pooling matrix sum to one, so this is 1 / spread
        code: Tensor = self.encoder[1:](heard * scale + pool.bias)
        mean, log_variance = code.chunk(2, -1)
        return mean, log_variance.clamp(-10.0, 4.0)

    def decode_compact(self, latents: Tensor) -> Tensor:
        """Return m (frames, compact), at least 0, of latents (frames, 8)."""
        return functional.softplus(self.decoder[:-2](latents))

    def latents(self, audio: Tensor, ratio: int = HOP, lead: int = 0) -> Tensor:
        """Return latent means (8, blocks) of audio (samples,); see `block_latents`."""
        return block_latents(self.encoder, audio, ratio, lead)


@torch.no_grad()
def block_latents(
    encoder: Callable[[Tensor], Tensor], audio: Tensor, ratio: int = HOP, lead: int = 0
) -> Tensor:
    """Return latent means (8, blocks) of audio (samples,), of the frames that start in a block.

    `encoder` takes m (frames, 1025). `lead` zeros are put before the audio, so that frame t is
    centred on sample hop * t + 1024 - lead; the hop is 512, or a smaller ratio.
    """
    hop = min(ratio, HOP)
    padded = functional.pad(audio, (lead, N_FFT))
    total = (len(padded) - N_FFT) // hop + 1
    codes: list[Tensor] = []
    for start in range(0, total, _PART):
        last = min(start + _PART, total) - 1
        part = magnitudes(padded[start * hop : last * hop + N_FFT], hop)
        codes.append(encoder(torch.log1p(part))[:, :LATENTS])
    means = torch.cat(codes)
    each = ratio // hop
    count = min(len(audio) // ratio, len(means) // each)
    return means[: count * each].reshape(count, each, LATENTS).mean(1).T.contiguous()


def _dense(widths: tuple[int, ...]) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for size_in, size_out in pairwise(widths):
        layers += [nn.Linear(size_in, size_out), nn.LayerNorm(size_out), nn.SiLU()]
    return layers


@dataclass(frozen=True)
class SpectralRecipe:
    """Sizes of a spectral training: steps, frames a batch, peak rate, weights of the loss terms."""

    steps: int = 15_000
    batch: int = 128
    rate: float = 2e-3
    convergence: float = 0.3
    divergence: float = 0.01
    guard: float = 0.1
    seed: int = 0


def loss_terms(
    network: SpectralVAE, heard: Tensor, wanted: Tensor, limit: Tensor, width: Tensor
) -> dict[str, Tensor]:
    """Return the loss terms of one batch of m (frames, compact).

    level: weighted log distance; convergence: relative squared magnitude error; divergence: KL to
    N(0, 1) per dimension; guard: how far latents at random (up to +-3 and +-8) get louder than the
    loud frames of the corpus.
    """
    mean, log_variance = network.encode_compact(heard)
    latents = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
    made = network.decode_compact(latents)
    # loud bins count three times: they are what is heard
    weight = 1.0 + 2.0 * torch.sigmoid(wanted - 4.2)
    ours, theirs = torch.expm1(made.clamp(max=12.0)), torch.expm1(wanted)
    reach = torch.tensor([3.0, 8.0]).repeat(16).unsqueeze(1)
    strange = network.decode_compact((2.0 * torch.rand(32, LATENTS) - 1.0) * reach)
    power = (torch.expm1(strange.clamp(max=14.0)).square() * width).sum(-1).clamp_min(1.0)
    return {
        "level": (weight * (made - wanted).abs()).mean(),
        "convergence": (ours - theirs).square().sum() / (theirs.square().sum() + 1.0),
        "divergence": 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean(),
        "guard": functional.relu(torch.log(power) - limit).mean(),
    }


def gain_shift(m: Tensor, nepers: Tensor) -> Tensor:
    """Return m (frames, n) as if the audio had been louder by nepers (frames, 1)."""
    return torch.log1p(torch.expm1(m) * torch.exp(nepers))


def train(
    audio: Tensor, recipe: SpectralRecipe, checkpoint: Path | None = None
) -> tuple[SpectralVAE, Run]:
    """Train on audio (samples,) and return the averaged network and its run."""
    torch.manual_seed(recipe.seed)
    dice = torch.Generator().manual_seed(recipe.seed)
    axis = CompactAxis()
    heard, wanted, power = frames(audio, axis)
    limit = torch.log(torch.quantile(power[:: max(1, len(power) // 100_000)], 0.98))
    network = SpectralVAE(axis)
    network.standardize(heard, wanted)
    network.train()
    learnt = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learnt, recipe.rate)
    average = Average(network)
    run = Run("spectral", recipe.steps, checkpoint)
    run.resume(network, optimizer, average, dice)
    for step in run.loop(lambda: run.save(network, optimizer, average, dice)):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe.rate, 100, 0.0)
        pick = torch.randint(len(heard), (recipe.batch,), generator=dice)
        nepers = torch.rand(recipe.batch, 1, generator=dice) - 0.5
        terms = loss_terms(
            network,
            gain_shift(heard[pick].float(), nepers),
            gain_shift(wanted[pick].float(), nepers),
            limit,
            axis.width,
        )
        divergence = recipe.divergence * min(1.0, step / 1000)
        loss = (
            terms["level"]
            + recipe.convergence * terms["convergence"]
            + divergence * terms["divergence"]
            + recipe.guard * terms["guard"]
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        average.update(network, step)
        run.note(loss)
    network.load_state_dict(average.state)
    network.normalize_latents(heard[:: max(1, len(heard) // 20_000)].float())
    return network.eval().requires_grad_(False), run


def frames(audio: Tensor, axis: CompactAxis) -> tuple[Tensor, Tensor, Tensor]:
    """Return heard and wanted m, float16 (frames, compact), and power (frames,) of audio."""
    heard: list[Tensor] = []
    wanted: list[Tensor] = []
    power: list[Tensor] = []
    for part in _overlapped(audio, 1 << 21):
        magnitude = magnitudes(part)
        heard.append(axis.heard(magnitude).half())
        wanted.append(axis.wanted(magnitude).half())
        power.append(magnitude.square().sum(-1))
    return torch.cat(heard), torch.cat(wanted), torch.cat(power)


def _overlapped(audio: Tensor, size: int) -> list[Tensor]:
    """Return pieces of at most `size` samples that together hold every frame of the audio once."""
    step = size // HOP * HOP
    return [
        audio[start : start + step + N_FFT - HOP]
        for start in range(0, len(audio) - N_FFT + 1, step)
    ]
